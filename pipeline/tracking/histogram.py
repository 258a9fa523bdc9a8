"""The spread of attention at one epoch as a picture: square, with the same axes for every run and epoch.

MLflow has no histograms; a series of pictures it shows as a grid over runs with a slider over epochs.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from PIL import Image

KEY = "entropy_histogram"
LARGEST_SHARE = 0.5  # of the reviews in one bin, at the top of the picture


def draw(counts: Sequence[int], title: str) -> Image.Image:
    """Shares of reviews by normalised entropy.

    Args:
        counts: reviews per bin of entropy / ln(length), the bins equally wide over [0, 1].
        title: above the picture.
    """
    canvas, steps, heading = _picture(len(counts))
    steps.set_data([count / max(sum(counts), 1) for count in counts])
    heading.set_text(title)
    buffer = BytesIO()
    canvas.print_png(buffer)
    return Image.open(buffer)


@cache
def _picture(bins: int) -> tuple[FigureCanvasAgg, StepPatch, Text]:
    """The frame that all pictures share: to draw one anew for every epoch would take most of the time."""
    figure = Figure(figsize=(3.2, 3.2))
    figure.subplots_adjust(left=0.17, bottom=0.15, right=0.96, top=0.91)
    axes = figure.subplots()
    steps = axes.stairs([0.0] * bins, [edge / bins for edge in range(bins + 1)], fill=True, color="#0072b2")
    axes.set(xlim=(0, 1), ylim=(0, LARGEST_SHARE), xlabel="entropy / ln(length)", ylabel="share of reviews")
    return FigureCanvasAgg(figure), steps, axes.set_title("", fontsize=9, parse_math=False)

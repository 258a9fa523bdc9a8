"""The spread of attention at one epoch as a picture: square, with the same axes for every run and epoch.

MLflow has no histograms; a series of pictures it shows as a grid over runs with a slider over epochs.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

KEY = "entropy_histogram"
LARGEST_SHARE = 0.5  # of the reviews in one bin, at the top of the picture


def draw(counts: Sequence[int], title: str) -> Image.Image:
    """Shares of reviews by normalised entropy.

    Args:
        counts: reviews per bin of entropy / ln(length), the bins equally wide over [0, 1].
        title: above the picture.
    """
    canvas, frame, parts = _picture(len(counts))
    steps, heading, *spines = parts
    steps.set_data([count / max(sum(counts), 1) for count in counts])
    heading.set_text(title)
    canvas.restore_region(frame)
    for part in (steps, *spines, heading):
        part.draw(canvas.get_renderer())
    return Image.fromarray(np.array(canvas.buffer_rgba()))


@cache
def _picture(bins: int) -> tuple[FigureCanvasAgg, Any, tuple[Any, ...]]:
    """What all pictures share, drawn: to draw it anew for every epoch would take most of the time.

    Returns:
        the canvas, what stands on it already, and what each picture draws on top: its steps and its title, between
        them the lines that the steps would cover.
    """
    figure = Figure(figsize=(3.2, 3.2))
    figure.subplots_adjust(left=0.17, bottom=0.15, right=0.96, top=0.91)
    axes = figure.subplots()
    steps = axes.stairs([0.0] * bins, [edge / bins for edge in range(bins + 1)], fill=True, color="#0072b2")
    axes.set(xlim=(0, 1), ylim=(0, LARGEST_SHARE), xlabel="entropy / ln(length)", ylabel="share of reviews")
    heading = axes.set_title("", fontsize=9, parse_math=False)
    canvas = FigureCanvasAgg(figure)
    parts = (steps, heading, *axes.spines.values())
    for part in parts:
        part.set_animated(True)  # left out of the whole
    canvas.draw()
    return canvas, canvas.copy_from_bbox(figure.bbox), parts

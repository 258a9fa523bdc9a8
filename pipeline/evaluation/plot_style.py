"""How every figure looks, and how one becomes bytes. No pyplot: no global state, and half its import time."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from PIL import Image

INK = "#24292f"
MUTED = "#8b949e"
PAPER = "#ffffff"
DPI = 144  # twice a README's
POSITIVE = "#0072b2"
NEGATIVE = "#d55e00"


def panels(
    title: str, labels: Sequence[tuple[str, str]], size: tuple[float, float], **layout: Any
) -> tuple[Figure, list[Axes]]:
    """A figure with a row of axes.

    Args:
        title: above the figure.
        labels: of the x and the y axis, for each of the axes.
        size: width and height in inches.
        **layout: as for ``Figure.subplots``.
    """
    figure = Figure(figsize=size, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK, parse_math=False)
    row = list(figure.subplots(1, len(labels), squeeze=False, **layout)[0])
    for axes, (x, y) in zip(row, labels, strict=True):
        axes.set_xlabel(x, color=INK, fontsize=9)
        axes.set_ylabel(y, color=INK, fontsize=9)
        axes.tick_params(colors=INK, labelsize=8.5, length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(MUTED)
        axes.grid(color=MUTED, alpha=0.25, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, row


def in_percent(axis: Axis) -> None:
    """Ticks of fractions as percent, with as many decimals as they need."""
    axis.set_major_formatter(FuncFormatter(lambda fraction, _: f"{100 * fraction:.4g}%"))


def legend(axes: Axes, **placement: Any) -> None:
    """A legend without a frame."""
    axes.legend(fontsize=8.5, frameon=False, labelcolor=INK, **placement)


def legend_below(figure: Figure, handles: Sequence[Artist], columns: int) -> None:
    """A legend without a frame, under all axes of the figure."""
    style = {"fontsize": 8.5, "frameon": False, "labelcolor": INK}
    placed = figure.legend(handles=handles, loc="outside lower center", ncols=columns, **style)
    for text in placed.get_texts():
        text.set_parse_math(False)  # a class may be called $5


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    figure.set_dpi(DPI)
    with _any_script():
        canvas.draw()  # once: `savefig` does it twice where there is a layout to be found
    Image.fromarray(np.asarray(canvas.buffer_rgba())).save(buffer, format="png", dpi=(DPI, DPI))
    return buffer.getvalue()


def svg(figure: Figure, name: str) -> str:
    """The figure as an ``<svg>`` to stand within a page and to take its colours from it.

    The ink becomes the page's text colour and the paper its ``--page``, so the figure follows light and dark.

    Args:
        figure: the figure.
        name: tells its inner ids from those of other figures on the page.
    """
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        buffer = io.BytesIO()
        with _any_script():
            figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    text = buffer.getvalue().decode()
    text = text[text.index("<svg") :].replace(INK, "currentColor").replace(PAPER, "var(--page)")
    text = re.sub(r' id="[\w.]+_\d+"', "", text)  # matplotlib's own names repeat from figure to figure
    return re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)  # the page decides, the viewBox keeps the shape


@contextmanager
def _any_script() -> Iterator[None]:
    """A word may be in one that the font lacks."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield

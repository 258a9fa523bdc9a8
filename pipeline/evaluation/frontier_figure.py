"""The figure of the entropy frontier."""

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.evaluation.plot_style import INK, MUTED, PAPER, in_percent, legend_below, panels

COLOURS = ("#0072b2", "#e69f00", "#cc79a7", "#009e73", "#d55e00", "#56b4e9")  # as families have, one per variant


def entropy_frontier(table: pd.DataFrame, title: str) -> Figure:
    """Accuracy, entropy and faithfulness over the entropy weight, and accuracy against entropy.

    Args:
        table: from `frontier.entropy_frontier`.
        title: above the figure.
    """
    if table.empty:
        figure, [axes] = panels(title, [("", "")], (7.6, 1.5))
        axes.set_axis_off()
        axes.text(0, 0.5, "No variant is trained under more than one entropy weight.", color=INK)
        return figure
    over = "entropy weight (loss per nat)"
    labels = [
        (over, "accuracy"),
        (over, "entropy / ln(length)"),
        (over, "way to the best known words"),
        ("entropy / ln(length)", "accuracy"),
    ]
    figure, row = panels(title, labels, (13.6, 3.7))
    for place, (variant, points) in enumerate(table.groupby("variant", sort=False)):
        colour = COLOURS[place % len(COLOURS)]
        focus = points.sort_values("entropy_normalised_mean")
        for axes, lines, x, y in (
            (row[0], points, "entropy_weight", "accuracy_mean"),
            (row[1], points, "entropy_weight", "entropy_normalised_mean"),
            (row[2], points, "entropy_weight", "way"),
            (row[3], focus, "entropy_normalised_mean", "accuracy_mean"),
        ):
            _line(axes, lines, x, y, colour, str(variant))
    for axes in row[:3]:
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(4))
    for axes in (row[0], row[2], row[3]):
        in_percent(axes.yaxis)
    legend_below(figure, row[0].get_legend_handles_labels()[0], columns=3)
    return figure


def _line(axes: Axes, rows: pd.DataFrame, x: str, y: str, colour: str, name: str) -> None:
    """A line with a bar of one standard deviation over seeds; the variant itself, without a weight, is hollow."""
    deviation = rows.get(y.replace("_mean", "_std")) if y.endswith("_mean") else None
    with mpl.rc_context({"lines.markersize": 4}):
        axes.errorbar(
            rows[x], rows[y], yerr=deviation, color=colour, marker="o", linewidth=1.4, elinewidth=0.9, label=name
        )
    own = rows[rows["entropy_weight"] == 0]
    axes.plot(own[x], own[y], "o", color=colour, markersize=6, markerfacecolor=PAPER, zorder=4)

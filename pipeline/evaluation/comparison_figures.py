"""Figures of all variants side by side. A colour is a family; a hollow mark is a variant with an entropy weight."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from pipeline.evaluation.comparison import duration
from pipeline.evaluation.families import COLOURS, TFIDF
from pipeline.evaluation.plot_style import INK, MUTED, PAPER, in_percent, legend_below, panels

SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 3 * 3600, 10 * 3600, 24 * 3600)  # ticks

Floats = npt.NDArray[np.float64]


def accuracy_by_variant(frame: pd.DataFrame, by_seed: Mapping[str, Sequence[float]], title: str) -> Figure:
    """Accuracy on the test set: a mark with its interval, a small dot per seed, TF-IDF as a line.

    Args:
        frame: from ``compare``.
        by_seed: accuracies of each variant's seeds.
        title: above the figure.
    """
    figure, [axes] = panels(title, [("accuracy on the test set", "")], (7.2, 1.4 + 0.28 * len(frame)))
    ordered = frame.sort_values("accuracy_mean", kind="stable")
    for place, (_, row) in enumerate(ordered.iterrows()):
        colour = COLOURS[row["family"]]
        axes.plot([row["accuracy_low"], row["accuracy_high"]], [place, place], color=colour, linewidth=2.2)
        seeds = by_seed[row["variant"]]
        axes.plot(seeds, np.full(len(seeds), place - 0.3), ".", color=MUTED, markersize=3.5)
        _mark(axes, row, row["accuracy_mean"], place)
        axes.annotate(
            f"{100 * row['accuracy_mean']:.1f}",
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color=INK,
        )
    for reference in frame.loc[frame["family"] == TFIDF, "accuracy_mean"]:
        axes.axvline(reference, color=COLOURS[TFIDF], linewidth=1, linestyle="--", zorder=0)
    _rows(axes, list(ordered["variant"]))
    in_percent(axes.xaxis)
    _families(figure, frame, [Line2D([], [], color=MUTED, marker=".", linestyle="", label="one seed")])
    return figure


def entropy_by_variant(frame: pd.DataFrame, normalised: Mapping[str, Floats], title: str) -> Figure:
    """How widely each variant spreads its attention over the test reviews: median, quartiles, 5th to 95th percentile.

    Args:
        frame: from ``compare``.
        normalised: normalised entropy of each review, by variant; NaNs are left out, and variants of nothing else.
        title: above the figure.
    """
    values = {name: entropies[~np.isnan(entropies)] for name, entropies in normalised.items()}
    quantiles = {name: np.quantile(v, [0.05, 0.25, 0.5, 0.75, 0.95]) for name, v in values.items() if len(v)}
    ordered = sorted(quantiles, key=lambda name: -quantiles[name][2])
    rows = frame.set_index("variant", drop=False).loc[ordered]
    labels = [("entropy / ln(length) over test reviews: 0 one word, 1 all words alike", "")]
    figure, [axes] = panels(title, labels, (7.2, 1.4 + 0.28 * len(ordered)))
    for place, (name, row) in enumerate(rows.iterrows()):
        p05, p25, p50, p75, p95 = quantiles[str(name)]
        colour = COLOURS[row["family"]]
        axes.plot([p05, p95], [place, place], color=colour, linewidth=1.2)
        axes.plot([p25, p75], [place, place], color=colour, linewidth=6, solid_capstyle="butt", alpha=0.55)
        _mark(axes, row, p50, place)
    axes.set_xlim(0, 1.02)
    _rows(axes, ordered)
    _families(figure, rows)
    return figure


def accuracy_against_entropy(frame: pd.DataFrame, title: str) -> Figure:
    """Does focus pay? Accuracy over mean normalised entropy, for every variant with attention."""
    attended = frame[frame["entropy_normalised_mean"].notna()]
    x = "mean entropy / ln(length): 0 one word, 1 all words alike"
    references = frame.loc[frame["family"] == TFIDF, "accuracy_mean"]
    named = [Line2D([], [], color=COLOURS[TFIDF], linewidth=1, linestyle="--", label=TFIDF)] * (len(references) > 0)
    figure, axes = _scatter(attended, "entropy_normalised_mean", x, title, extra=named)
    for reference in references:
        axes.axhline(reference, color=COLOURS[TFIDF], linewidth=1, linestyle="--", zorder=0)
    return figure


def accuracy_against_time(frame: pd.DataFrame, title: str) -> Figure:
    """What accuracy costs: accuracy over the training time of one seed, on a log scale."""
    per_seed = frame.assign(seconds=(frame["train_seconds"] / frame["seeds"]).clip(lower=1e-3))
    figure, axes = _scatter(per_seed, "seconds", "training time of one seed", title, log=True)
    axes.xaxis.set_major_locator(FixedLocator(SECONDS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds)))
    return figure


def entropy_effect(effects: pd.DataFrame, title: str) -> Figure:
    """What an entropy weight changes: accuracy, with its interval, and entropy, from parent to variant.

    Args:
        effects: from ``entropy_effects``.
        title: above the figure.
    """
    labels = [("change of accuracy (points)", ""), ("entropy of the attention (nats)", "")]
    if effects.empty:
        figure, [axes] = panels(title, [("", "")], (7.6, 1.5))
        axes.set_axis_off()
        axes.text(0, 0.5, "No variant differs from another in its entropy weight alone.", color=INK)
        return figure
    figure, [accuracy, entropy] = panels(title, labels, (7.6, 1.5 + 0.36 * len(effects)), sharey=True)
    for place, (_, row) in enumerate(effects.iterrows()):
        ends = [100 * row["accuracy_change_low"], 100 * row["accuracy_change_high"]]
        colour = COLOURS["global query"] if row["clear"] else MUTED
        accuracy.plot(ends, [place, place], color=colour, linewidth=2.2)
        accuracy.plot(100 * row["accuracy_change"], place, "o", color=colour, markersize=6)
        entropy.plot([row["entropy_parent"], row["entropy"]], [place, place], color=MUTED, linewidth=1.6)
    accuracy.axvline(0, color=INK, linewidth=0.9)
    places = range(len(effects))
    entropy.plot(effects["entropy_parent"], places, "o", color=INK, markersize=6, label="without the weight")
    entropy.plot(effects["entropy"], places, "o", color=INK, markersize=6, markerfacecolor=PAPER, label="with it")
    legend_below(figure, entropy.get_legend_handles_labels()[0], columns=2)
    names = [f"{row['parent']}\nweight {row['entropy_weight']:g}" for _, row in effects.iterrows()]
    accuracy.set_yticks(places, names, parse_math=False)
    accuracy.set_ylim(len(names) - 0.5, -0.5)
    entropy.set_xlim(left=0)
    return figure


def _mark(axes: Axes, row: pd.Series, x: float, y: float) -> None:
    colour = COLOURS[row["family"]]
    face = PAPER if isinstance(row["parent"], str) else colour
    axes.plot(x, y, "o", markersize=6.5, markerfacecolor=face, markeredgecolor=colour, markeredgewidth=1.5, zorder=3)


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(-0.7, len(names) - 0.4)
    axes.grid(visible=False, axis="y")


def _families(figure: Figure, frame: pd.DataFrame, extra: Sequence[Line2D] = ()) -> None:
    present = [name for name in COLOURS if name in set(frame["family"])]
    handles = [Line2D([], [], color=COLOURS[name], marker="o", linestyle="", label=name) for name in present]
    if any(isinstance(parent, str) for parent in frame["parent"]):
        hollow = Line2D([], [], color=INK, marker="o", markerfacecolor=PAPER, linestyle="", label="with entropy weight")
        handles.append(hollow)
    legend_below(figure, [*handles, *extra], columns=4)


def _scatter(
    frame: pd.DataFrame, x: str, label: str, title: str, *, log: bool = False, extra: Sequence[Line2D] = ()
) -> tuple[Figure, Axes]:
    figure, [axes] = panels(title, [(label, "accuracy on the test set")], (7.2, 4.8))
    if log:
        axes.set_xscale("log")
    for _, row in frame.iterrows():
        axes.plot([row[x]] * 2, [row["accuracy_low"], row["accuracy_high"]], color=COLOURS[row["family"]], alpha=0.4)
        _mark(axes, row, row[x], row["accuracy_mean"])
    axes.margins(x=0.12, y=0.08)
    in_percent(axes.yaxis)
    _families(figure, frame, extra)
    _name_points(axes, list(frame["variant"]), frame[[x, "accuracy_mean"]].to_numpy())
    return figure, axes


def _name_points(axes: Axes, names: Sequence[str], points: Floats) -> None:
    """Writes each name beside its point, at the first of its places where it covers nothing yet written."""
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # fixes the scale of the axes
    pixels = axes.transData.transform(points)
    scale = axes.get_figure().dpi / 72  # type: ignore[union-attr]
    taken = [(x - 4 * scale, y - 4 * scale, x + 4 * scale, y + 4 * scale) for x, y in pixels]
    edges = axes.get_window_extent()
    for name, (x, y), point in zip(names, pixels, points, strict=True):
        width, height = 5.3 * scale * len(name), 9 * scale
        places = _places(np.array([x, y]), pixels, 30 * scale)
        boxes = []
        for side, rise in places:
            left = x + 7 * scale if side > 0 else x - 7 * scale - width
            boxes.append((left, y + rise * scale - height / 2, left + width, y + rise * scale + height / 2))
        inside = [edges.x0 < box[0] and box[2] < edges.x1 for box in boxes]
        free = [i for i, box in enumerate(boxes) if inside[i] and not any(_overlap(box, other) for other in taken)]
        best = free[0] if free else 0
        taken.append(boxes[best])
        side, rise = places[best]
        axes.annotate(
            name,
            point,
            xytext=(7 * side, rise),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            fontsize=8,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkB": 4} if rise else None,
            parse_math=False,
        )


def _places(point: Floats, points: Floats, near: float) -> list[tuple[int, int]]:
    """Twelve places for a name, as side and rise; away from the nearest other point first, so that no leaders cross."""
    others = points[(points != point).any(axis=1)]
    towards = min(others - point, key=lambda step: float(np.hypot(*step)), default=np.zeros(2))
    side, rise = np.where((towards > 0) & (np.hypot(*towards) < near), -1, 1).tolist()
    return [(side * way, rise * by) for by in (0, 8, -8, 16, -16, 24) for way in (1, -1)]


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def faithfulness_by_variant(table: pd.DataFrame, frame: pd.DataFrame, title: str) -> Figure:
    """How much the answers need the most attended words, between random words and the best that a ranking finds.

    Args:
        table: from ``faithfulness``.
        frame: from ``compare``.
        title: above the figure.
    """
    labels = [("fall of the probability without the top words (comprehensiveness)", ""), ("accuracy (%)", "")]
    rows = frame.set_index("variant", drop=False).loc[list(table["variant"])] if len(table) else frame[:0]
    figure, [erased, replaced] = panels(title, labels, (9.6, 1.4 + 0.3 * max(len(table), 1)), sharey=True)
    for place, ((_, own), (_, row)) in enumerate(zip(table.iterrows(), rows.iterrows(), strict=True)):
        ends = own["comprehensiveness_random"], own["ceiling"]
        erased.plot(ends, [place, place], color=MUTED, linewidth=4, alpha=0.35, solid_capstyle="butt")
        erased.plot(
            [own["comprehensiveness_attention_low"], own["comprehensiveness_attention_high"]],
            [place, place],
            color=COLOURS[row["family"]],
            linewidth=1.4,
        )
        _mark(erased, row, own["comprehensiveness_attention"], place)
        for name, marker in (("own", "o"), ("uniform", "|"), ("permuted", "x")):
            colour = COLOURS[row["family"]] if name == "own" else INK
            replaced.plot(100 * own[f"accuracy_{name}"], place, marker, color=colour, markersize=7)
    _rows(erased, list(table["variant"]))
    grey = Line2D([], [], color=MUTED, linewidth=4, alpha=0.35, label="from random words to the best known")
    marks = [
        Line2D([], [], color=INK, marker=marker, linestyle="", label=f"{name} weights")
        for name, marker in (("own", "o"), ("uniform", "|"), ("permuted", "x"))
    ]
    _families(figure, rows, [grey, *marks])
    return figure


def exchange(table: pd.DataFrame, title: str) -> Figure:
    """Accuracy of every model with the weights of every donor: its own stand on the diagonal.

    Args:
        table: model, donor and accuracy (a fraction).
        title: above the figure.
    """
    names = list(dict.fromkeys(table["model"]))
    size = 2.6 + 0.42 * max(len(names), 1)
    figure, [axes] = panels(title, [("the weights of", "the rest of the model")], (size + 1.3, size))
    if not names:
        return figure
    values = 100 * table.pivot(index="model", columns="donor", values="accuracy").loc[names, names].to_numpy()
    image = axes.imshow(values, cmap="viridis", aspect="equal")
    bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=30)
    bar.set_label("accuracy (%)", color=INK, fontsize=9)
    bar.ax.tick_params(colors=INK, labelsize=8.5, length=0)
    bar.outline.set_visible(False)
    middle = (values.min() + values.max()) / 2
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if value > middle else "white"
        weight = "bold" if row == column else "normal"
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7, color=colour, weight=weight)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    return figure

"""Figures of one variant: how its attention is spread, how it learned, how far to trust it, what it looks at.

N rows of predictions, all seeds one after another.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pipeline.evaluation.metrics import CALIBRATION_BINS, calibration_bins, confusion_matrix
from pipeline.evaluation.plot_style import (
    INK,
    MUTED,
    NEGATIVE,
    PAPER,
    POSITIVE,
    in_percent,
    legend,
    legend_below,
    panels,
)

Floats = npt.NDArray[np.float64]
History = Sequence[Mapping[str, Any]]

BINS = 40
CLASS_COLOURS = (POSITIVE, NEGATIVE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # the last class first


def entropy_histogram(nats_N: Floats, normalised_N: Floats, right_N: npt.NDArray[np.bool_], title: str) -> Figure:
    """How widely attention is spread over a review: in nats, divided by ln(length), and as a number of words, e^nats.

    Each kind of answer has area 1, so that the shapes compare. NaNs (reviews of one token) are left out, and of the
    words the widest hundredth.
    """
    words_N = np.exp(nats_N)
    shown = (
        (nats_N, max(float(np.nanmax(nats_N)), 1e-6), "entropy (nats)"),
        (normalised_N, 1.0, "entropy / ln(length): 1 all words alike"),
        (words_N, float(np.nanquantile(words_N, 0.99)), "words looked at: e to the entropy"),
    )
    figure, row = panels(title, [(label, "") for _, _, label in shown], (9.6, 3.0))
    for axes, (values_N, largest, _) in zip(row, shown, strict=True):
        if np.isnan(values_N).all():  # entropy by ln(length), where every review is one token
            continue
        bins = np.linspace(0, largest, BINS + 1)
        for name, chosen_N, colour, style in (("right", right_N, POSITIVE, "-"), ("wrong", ~right_N, NEGATIVE, "--")):
            inside = values_N[chosen_N & (values_N <= largest)]
            if len(inside):
                density, _ = np.histogram(inside, bins, density=True)
                axes.stairs(density, bins, color=colour, alpha=0.18, fill=True)
                axes.stairs(density, bins, color=colour, linestyle=style, linewidth=1.4, label=f"{name} answers")
        median = float(np.nanmedian(values_N))
        axes.axvline(median, color=INK, linewidth=0.9, linestyle=":")
        axes.annotate(
            f"median {median:.2f}" if median < 10 else f"median {median:.0f}",
            (median, 1),
            xytext=(4 if median < largest / 2 else -4, -4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if median < largest / 2 else "right",
            va="top",
            fontsize=8.5,
            color=INK,
        )
        axes.set_xlim(0, largest)
        axes.margins(y=0.2)
        axes.set_yticks([])
    legend_below(figure, row[0].get_legend_handles_labels()[0], columns=2)
    return figure


def entropy_by_epoch(histories: Sequence[History], title: str) -> Figure:
    """How attention focuses while the model learns: normalised entropy on the validation set, epoch by epoch.

    Args:
        histories: epoch records of each seed, with entropy_histogram (reviews per bin over [0, 1]) and
            entropy_normalised_mean. A seed that stopped early counts up to its last epoch.
        title: above the figure.
    """
    epochs = max(len(history) for history in histories)
    by_epoch = [[history[i] for history in histories if i < len(history)] for i in range(epochs)]
    counts = np.array([np.sum([record["entropy_histogram"] for record in records], axis=0) for records in by_epoch])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, [axes] = panels(title, [("epoch", "entropy / ln(length)")], (5.6, 3.4))
    extent = (0.5, epochs + 0.5, 0, 1)
    image = axes.imshow(shares.T, origin="lower", aspect="auto", extent=extent, cmap="Blues", interpolation="nearest")
    means = [np.mean([record["entropy_normalised_mean"] for record in records]) for records in by_epoch]
    axes.plot(range(1, epochs + 1), means, color=NEGATIVE, linewidth=1.4, marker="o", markersize=3.5, label="mean")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
    axes.grid(visible=False)
    legend(axes, loc="lower left")
    bar = figure.colorbar(image, ax=axes)
    in_percent(bar.ax.yaxis)
    bar.set_label("share of the reviews", color=INK, fontsize=9)
    bar.ax.tick_params(colors=INK, labelsize=8.5, length=0)
    bar.outline.set_visible(False)
    return figure


def learning_curves(histories: Sequence[History], title: str) -> Figure:
    """Loss and accuracy over epochs: a thin line per seed, a dot on the epoch that was kept.

    Args:
        histories: epoch records of each seed, with train_loss, validation_loss and validation_accuracy.
        title: above the figure.
    """
    figure, [loss, accuracy] = panels(title, [("epoch", "loss (nats)"), ("epoch", "accuracy")], (7.6, 3.0))
    lines = (
        (loss, "train_loss", "training", MUTED, "--"),
        (loss, "validation_loss", "validation", POSITIVE, "-"),
        (accuracy, "validation_accuracy", "validation", POSITIVE, "-"),
    )
    for axes, key, name, colour, style in lines:
        for seed, history in enumerate(histories):
            values = [record.get(key, np.nan) for record in history]
            kept = int(np.argmax([record["validation_accuracy"] for record in history]))
            label = name if seed == 0 else None
            epochs = range(1, len(history) + 1)
            axes.plot(epochs, values, color=colour, linestyle=style, linewidth=1.2, alpha=0.8, label=label)
            if colour == POSITIVE:
                axes.plot(kept + 1, values[kept], "o", color=colour, markersize=4.5)
    for axes in (loss, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    in_percent(accuracy.yaxis)
    legend(loss, loc="best")
    return figure


def reliability(right_N: npt.NDArray[np.bool_], confidence_N: Floats, title: str) -> Figure:
    """How often the model is right when it is that sure: on the diagonal, its probabilities can be taken at their word.

    Guo et al. 2017, figure 1, with the bins of the calibration error. A dot's area is its bin's share of the reviews.

    Args:
        right_N: whether the answer is right.
        confidence_N: probability of the answer.
        title: above the figure.
    """
    bins_N = calibration_bins(confidence_N)
    sizes = np.bincount(bins_N, minlength=CALIBRATION_BINS)
    filled = sizes > 0
    accuracies = np.bincount(bins_N, right_N, CALIBRATION_BINS)[filled] / sizes[filled]
    confidences = np.bincount(bins_N, confidence_N, CALIBRATION_BINS)[filled] / sizes[filled]
    labels = [("confidence: probability of the answer", "accuracy: share that is right")]
    figure, [axes] = panels(title, labels, (4.2, 4.0))
    low = min(confidences.min(), accuracies.min())
    axes.plot([low, 1], [low, 1], color=MUTED, linestyle="--", linewidth=1, label="as sure as right")
    axes.vlines(confidences, confidences, accuracies, color=NEGATIVE, linewidth=2.5, alpha=0.6, label="gap")
    axes.scatter(confidences, accuracies, s=18 + 260 * sizes[filled] / sizes.sum(), color=POSITIVE, zorder=3)
    in_percent(axes.xaxis)
    in_percent(axes.yaxis)
    legend(axes, loc="upper left")
    return figure


def confusion(
    labels_N: npt.NDArray[np.int64], predicted_N: npt.NDArray[np.int64], classes: Sequence[str], title: str
) -> Figure:
    """What becomes of the reviews of each class: a row per true class, in shares of it, a column per answer.

    Args:
        labels_N: true classes.
        predicted_N: answers.
        classes: name of each label.
        title: above the figure.
    """
    counts_CC = confusion_matrix(labels_N, predicted_N, len(classes))
    shares_CC = counts_CC / np.maximum(counts_CC.sum(axis=1, keepdims=True), 1)
    crowded = len(classes) > 4
    side = 0.75 * max(len(classes) - 2, 0)  # inches more than two classes take
    figure, [axes] = panels(title, [("answer", "true class")], (4.2 + side, 3.6 + side))
    axes.imshow(shares_CC, cmap="Blues", vmin=0, vmax=1)
    for (true, answer), share in np.ndenumerate(shares_CC):
        colour = PAPER if share > 0.5 else INK
        axes.text(answer, true, f"{share:.1%}", ha="center", va="center", fontsize=11, color=colour)
    places = range(len(classes))
    axes.set_xticks(places, classes, parse_math=False, rotation=90 if crowded else 0)
    axes.set_yticks(places, classes, parse_math=False)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    return figure


def top_words(words: pd.DataFrame, classes: Sequence[str], title: str, largest: int = 20) -> Figure:
    """The most attended words: mean weight, lift over uniform attention, and the class they push to.

    Args:
        words: rows of one ranking, best first, with word, mean_weight, lift and pushes_to.
        classes: name of each label.
        title: above the figure.
        largest: number of words shown.
    """
    shown = words.head(largest)
    labels = [("mean attention weight", ""), ("lift: times the uniform weight", "")]
    figure, [weights, lifts] = panels(title, labels, (7.2, 1.2 + 0.19 * len(shown)), sharey=True)
    palette = dict(zip(reversed(classes), itertools.cycle(CLASS_COLOURS), strict=False))
    names = [name for name in palette if name in set(words["pushes_to"])]
    colours = [palette[name] for name in shown["pushes_to"]]
    places = np.arange(len(shown))
    weights.barh(places, shown["mean_weight"], color=colours, height=0.72)
    weights.set_yticks(places, list(shown["word"]), parse_math=False)
    weights.set_ylim(len(shown) - 0.4, -0.6)
    in_percent(weights.xaxis)
    lifts.hlines(places, 1, shown["lift"], color=colours, linewidth=1.4, alpha=0.6)
    lifts.scatter(shown["lift"], places, color=colours, s=26)
    lifts.axvline(1, color=MUTED, linewidth=1, linestyle="--")
    for axes in (weights, lifts):
        axes.grid(visible=False, axis="y")
    handles = [Patch(color=palette[name], label=f"pushes to {name}") for name in names]
    legend_below(figure, handles, columns=min(len(names), 4))
    return figure

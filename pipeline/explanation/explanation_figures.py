"""Figures of one variant: whether its attention is needed, unique, and what it does with each word."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.evaluation.plot_style import INK, MUTED, NEGATIVE, POSITIVE, in_percent, legend, legend_below, panels

RANKINGS = {
    "attention": ("attention", NEGATIVE, "-", 2.2),
    "leave_one_out": ("leave one out", POSITIVE, "-", 1.2),
    "gradient": ("gradient x input", "#009e73", "-", 1.2),
    "integrated": ("integrated gradients", "#cc79a7", "-", 1.2),
    "random": ("random order", MUTED, "--", 1.2),
}
LABELLED = 40  # words of the lexicon that get their name


def erasure_curves(curves: pd.DataFrame, title: str) -> Figure:
    """How far the answer falls without the top tokens of each ranking, and on them alone.

    Args:
        curves: a row per seed, ranking, measure and share, with the mean.
        title: above the figure.
    """
    labels = [("share of tokens deleted", "comprehensiveness"), ("share of tokens kept", "sufficiency")]
    figure, row = panels(title, labels, (8.4, 3.4))
    means = curves.groupby(["measure", "ranking", "share"])["mean"].mean()
    for axes, measure in zip(row, ("comprehensiveness", "sufficiency"), strict=True):
        for ranking, (name, colour, style, width) in RANKINGS.items():
            values = means[measure, ranking].dropna()
            if len(values):
                axes.plot(
                    values.index, values, style, color=colour, linewidth=width, marker="o", markersize=3, label=name
                )
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.set_xscale("log")
        shares = sorted(curves["share"].unique())
        axes.set_xticks(shares, [f"{100 * share:g}%" for share in shares])
        axes.minorticks_off()
    legend_below(figure, row[0].get_legend_handles_labels()[0], columns=3)
    return figure


def permutation(rows: pd.DataFrame, title: str) -> Figure:
    """What shuffling the weights does to the answer, against the largest weight (Jain & Wallace 2019, figure 6).

    Args:
        rows: a row per seed and review, with permutation_change and largest_weight.
        title: above the figure.
    """
    labels = [("largest attention weight of the review", "median change of the probability")]
    figure, [axes] = panels(title, labels, (4.8, 3.8))
    axes.plot(rows["largest_weight"], rows["permutation_change"], ".", color=POSITIVE, alpha=0.35, markersize=5)
    axes.axhline(rows["permutation_change"].median(), color=INK, linestyle=":", linewidth=1, label="median")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    in_percent(axes.yaxis)
    legend(axes, loc="upper left")
    return figure


def lexicon(words: pd.DataFrame, classes: Sequence[str], title: str, min_count: int = 50) -> Figure:
    """Every word as a point: how much attention it asks for, and which way it pushes.

    Args:
        words: of one seed, with word, count, logit and polarity.
        classes: the names of the two labels.
        title: above the figure.
        min_count: occurrences in the training texts that a point asks for.
    """
    shown = words[words["count"] >= min_count]
    labels = [("polarity: log odds that the word alone would give", "attention logit")]
    figure, [axes] = panels(title, labels, (8.4, 5.6))
    colours = np.where(shown["polarity"] > 0, POSITIVE, NEGATIVE)
    axes.scatter(
        shown["polarity"], shown["logit"], s=4 + 1.5 * np.log(shown["count"]), c=colours, alpha=0.25, linewidths=0
    )
    strength = (shown["polarity"] * np.exp(shown["logit"] - shown["logit"].max())).abs()
    for _, word in shown.loc[strength.nlargest(LABELLED).index].iterrows():
        axes.annotate(
            word["word"],
            (word["polarity"], word["logit"]),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=7.5,
            color=INK,
            parse_math=False,
        )
    axes.axvline(0, color=MUTED, linewidth=0.8)
    end: dict[str, Any] = {"xycoords": "axes fraction", "fontsize": 9, "parse_math": False}
    axes.annotate(f"← {classes[0]}", (0.01, 0.01), color=NEGATIVE, **end)
    axes.annotate(f"{classes[1]} →", (0.99, 0.01), color=POSITIVE, ha="right", **end)
    return figure

"""The figures of one variant, by file name."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.evaluation import figures
from pipeline.evaluation.evaluate import Evaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def variant_figures(
    evaluation: Evaluation, histories: Sequence[Sequence[Mapping[str, Any]]], classes: Sequence[str], title: str
) -> dict[str, "Figure"]:
    """Draws what there is to draw: a model without epochs has no curves, one without attention no entropy.

    Args:
        evaluation: of the variant.
        histories: epoch records of each seed.
        classes: name of each label.
        title: such as "attention on imdb".
    """
    rows = evaluation.predictions
    right_N = np.asarray(rows["label"] == rows["predicted"])
    confidence_N = rows["probability"].to_numpy()
    if len(classes) == 2:  # it is that of the second one
        confidence_N = np.maximum(confidence_N, 1 - confidence_N)
    drawn = {
        "confusion": figures.confusion(rows["label"].to_numpy(), rows["predicted"].to_numpy(), classes, title),
        "reliability": figures.reliability(right_N, confidence_N, title),
    }
    if len(histories[0]) > 1:
        drawn["learning_curves"] = figures.learning_curves(histories, title)
    if len(evaluation.words):
        words = evaluation.words.query("ranking == 'mean' and scope == 'all'")
        entropies = (rows["entropy_nats"].to_numpy(), rows["entropy_normalised"].to_numpy())
        drawn["entropy_histogram"] = figures.entropy_histogram(*entropies, right_N, title)
        drawn["entropy_by_epoch"] = figures.entropy_by_epoch(histories, title)
        if len(words):  # in a small corpus no word may be frequent enough
            drawn["top_words"] = figures.top_words(words, classes, title)
    return drawn

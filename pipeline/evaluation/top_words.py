"""Which words a model attends to, over a whole set of reviews, and which class they go with.

N reviews, C classes, V vocabulary, S scopes: all reviews, then those of each class. Weights are flat, aligned with
`Reviews.tokens`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.data.reviews import Reviews

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Weights = npt.NDArray[np.floating]

RANKINGS = {"mean": "mean_weight", "mass": "mass", "lift": "lift"}  # name of each ranking, and what it sorts by
DIGITS = 6  # behind the point: under uniform attention every lift is 1, and rounding errors are no ranking


@dataclass(frozen=True)
class WordTotals:
    """Sums over the occurrences of each word in the reviews of each true class, and over seeds where weights enter.

    Attributes:
        count_CV: occurrences.
        reviews_CV: reviews that hold the word.
        mass_CV: attention.
        lift_CV: attention times the review's length: attention over what uniform attention would give.
        push_VC: attention times the probability that the model gives to each class.
        base_C: mean probability of each class over reviews and seeds.
        seeds: how many.
    """

    count_CV: Floats
    reviews_CV: Floats
    mass_CV: Floats
    lift_CV: Floats
    push_VC: Floats
    base_C: Floats
    seeds: int


def count_words(
    reviews: Reviews, weights_by_seed: Sequence[Weights], probabilities_by_seed: Sequence[Floats], vocabulary: int
) -> WordTotals:
    """Sums up every word of the vocabulary.

    Args:
        reviews: N of them.
        weights_by_seed: flat attention of each seed.
        probabilities_by_seed: probabilities_NC of each seed.
        vocabulary: V.
    """
    classes = probabilities_by_seed[0].shape[1]
    lengths_N = reviews.lengths
    cells = np.repeat(reviews.labels * vocabulary, lengths_N) + reviews.tokens  # class and word of each token

    def total(values: Weights | None, of_cells: npt.NDArray[np.int64] = cells) -> Floats:
        sums = np.bincount(of_cells, values, minlength=classes * vocabulary)
        return sums.reshape(classes, vocabulary).astype(np.float64)

    mass_CV, lift_CV = np.zeros((classes, vocabulary)), np.zeros((classes, vocabulary))
    push_VC = np.zeros((vocabulary, classes))
    for weights, probabilities_NC in zip(weights_by_seed, probabilities_by_seed, strict=True):
        mass_CV += total(weights)
        lift_CV += total(weights * np.repeat(lengths_N, lengths_N))
        for c, probability_N in enumerate(probabilities_NC.T):
            push_VC[:, c] += np.bincount(reviews.tokens, weights * np.repeat(probability_N, lengths_N), vocabulary)
    return WordTotals(
        count_CV=total(None),
        reviews_CV=total(None, of_cells=_once_per_review(cells, reviews.offsets)),
        mass_CV=mass_CV,
        lift_CV=lift_CV,
        push_VC=push_VC,
        base_C=np.mean(probabilities_by_seed, axis=(0, 1)),
        seeds=len(weights_by_seed),
    )


def rank_words(
    totals: WordTotals, words: Sequence[str], classes: Sequence[str], *, min_count: int, top: int
) -> "pd.DataFrame":
    """The most attended words by three rankings, over all reviews and over those of each true class.

    A word **pushes to** the class whose probability is highest, against the base rate, in the reviews where the model
    looks at it: push = sum(w p) / sum(w) - mean p, with w the word's weight in each place, p the probability that the
    model gives to the class there, and mean p that over all reviews. It is 0 or more, it says with what the word goes
    and not what it causes, and it is taken over all reviews whatever the scope. The pushes to one class of all words,
    each times its mass, sum to zero.

    Args:
        totals: of the words.
        words: the vocabulary in row order.
        classes: name of each label.
        min_count: occurrences in the scope that the rankings by mean and by lift ask for: both are means, and high by
            luck where a word is rare.
        top: rows of each ranking.

    Returns:
        columns ranking ("mean": attention per occurrence; "mass": attention in all; "lift": attention per occurrence
        over that of uniform attention), scope ("all" or a class), rank (from 1), word, count, reviews, mean_weight,
        mass, lift, pushes_to, push. Weights are means over seeds; ties go by row of the vocabulary.
    """
    import pandas as pd

    attention_V = totals.mass_CV.sum(axis=0)[:, None]
    push_VC = np.divide(totals.push_VC, attention_V, out=np.zeros_like(totals.push_VC), where=attention_V > 0)
    push_VC -= np.where(attention_V > 0, totals.base_C, 0.0)
    to_V = push_VC.argmax(axis=1)

    count_SV, reviews_SV, mass_SV, lift_SV = (
        np.vstack([by_class_CV.sum(axis=0), by_class_CV])
        for by_class_CV in (totals.count_CV, totals.reviews_CV, totals.mass_CV, totals.lift_CV)
    )
    occurrences_SV = np.maximum(count_SV, 1) * totals.seeds
    tables = []
    for ranking, column in RANKINGS.items():
        for row, scope in enumerate(["all", *classes]):
            statistics = pd.DataFrame(
                {
                    "word": words,
                    "count": count_SV[row].astype(np.int64),
                    "reviews": reviews_SV[row].astype(np.int64),
                    "mean_weight": mass_SV[row] / occurrences_SV[row],
                    "mass": mass_SV[row] / totals.seeds,
                    "lift": lift_SV[row] / occurrences_SV[row],
                    "pushes_to": np.asarray(classes)[to_V],
                    "push": push_VC.max(axis=1),
                }
            ).round(DIGITS)
            eligible = statistics[statistics["count"] >= (1 if ranking == "mass" else min_count)]
            ranked = eligible.sort_values(column, ascending=False, kind="stable").head(top).reset_index(drop=True)
            tables.append(pd.DataFrame({"ranking": ranking, "scope": scope, "rank": ranked.index + 1}).join(ranked))
    return pd.concat(tables, ignore_index=True)


def _once_per_review(cells: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """`cells` with each value kept once within each review."""
    return np.concatenate([np.unique(cells[start:stop]) for start, stop in pairwise(offsets)])

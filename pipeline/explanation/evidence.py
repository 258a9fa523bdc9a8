"""Whether attention finds the words that decide, on a corpus where they are known token by token."""

import numpy as np
import numpy.typing as npt

from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import Flat


def evidence_scores(reviews: Reviews, weights: Flat, evidence: npt.NDArray[np.bool_]) -> dict[str, Flat]:
    """Scores of each review; NaN where none or all of its tokens are evidence.

    Args:
        reviews: N.
        weights: flat.
        evidence: (all tokens,) True where a reader would underline.

    Returns:
        average_precision (area under the precision-recall curve: the mean, over the evidence, of the precision among
        the tokens that weigh as much or more), mass: the attention on evidence, and lift: that mass divided by the
        share of evidence among the tokens.
    """
    starts = reviews.offsets[:-1]
    found_N = np.add.reduceat(evidence.astype(float), starts)
    share_N = found_N / reviews.lengths
    mass_N = np.add.reduceat(weights * evidence, starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = {
            "average_precision": np.add.reduceat(_precisions(reviews, weights, evidence) * evidence, starts) / found_N,
            "mass": mass_N,
            "lift": mass_N / share_N,
        }
    return {name: np.where((share_N > 0) & (share_N < 1), values, np.nan) for name, values in scores.items()}


def _precisions(reviews: Reviews, weights: Flat, evidence: npt.NDArray[np.bool_]) -> Flat:
    """(all tokens,) share of evidence among the tokens of a review that weigh as much as this one or more."""
    owner = np.repeat(np.arange(len(reviews)), reviews.lengths)
    order = np.lexsort((-weights, owner))
    starts = np.repeat(reviews.offsets[:-1], reviews.lengths)
    hits = np.concatenate([np.zeros(1, np.int64), np.cumsum(evidence[order])])
    last = np.append((np.diff(weights[order]) != 0) | (np.diff(owner) != 0), True)  # of its tie
    ends = np.flatnonzero(last)[np.cumsum(last) - last] + 1
    precisions = np.empty(len(weights))
    precisions[order] = (hits[ends] - hits[starts]) / (ends - starts)
    return precisions


def evidence_mask(
    reviews: Reviews, roles: "npt.NDArray[np.object_]", kinds_of_evidence: frozenset[str]
) -> npt.NDArray[np.bool_]:
    """(all tokens,) whether a token's role is one of evidence.

    Args:
        reviews: N.
        roles: of each row of the corpus's table, a letter per token.
        kinds_of_evidence: the letters that are evidence.

    Raises:
        ValueError: a review has not as many letters as tokens.
    """
    letters = [roles[row] for row in reviews.rows]
    if [len(word) for word in letters] != reviews.lengths.tolist():
        raise ValueError("the corpus's roles do not fit its tokens: run `dvc repro`")
    return np.array([letter in kinds_of_evidence for word in letters for letter in word])

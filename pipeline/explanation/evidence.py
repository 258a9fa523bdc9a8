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
        average_precision (area under the precision-recall curve, scikit-learn's), mass: the attention on evidence,
        and lift: that mass divided by the share of evidence among the tokens.
    """
    from sklearn.metrics import average_precision_score

    scores = {name: np.full(len(reviews), np.nan) for name in ("average_precision", "mass", "lift")}
    for index, (start, end) in enumerate(zip(reviews.offsets[:-1], reviews.offsets[1:], strict=True)):
        truth, own = evidence[start:end], weights[start:end]
        if 0 < truth.sum() < len(truth):
            scores["average_precision"][index] = average_precision_score(truth, own)
            scores["mass"][index] = own[truth].sum()
            scores["lift"][index] = own[truth].sum() / truth.mean()
    return scores


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

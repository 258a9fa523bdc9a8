"""What happens to the answer when the tokens that a ranking calls important are taken away, or alone are left.

A ranking is a flat array aligned with `Reviews.tokens`, larger is more important; of equals, the earlier token first.
p_c is the probability of the class that the model predicts for the whole review. NaN marks what is undefined.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import Flat, kept, opened, probabilities
from pipeline.models.classifier import AttentionClassifier

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)  # of a review's tokens, rounded up: the bins of DeYoung et al. 2020


class Erasure(NamedTuple):
    """By share of tokens; a row per review."""

    comprehensiveness_NK: Flat  # p_c(x) - p_c(x without the tokens): high if they were needed
    sufficiency_NK: Flat  # p_c(x) - p_c(the tokens alone): low if they are enough


def erasure(model: AttentionClassifier, reviews: Reviews, ranking: Flat) -> Erasure:
    """Comprehensiveness and sufficiency (DeYoung et al. 2020, ERASER, equations 1 and 2), tokens deleted, not masked.

    Their mean over the shares is the area over the perturbation curve. Comprehensiveness is undefined where no token
    would be left.
    """
    whole_NC = probabilities(model, reviews)
    answer_N = whole_NC.argmax(axis=1)
    whole_N = whole_NC[np.arange(len(reviews)), answer_N]
    rank = ranks(reviews, ranking)
    lengths_N = reviews.lengths
    found = Erasure(*(np.full((len(reviews), len(SHARES)), np.nan) for _ in range(2)))
    for column, share in enumerate(SHARES):
        taken_N = np.ceil(share * lengths_N).astype(np.int64)
        top = rank < np.repeat(taken_N, lengths_N)
        for keep, into_NK in ((~top, found.comprehensiveness_NK), (top, found.sufficiency_NK)):
            rest, left_N = kept(reviews, keep)
            if len(left_N):
                rest_N = probabilities(model, rest)[np.arange(len(left_N)), answer_N[left_N]]
                into_NK[left_N, column] = whole_N[left_N] - rest_N
    return found


def decision_flip(model: AttentionClassifier, reviews: Reviews, ranking: Flat) -> Flat:
    """flip_N: the smallest share of tokens that must leave the attention, best ranked first, for another answer.

    A token leaves by a weight of zero, and the other weights grow in proportion; the states stay as they are (Serrano
    & Smith 2019, section 4; Mohankumar et al. 2020). 1 where the answer stands even on the last token that every head
    has a weight for: without these, a ranking would look the better the fewer answers it turns.
    """
    rank = ranks(reviews, ranking)
    flip_N = np.ones(len(reviews))
    for batch in opened(model, reviews):
        for row, index in enumerate(batch.index_B):
            length = int(batch.lengths_B[row])
            order_T = np.empty(length, dtype=np.int64)
            order_T[rank[reviews.offsets[index] : reviews.offsets[index + 1]]] = np.arange(length)
            order = torch.from_numpy(order_T)
            weights_HT, values_TF = batch.weights_BHT[row][:, order].double(), batch.values_BTF[row][order].double()
            left_HT = weights_HT.flip(1).cumsum(1).flip(1)  # the mass of what remains, summed from the smallest
            sums_HTF = (weights_HT[:, :, None] * values_TF).flip(1).cumsum(1).flip(1)
            with torch.inference_mode():
                logits_TC = model.classifier((sums_HTF / left_HT[:, :, None]).transpose(0, 1).flatten(1).float())
            answers_T = logits_TC.argmax(dim=1).numpy()
            flipped = np.flatnonzero((answers_T != answers_T[0]) & (left_HT > 0).all(dim=0).numpy())
            if len(flipped):
                flip_N[index] = flipped[0] / length
    return flip_N


def ranks(reviews: Reviews, ranking: Flat) -> npt.NDArray[np.int64]:
    """Place of each token within its review, 0 for the most important; the earlier of equals first."""
    review = np.repeat(np.arange(len(reviews)), reviews.lengths)
    order = np.lexsort((np.arange(len(ranking)), -ranking, review))
    places = np.empty(len(ranking), dtype=np.int64)
    places[order] = np.arange(len(ranking)) - np.repeat(reviews.offsets[:-1], reviews.lengths)
    return places

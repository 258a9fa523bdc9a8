"""How much each token speaks for the answer, by its gradient, and the attention that is compared with it.

Each returns a flat array aligned with `Reviews.tokens`: above zero for the answer, below zero against it. Its size is
what attention is compared with; what is erased first is the largest. The answer is the model's own, its predicted
class c. Gradients are taken of the log odds of c, not of its probability: where the probability is 1 to
the last bit its gradient is 0, and a correlation with it undefined.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from pipeline.data.batching import Batch, evaluation_batches
from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import BATCH_SIZE, Flat, opened, places
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.functional import padding_mask

STEPS = 16  # of the integral, at the middles of equal parts


def attention(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """The weights themselves, the mean over the heads."""
    weights = np.empty(len(reviews.tokens))
    for batch in opened(model, reviews):
        mask_BT = batch.mask_BT.numpy()
        weights[places(reviews, batch.index_B, mask_BT)] = batch.weights_BT.numpy()[mask_BT]
    return weights


def gradient_x_input(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """Sum over d of x_d * d(log odds)/dx_d, the attention weights held fixed (Jain & Wallace 2019, algorithm 1)."""

    def attribution(batch: Batch) -> Tensor:
        vectors_BTE = model.embedding(batch.tokens_BT).detach().requires_grad_()
        states_BTD = model.encoder(vectors_BTE, batch.lengths_B)
        weights_BHT = model.attend(states_BTD, batch.lengths_B).detach()
        margin_B = _log_odds(model.classify(weights_BHT, model.value(states_BTD)))
        (gradient_BTE,) = torch.autograd.grad(margin_B.sum(), vectors_BTE)
        products_BT: Tensor = (gradient_BTE * vectors_BTE.detach()).sum(dim=2)
        return products_BT

    return _flat(model, reviews, attribution)


def integrated_gradients(model: AttentionClassifier, reviews: Reviews, steps: int = STEPS) -> Flat:
    """From vectors of zeros, and through the attention too (Sundararajan et al. 2017, equation 3).

    Over a review they add up to its log odds minus those of a text of zero vectors.
    """

    def attribution(batch: Batch) -> Tensor:
        vectors_BTE = model.embedding(batch.tokens_BT).detach()
        answer_B = _logits(model, vectors_BTE, batch.lengths_B).detach().argmax(dim=1)
        middles_S = (torch.arange(steps) + 0.5) / steps
        parts = (middles_S[:, None, None, None] * vectors_BTE).flatten(0, 1).requires_grad_()  # (S * B, T, E)
        margin = _log_odds(_logits(model, parts, batch.lengths_B.repeat(steps)), answer_B.repeat(steps))
        (gradient,) = torch.autograd.grad(margin.sum(), parts)
        mean_BTE = gradient.unflatten(0, (steps, -1)).mean(dim=0)
        products_BT: Tensor = (vectors_BTE * mean_BTE).sum(dim=2)
        return products_BT

    return _flat(model, reviews, attribution, max(1, BATCH_SIZE // steps))


def random(reviews: Reviews, seed: int) -> Flat:
    """The floor: an order drawn by chance, of all tokens at once."""
    return np.random.default_rng(seed).random(len(reviews.tokens))


def _logits(model: AttentionClassifier, vectors_BTE: Tensor, lengths_B: Tensor) -> Tensor:
    states_BTD = model.encoder(vectors_BTE, lengths_B)
    return model.classify(model.attend(states_BTD, lengths_B), model.value(states_BTD))


def _log_odds(logits_BC: Tensor, answer_B: Tensor | None = None) -> Tensor:
    """Of the answer against all other classes together."""
    answer_B = logits_BC.argmax(dim=1) if answer_B is None else answer_B
    chosen_B = logits_BC.gather(1, answer_B[:, None])
    rest_BC = logits_BC.scatter(1, answer_B[:, None], float("-inf"))
    return chosen_B[:, 0] - rest_BC.logsumexp(dim=1)


def _flat(
    model: AttentionClassifier,
    reviews: Reviews,
    attribution: Callable[[Batch], Tensor],
    batch_size: int = BATCH_SIZE,
) -> Flat:
    found = np.empty(len(reviews.tokens))
    model.eval()
    for batch in evaluation_batches(reviews, batch_size):
        mask_BT = padding_mask(batch.lengths_B, batch.tokens_BT.shape[1]).numpy()
        values_BT = attribution(batch)
        found[places(reviews, batch.index_B.numpy(), mask_BT)] = values_BT.numpy()[mask_BT]
    return found

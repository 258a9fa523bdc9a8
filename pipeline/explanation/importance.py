"""How much each token speaks for the answer, by ways that do not ask the attention weights.

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
from pipeline.explanation.opened import BATCH_SIZE, Flat, is_bag, opened, places, pulls
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.functional import padding_mask

STEPS = 16  # of the integral, at the middles of equal parts
ROWS = 256  # texts at once when leaving out a token each


def attention(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """The weights themselves."""
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
        weights_BT = model.attend(states_BTD, batch.lengths_B).detach()
        margin_B = _log_odds(model.classify(weights_BT, model.value(states_BTD)))
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
        total_BTE = torch.zeros_like(vectors_BTE)
        for step in range(steps):
            part_BTE = (vectors_BTE * ((step + 0.5) / steps)).requires_grad_()
            margin_B = _log_odds(_logits(model, part_BTE, batch.lengths_B), answer_B)
            (gradient_BTE,) = torch.autograd.grad(margin_B.sum(), part_BTE)
            total_BTE += gradient_BTE
        products_BT: Tensor = (vectors_BTE * total_BTE / steps).sum(dim=2)
        return products_BT

    return _flat(model, reviews, attribution)


def leave_one_out(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """p_c(x) - p_c(x without the token), the token deleted; NaN for a review of one token."""
    return _left_out_of_a_bag(model, reviews) if is_bag(model) else _left_out_one_by_one(model, reviews)


def _left_out_of_a_bag(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """All at once: what is before a token and what is after it, added up without it."""
    found = np.full(len(reviews.tokens), np.nan)
    for batch in opened(model, reviews):
        weights_BT1 = batch.weights_BT.double()[:, :, None]
        parts_BTC = torch.cat([weights_BT1 * pulls(model, batch).double(), weights_BT1], dim=2)
        before_BTC = parts_BTC.cumsum(dim=1) - parts_BTC
        after_BTC = parts_BTC.flip(1).cumsum(dim=1).flip(1) - parts_BTC
        rest_BTC = before_BTC + after_BTC
        logits_BTC = rest_BTC[:, :, :-1] / rest_BTC[:, :, -1:] + model.classifier.bias.detach().double()
        whole_BC = batch.logits_BC.double().softmax(dim=1)
        answer_B = whole_BC.argmax(dim=1)
        left_BT = logits_BTC.softmax(dim=2).gather(2, answer_B[:, None, None].expand(*logits_BTC.shape[:2], 1))[:, :, 0]
        lost_BT = whole_BC.gather(1, answer_B[:, None]) - left_BT
        mask_BT = (batch.mask_BT & (batch.lengths_B > 1)[:, None]).numpy()
        found[places(reviews, batch.index_B, mask_BT)] = lost_BT.numpy()[mask_BT]
    return found


def _left_out_one_by_one(model: AttentionClassifier, reviews: Reviews) -> Flat:
    """Each review as a batch of its own: a row for every token, without that token."""
    found = np.full(len(reviews.tokens), np.nan)
    model.eval()
    with torch.inference_mode():
        for index in range(len(reviews)):
            tokens_T = torch.from_numpy(np.array(reviews[index]))
            length = len(tokens_T)
            if length == 1:
                continue
            whole_C = _run(model, tokens_T[None])[0]
            answer = int(whole_C.argmax())
            others = torch.arange(length - 1)
            lost = []
            for left_out in torch.arange(length).split(ROWS):
                rows_BT = tokens_T[others + (others >= left_out[:, None])]
                lost.append(whole_C[answer] - _run(model, rows_BT)[:, answer])
            found[reviews.offsets[index] : reviews.offsets[index + 1]] = torch.cat(lost).numpy()
    return found


def random(reviews: Reviews, seed: int) -> Flat:
    """The floor: an order drawn by chance, of all tokens at once."""
    return np.random.default_rng(seed).random(len(reviews.tokens))


def _run(model: AttentionClassifier, tokens_BT: Tensor) -> Tensor:
    lengths_B = torch.full((len(tokens_BT),), tokens_BT.shape[1])
    probabilities_BC: Tensor = model(tokens_BT, lengths_B).logits_BC.double().softmax(dim=1)
    return probabilities_BC


def _logits(model: AttentionClassifier, vectors_BTE: Tensor, lengths_B: Tensor) -> Tensor:
    states_BTD = model.encoder(vectors_BTE, lengths_B)
    return model.classify(model.attend(states_BTD, lengths_B), model.value(states_BTD))


def _log_odds(logits_BC: Tensor, answer_B: Tensor | None = None) -> Tensor:
    """Of the answer against all other classes together."""
    answer_B = logits_BC.argmax(dim=1) if answer_B is None else answer_B
    chosen_B = logits_BC.gather(1, answer_B[:, None])
    rest_BC = logits_BC.scatter(1, answer_B[:, None], float("-inf"))
    return chosen_B[:, 0] - rest_BC.logsumexp(dim=1)


def _flat(model: AttentionClassifier, reviews: Reviews, attribution: Callable[[Batch], Tensor]) -> Flat:
    found = np.empty(len(reviews.tokens))
    model.eval()
    for batch in evaluation_batches(reviews, BATCH_SIZE):
        mask_BT = padding_mask(batch.lengths_B, batch.tokens_BT.shape[1]).numpy()
        values_BT = attribution(batch)
        found[places(reviews, batch.index_B.numpy(), mask_BT)] = values_BT.numpy()[mask_BT]
    return found

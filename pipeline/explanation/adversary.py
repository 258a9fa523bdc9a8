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
        for _ in range(STARTS):
            divergence_B, change_B = _search(model, batch, generator, steps)
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
    own_BT = batch.weights_BT.clone()  # out of inference mode
    own_BC = batch.logits_BC.clone().softmax(dim=1)
    pulls_BTC = pulls(model, batch)
    bias_C = model.classifier.bias.detach()
    uniform_BT = -batch.lengths_B.float().log()[:, None].expand_as(own_BT)
    scores_BT = (uniform_BT + 3 * torch.randn(own_BT.shape, generator=generator)).requires_grad_()
    optimizer = EagerAdamW([scores_BT], lr=LEARNING_RATE, weight_decay=0.0, amsgrad=True)  # without decay it is Adam
    for _ in range(steps):
        weights_BT = masked_softmax(scores_BT, batch.mask_BT)
        change_B = (_answers(weights_BT, pulls_BTC, bias_C) - own_BC).abs().sum(dim=1)
        loss = (PENALTY * (change_B - FREE).relu() - jensen_shannon(weights_BT, own_BT)).sum()
        (scores_BT.grad,) = torch.autograd.grad(loss, scores_BT)
        optimizer.step()
    with torch.inference_mode():
        weights_BT = masked_softmax(scores_BT, batch.mask_BT)
        change_B = total_variation(_answers(weights_BT, pulls_BTC, bias_C), own_BC)
        return jensen_shannon(weights_BT, own_BT).double().numpy(), change_B.double().numpy()


def _answers(weights_BT: Tensor, pulls_BTC: Tensor, bias_C: Tensor) -> Tensor:
    return (weighted_sum(weights_BT[:, None], pulls_BTC).squeeze(1) + bias_C).softmax(dim=1)

"""Reductions over tokens, the one place that knows about padding.

B reviews, H heads, T tokens, D encoder output. `mask_BT` is bool, True = a real token; every row has at least one.
A normaliser turns scores_BHT into weights_BHT that sum to 1 over the real tokens of each row; its mask is mask_B1T.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Normaliser = Callable[[Tensor, Tensor], Tensor]


def padding_mask(lengths_B: Tensor, tokens: int) -> Tensor:
    """mask_BT of right-padded reviews of the given lengths."""
    return torch.arange(tokens, device=lengths_B.device) < lengths_B[:, None]


def masked_softmax(scores_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Softmax over the real tokens of each row; exactly zero on padding."""
    return scores_BT.masked_fill(~mask_BT, float("-inf")).softmax(dim=-1)


def masked_sparsemax(scores_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Sparsemax over the real tokens of each row: many weights are exactly zero (Martins & Astudillo 2016).

    p = max(z - tau, 0) with the tau that makes the sum 1: the point of the simplex nearest to z (equations 1 to 3). The
    tokens above tau, the support, are found without a sort: what is not above the tau of those that are left leaves,
    until none does (Michelot 1986), after some ten rounds. The gradient is that of the paper: over the support, the
    given one minus its mean (section 2.5). [0.3, 0.1, -2] gives [0.6, 0.4, 0].
    """
    scores_BT = scores_BT.masked_fill(~mask_BT, float("-inf"))
    scores_BT = scores_BT - scores_BT.detach().amax(dim=-1, keepdim=True)
    outside_BT = scores_BT <= -1
    with torch.no_grad():
        while not torch.equal(outside_BT, left_BT := outside_BT | (scores_BT <= _threshold(scores_BT, outside_BT))):
            outside_BT = left_BT
    weights_BT = (scores_BT - _threshold(scores_BT, outside_BT)).masked_fill(outside_BT, 0.0)
    return weights_BT.clamp_min(0.0)  # rounding alone puts one below


def _threshold(scores_BT: Tensor, outside_BT: Tensor) -> Tensor:
    """tau_B1, if the support were all that is not outside."""
    sums_B1 = scores_BT.masked_fill(outside_BT, 0.0).sum(dim=-1, keepdim=True)
    return (sums_B1 - 1) / (~outside_BT).sum(dim=-1, keepdim=True)


def weighted_sum(weights_BHT: Tensor, states_BTD: Tensor) -> Tensor:
    """context_BHD = sum over t of weights_BHT[b, h, t] * states_BTD[b, t]."""
    return torch.bmm(weights_BHT, states_BTD)


def attention_entropy(weights_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """entropy_B = -sum over t of w ln w, in nats, with 0 ln 0 = 0; between 0 and ln(length).

    Value and gradient are finite also where a weight is zero: `torch.special.entr` has the right value there and
    a gradient that is not a number.
    """
    safe_BT = weights_BT.masked_fill(~mask_BT, 1.0).clamp_min(torch.finfo(weights_BT.dtype).tiny)
    return -(weights_BT * safe_BT.log()).sum(dim=-1)


def reverse_tokens(states_BTD: Tensor, lengths_B: Tensor) -> Tensor:
    """Reverses the real tokens of each row and leaves the padding on the right; its own inverse."""
    positions_T = torch.arange(states_BTD.shape[1], device=states_BTD.device)
    mirrored_BT = lengths_B[:, None] - 1 - positions_T
    source_BT = torch.where(mirrored_BT >= 0, mirrored_BT, positions_T)
    starts_B = states_BTD.shape[1] * torch.arange(len(lengths_B), device=states_BTD.device)
    rows_N = (source_BT + starts_B[:, None]).flatten()
    return states_BTD.flatten(0, 1).index_select(0, rows_N).view_as(states_BTD)

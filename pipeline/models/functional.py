"""Reductions over tokens, the one place that knows about padding.

B reviews, T tokens, D encoder output. `mask_BT` is bool, True = a real token; every row has at least one.
"""

import torch
from torch import Tensor


def padding_mask(lengths_B: Tensor, tokens: int) -> Tensor:
    """mask_BT of right-padded reviews of the given lengths."""
    return torch.arange(tokens, device=lengths_B.device) < lengths_B[:, None]


def masked_softmax(scores_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Softmax over the real tokens of each row; exactly zero on padding."""
    return scores_BT.masked_fill(~mask_BT, float("-inf")).softmax(dim=-1)


def weighted_sum(weights_BT: Tensor, states_BTD: Tensor) -> Tensor:
    """context_BD = sum over t of weights_BT[b, t] * states_BTD[b, t]."""
    return torch.bmm(weights_BT[:, None, :], states_BTD).squeeze(1)


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

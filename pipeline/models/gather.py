"""Attention over rows of a table, as if each token had gathered its row, without gathering it.

B reviews, T tokens, V rows of D numbers. Three loops suffice, for each is the gradient of another: the dot product of
each token's row with a vector of its review, the weighted sum of a review's rows, and what each row gets back.
Compiled, they take a tenth of a millisecond for a batch, where gathering 17,000 rows of 50 numbers takes one. Where the
rows are keys and values at once, `attention` goes over each review twice instead of four times.
"""

from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from pipeline.models.compiled import COMPILED, exp
from pipeline.models.functional import masked_softmax, padding_mask

SUMS: dict[str, Any] = {**COMPILED, "fastmath": {*COMPILED["fastmath"], "reassoc"}}


def dots(table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, query: Tensor) -> Tensor:
    """scores_BT = query . row of each token; 0 on padding.

    Args:
        table_VD: rows.
        places_BT: each token's row.
        lengths_B: real tokens of each review; what stands behind them is not read.
        query: query_BD, or query_1D for all reviews.

    Raises:
        ValueError: the shapes do not fit together.
        IndexError: a token's row is not in the table.
    """
    if not compiled(table_VD):
        rows_BTD, mask_BT = _gathered(table_VD, places_BT, lengths_B)
        return (rows_BTD @ query.expand(len(places_BT), -1)[:, :, None]).squeeze(2).masked_fill(~mask_BT, 0)
    _check(table_VD, places_BT, lengths_B, len(query) in (1, len(places_BT)) and query.shape[1] == table_VD.shape[1])
    scores_BT: Tensor = _Dots.apply(table_VD, places_BT, lengths_B, query)  # type: ignore[no-untyped-call]
    return scores_BT


def sums(table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, weights_BT: Tensor) -> Tensor:
    """context_BD = sum over the tokens of weight times row.

    Args:
        table_VD: rows.
        places_BT: each token's row.
        lengths_B: real tokens of each review; what stands behind them is not read.
        weights_BT: 0 on padding.

    Raises:
        ValueError: the shapes do not fit together.
        IndexError: a token's row is not in the table.
    """
    if not compiled(table_VD):
        rows_BTD, mask_BT = _gathered(table_VD, places_BT, lengths_B)
        return ((weights_BT * mask_BT)[:, None, :] @ rows_BTD).squeeze(1)
    _check(table_VD, places_BT, lengths_B, weights_BT.shape == places_BT.shape)
    context_BD: Tensor = _Sums.apply(table_VD, places_BT, lengths_B, weights_BT)  # type: ignore[no-untyped-call]
    return context_BD


def attention(table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
    """context_BD and weights_BT = softmax of query . row: `dots`, a softmax and `sums` in one.

    Args:
        table_VD: rows, which are keys and values.
        places_BT: each token's row.
        lengths_B: real tokens of each review; what stands behind them is not read.
        query: query_BD, or query_1D for all reviews.

    Raises:
        ValueError: the shapes do not fit together.
        IndexError: a token's row is not in the table.
    """
    _check(table_VD, places_BT, lengths_B, len(query) in (1, len(places_BT)) and query.shape[1] == table_VD.shape[1])
    if not compiled(table_VD):
        scores_BT = dots(table_VD, places_BT, lengths_B, query)
        weights_BT = masked_softmax(scores_BT, padding_mask(lengths_B, places_BT.shape[1]))
        return sums(table_VD, places_BT, lengths_B, weights_BT), weights_BT
    found: tuple[Tensor, Tensor] = _Attention.apply(table_VD, places_BT, lengths_B, query)  # type: ignore[no-untyped-call]
    return found


def compiled(table_VD: Tensor) -> bool:
    """Whether the loops can read it: they are the CPU's."""
    return table_VD.is_cpu


def _gathered(table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
    """rows_BTD, some row of the table on padding, and mask_BT."""
    mask_BT = padding_mask(lengths_B, places_BT.shape[1])
    return F.embedding(places_BT.masked_fill(~mask_BT, 0), table_VD), mask_BT


def _check(table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, fits: bool) -> None:
    """The compiled loops believe what they are told, and would read past the end of an array."""
    if not (fits and len(lengths_B) == len(places_BT) and int(lengths_B.max()) <= places_BT.shape[1]):
        shapes = f"table {tuple(table_VD.shape)}, places {tuple(places_BT.shape)}, lengths {lengths_B.tolist()}"
        raise ValueError(f"the shapes do not fit together: {shapes}")


class _Dots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, query: Tensor) -> Tensor:
        ctx.save_for_backward(table_VD, places_BT, lengths_B, query)
        return _call(_dots, table_VD, places_BT, lengths_B, query, query.new_zeros(places_BT.shape))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BT: Tensor) -> tuple[Tensor | None, ...]:
        table_VD, places_BT, lengths_B, query = ctx.saved_tensors
        table, asked = None, None
        if ctx.needs_input_grad[0]:
            table = _call(_spread, query, places_BT, lengths_B, grad_BT, _zeros_like(table_VD))
        if ctx.needs_input_grad[3]:
            asked = _call(_sums, table_VD, places_BT, lengths_B, grad_BT, _zeros_like(query))
        return table, None, None, asked


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, weights_BT: Tensor) -> Tensor:
        ctx.save_for_backward(table_VD, places_BT, lengths_B, weights_BT)
        out_BD = table_VD.new_zeros(len(places_BT), table_VD.shape[1])
        return _call(_sums, table_VD, places_BT, lengths_B, weights_BT, out_BD)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BD: Tensor) -> tuple[Tensor | None, ...]:
        table_VD, places_BT, lengths_B, weights_BT = ctx.saved_tensors
        table, weights = None, None
        if ctx.needs_input_grad[0]:
            table = _call(_spread, grad_BD, places_BT, lengths_B, weights_BT, _zeros_like(table_VD))
        if ctx.needs_input_grad[3]:
            weights = _call(_dots, table_VD, places_BT, lengths_B, grad_BD, _zeros_like(weights_BT))
        return table, None, None, weights


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, table_VD: Tensor, places_BT: Tensor, lengths_B: Tensor, query: Tensor
    ) -> tuple[Tensor, Tensor]:
        weights_BT = query.new_zeros(places_BT.shape)
        context_BD = query.new_zeros(len(places_BT), table_VD.shape[1])
        _call(_attention, table_VD, places_BT, lengths_B, query, weights_BT, context_BD)
        ctx.save_for_backward(table_VD, places_BT, lengths_B, query, weights_BT, context_BD)
        ctx.set_materialize_grads(False)
        return context_BD, weights_BT

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, context_grad: Tensor | None, weights_grad: Tensor | None) -> tuple[Tensor | None, ...]:
        table_VD, places_BT, lengths_B, query, weights_BT, context_BD = ctx.saved_tensors
        given_BD = _zeros_like(context_BD) if context_grad is None else context_grad
        given_BT = query.new_zeros(1, 0) if weights_grad is None else weights_grad
        learned = ctx.needs_input_grad[0]
        table, asked = _zeros_like(table_VD) if learned else query.new_zeros(0, 0), _zeros_like(query)
        known = (table_VD, places_BT, lengths_B, query, weights_BT, context_BD, given_BD, given_BT)
        _call(_attention_back, *known, table, asked)
        return table if learned else None, None, None, asked


def _zeros_like(tensor: Tensor) -> Tensor:
    """For a loop to add to: contiguous, whatever the tensor's strides are."""
    return torch.zeros_like(tensor, memory_format=torch.contiguous_format)


def _call(loop: Any, *tensors: Tensor) -> Tensor:
    """Runs a loop, which adds to the last of the tensors, and returns that one; what a loop adds to is contiguous."""
    loop(*(tensor.detach().contiguous().numpy() for tensor in tensors))
    return tensors[-1]


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _check_rows(table_VD: Any, places_T: Any) -> None:
    lowest, highest = 0, 0
    for t in range(len(places_T)):
        lowest, highest = min(lowest, places_T[t]), max(highest, places_T[t])
    if lowest < 0 or highest >= len(table_VD):
        raise IndexError("a token's row is not in the table")


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _score(table_VD: Any, places_T: Any, vector: Any, scores_T: Any) -> None:
    """Puts row . vector of each token, eight at a time: one row need not wait until the one before came from memory."""
    eights = len(places_T) // 8 * 8
    zero = scores_T.dtype.type(0)
    for t in range(0, eights, 8):
        row0, row1 = table_VD[places_T[t]], table_VD[places_T[t + 1]]
        row2, row3 = table_VD[places_T[t + 2]], table_VD[places_T[t + 3]]
        row4, row5 = table_VD[places_T[t + 4]], table_VD[places_T[t + 5]]
        row6, row7 = table_VD[places_T[t + 6]], table_VD[places_T[t + 7]]
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = zero
        for d in range(len(vector)):
            x = vector[d]
            s0, s1, s2, s3 = s0 + x * row0[d], s1 + x * row1[d], s2 + x * row2[d], s3 + x * row3[d]
            s4, s5, s6, s7 = s4 + x * row4[d], s5 + x * row5[d], s6 + x * row6[d], s7 + x * row7[d]
        scores_T[t], scores_T[t + 1], scores_T[t + 2], scores_T[t + 3] = s0, s1, s2, s3
        scores_T[t + 4], scores_T[t + 5], scores_T[t + 6], scores_T[t + 7] = s4, s5, s6, s7
    for t in range(eights, len(places_T)):
        row, score = table_VD[places_T[t]], zero
        for d in range(len(vector)):
            score += row[d] * vector[d]
        scores_T[t] = score


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _add(table_VD: Any, places_T: Any, weights_T: Any, total: Any) -> None:
    """Adds weight times row of each token, four at a time: the total is read and written a quarter as often."""
    fours = len(places_T) // 4 * 4
    for t in range(0, fours, 4):
        row0, row1 = table_VD[places_T[t]], table_VD[places_T[t + 1]]
        row2, row3 = table_VD[places_T[t + 2]], table_VD[places_T[t + 3]]
        weight0, weight1, weight2, weight3 = weights_T[t], weights_T[t + 1], weights_T[t + 2], weights_T[t + 3]
        for d in range(len(total)):
            total[d] += (weight0 * row0[d] + weight1 * row1[d]) + (weight2 * row2[d] + weight3 * row3[d])
    for t in range(fours, len(places_T)):
        row, weight = table_VD[places_T[t]], weights_T[t]
        for d in range(len(total)):
            total[d] += weight * row[d]


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _dots(table_VD: Any, places_BT: Any, lengths_B: Any, query: Any, scores_BT: Any) -> None:
    for b in range(len(places_BT)):
        places = places_BT[b, : lengths_B[b]]
        _check_rows(table_VD, places)
        _score(table_VD, places, query[min(b, len(query) - 1)], scores_BT[b])


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _sums(table_VD: Any, places_BT: Any, lengths_B: Any, weights_BT: Any, out: Any) -> None:
    for b in range(len(places_BT)):
        places = places_BT[b, : lengths_B[b]]
        _check_rows(table_VD, places)
        _add(table_VD, places, weights_BT[b], out[min(b, len(out) - 1)])


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _spread(vectors: Any, places_BT: Any, lengths_B: Any, weights_BT: Any, table_VD: Any) -> None:
    for b in range(len(places_BT)):
        vector, places = vectors[min(b, len(vectors) - 1)], places_BT[b, : lengths_B[b]]
        _check_rows(table_VD, places)
        for t in range(len(places)):
            row, weight = table_VD[places[t]], weights_BT[b, t]
            for d in range(len(row)):
                row[d] += weight * vector[d]


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _attention(table_VD: Any, places_BT: Any, lengths_B: Any, query: Any, weights_BT: Any, context_BD: Any) -> None:
    for b in range(len(places_BT)):
        places, weights = places_BT[b, : lengths_B[b]], weights_BT[b, : lengths_B[b]]
        _check_rows(table_VD, places)
        _score(table_VD, places, query[min(b, len(query) - 1)], weights)
        highest, total = weights.max(), weights.dtype.type(0)
        for t in range(len(weights)):
            weights[t] = exp(weights[t] - highest)
            total += weights[t]
        weights /= total
        _add(table_VD, places, weights, context_BD[b])


@numba.njit(**SUMS)  # type: ignore[untyped-decorator]
def _attention_back(
    table_VD: Any,
    places_BT: Any,
    lengths_B: Any,
    query: Any,
    weights_BT: Any,
    context_BD: Any,
    given_BD: Any,
    given_BT: Any,
    to_table: Any,
    to_query: Any,
) -> None:
    """The gradient of a score is its weight times how much more it would give than the review's mean."""
    for b in range(len(places_BT)):
        one, places, weights = min(b, len(query) - 1), places_BT[b, : lengths_B[b]], weights_BT[b, : lengths_B[b]]
        vector, given = query[one], given_BD[b]
        mean, gains = weights.dtype.type(0), np.empty_like(weights)
        for d in range(len(given)):
            mean += context_BD[b, d] * given[d]
        _score(table_VD, places, given, gains)
        if given_BT.size:
            gains += given_BT[b, : len(weights)]
            mean += (weights * given_BT[b, : len(weights)]).sum()
        for t in range(len(weights)):
            gains[t] = weights[t] * (gains[t] - mean)
        _add(table_VD, places, gains, to_query[one])
        if to_table.size:
            for t in range(len(weights)):
                changed, gain, weight = to_table[places[t]], gains[t], weights[t]
                for d in range(len(changed)):
                    changed[d] += gain * vector[d] + weight * given[d]

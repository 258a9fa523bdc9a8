"""Recurrent layers for CPUs: a compiled loop over the steps, and between two products no more memory than a cache has.

torch makes the products over the inputs, and those for the gradients of the weights, for all tokens at once, so what is
between them goes out to memory and comes back; it has no fused GRU for CPUs, and goes over a step's gates thirty times.
Here the products that need no order of time are made some steps at a time, while what they read is still in the cache,
and the steps between them are one compiled loop (cells.py, whose letters these are: T tokens, E input, X = E + 1).
"""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from pipeline.models.cells import GRU_CELL, LSTM_CELL, Cell

ROWS = 1024  # steps times reviews between two products over all of them: a MiB of gates of 64 units


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, cell: Cell, inputs_TBE: Tensor, memory_SBH: Tensor, w_i: Tensor, w_h: Tensor, b_i: Tensor, b_h: Tensor
    ) -> tuple[Tensor, Tensor]:
        (tokens, reviews, size), units, fed = inputs_TBE.shape, w_h.shape[1], cell.fed
        apart = 4 - fed  # gates that the states alone feed
        bias_4H = b_i.new_zeros(4, units)
        bias_4H[apart:] += b_i.view(fed, units)
        bias_4H[:fed] += b_h.view(fed, units).roll(apart, 0)
        w_FHX = torch.cat([w_i.view(fed, units, size), bias_4H[apart:, :, None]], dim=2)  # the last input is a one
        w_FHH = w_h.view(fed, units, units).roll(apart, 0)
        keep, at_once = any(ctx.needs_input_grad), max(1, ROWS // reviews)
        inputs_TBX = inputs_TBE.new_empty(tokens, reviews, size + 1)
        inputs_TBX[:, :, :size], inputs_TBX[:, :, size] = inputs_TBE, 1
        gates = inputs_TBE.new_empty(-(-tokens // at_once) if keep else 1, 4, at_once, reviews, units)
        states_TSBH = inputs_TBE.new_empty(tokens + 1, cell.blocks, reviews, units)
        states_TSBH[0] = memory_SBH
        to_hidden, hidden = w_FHH.mT.contiguous().numpy(), inputs_TBE.new_empty(fed, reviews, units).numpy()
        for chunk, start in enumerate(range(0, tokens, at_once)):
            place, end = chunk if keep else 0, min(start + at_once, tokens)
            made_4NH = gates[place, :, : end - start].flatten(1, 2)
            made_4NH[:apart] = bias_4H[:apart, None]
            part_NX = inputs_TBX[start:end].flatten(0, 1)
            torch.bmm(part_NX.expand(fed, -1, -1), w_FHX.mT, out=made_4NH[apart:])
            cell.steps(to_hidden, hidden, states_TSBH[start : end + 1].numpy(), gates[place].numpy())
        ctx.cell, ctx.at_once = cell, at_once
        ctx.save_for_backward(inputs_TBX, w_FHX, w_FHH, states_TSBH, gates)
        after_SBH = states_TSBH[-1].clone()
        ctx.mark_non_differentiable(after_SBH)
        return states_TSBH[1:, 0], after_SBH

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given_TBH: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        inputs_TBX, w_FHX, w_FHH, states_TSBH, gates = ctx.saved_tensors
        (tokens, reviews, units), size, fed = given_TBH.shape, inputs_TBX.shape[2] - 1, ctx.cell.fed
        apart, w = 4 - fed, w_FHH.numpy()
        grads_4CBH = torch.empty_like(gates[0])
        later, grad = w_FHH.new_zeros(fed, reviews, units).numpy(), torch.zeros_like(states_TSBH[0]).numpy()
        to_inputs = inputs_TBX.new_empty(tokens, reviews, size) if ctx.needs_input_grad[1] else None
        to_FHX, to_FHH, to_apart = torch.zeros_like(w_FHX), torch.zeros_like(w_FHH), w_FHH.new_zeros(apart, units)
        for chunk in reversed(range(len(gates))):
            start, end = chunk * ctx.at_once, min((chunk + 1) * ctx.at_once, tokens)
            given, states = given_TBH[start:end].contiguous().numpy(), states_TSBH[start : end + 1]
            ctx.cell.steps_back(w, later, grad, given, states.numpy(), gates[chunk].numpy(), grads_4CBH.numpy())
            made_4NH = grads_4CBH[:, : end - start].flatten(1, 2)
            to_FHH.baddbmm_(made_4NH[:fed].mT, states[:-1, 0].flatten(0, 1).expand(fed, -1, -1))
            to_FHX.baddbmm_(made_4NH[apart:].mT, inputs_TBX[start:end].flatten(0, 1).expand(fed, -1, -1))
            to_apart += made_4NH[:apart].sum(dim=1)
            if to_inputs is not None:
                flowing_NE = to_inputs[start:end].flatten(0, 1)
                for f in range(fed):  # a beta of zero overwrites what is there
                    flowing_NE.addmm_(made_4NH[apart + f], w_FHX[f, :, :size], beta=min(f, 1))
        to_w_i, to_b = to_FHX[:, :, :size].flatten(0, 1), torch.cat([to_apart, to_FHX[:, :, size]])
        to_w_h, to_b_h = (block.roll(-apart, 0).flatten(0, 1) for block in (to_FHH, to_b[:fed]))
        return None, to_inputs, None, to_w_i, to_w_h, to_b[apart:].flatten(), to_b_h


class _Layer(nn.RNNBase):
    """One layer in one direction, with the weights of torch's and their names.

    Args:
        size: E.
        units: H.
    """

    cell: ClassVar[Cell]

    def __init__(self, size: int, units: int) -> None:
        super().__init__(size, units, batch_first=True)  # type: ignore[call-arg, arg-type]  # nn.LSTM and nn.GRU know their mode

    def forward(self, inputs_BTE: Tensor, memory_SBH: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Goes on from a state, at first one of zeros, which gets no gradient.

        Returns:
            states_BTH after each token, and memory_SBH: all that is remembered after the last, to go on from.
        """
        if memory_SBH is None:
            memory_SBH = inputs_BTE.new_zeros(self.cell.blocks, len(inputs_BTE), self.hidden_size)
        if inputs_BTE.device.type != "cpu":
            before = memory_SBH[:, None].unbind()
            states_BTH, after = super().forward(inputs_BTE, before if self.cell.blocks > 1 else before[0])
            return states_BTH, torch.cat(after) if self.cell.blocks > 1 else after
        weights: list[Any] = [self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0]
        if not torch.is_grad_enabled():  # or all gates would be kept for the gradient of these
            weights = [weight.detach() for weight in weights]
        inputs_TBE = inputs_BTE.transpose(0, 1)
        states_TBH, after_SBH = _Recurrence.apply(self.cell, inputs_TBE, memory_SBH, *weights)  # type: ignore[no-untyped-call]
        return states_TBH.transpose(0, 1), after_SBH


class LSTM(_Layer, nn.LSTM):  # type: ignore[misc]  # no packed sequences
    """What `nn.LSTM` computes, and off the CPU that itself.

    i, f, o = sigmoid(W_i x + b_i + W_h h + b_h) and g = tanh(...) likewise, c' = f c + i g, h' = o tanh(c')
    (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
    """

    cell = LSTM_CELL


class GRU(_Layer, nn.GRU):  # type: ignore[misc]  # no packed sequences
    """What `nn.GRU` computes, and off the CPU that itself.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
    h' = (1 - z) n + z h (Cho et al. 2014, in the form of torch and cuDNN).
    """

    cell = GRU_CELL

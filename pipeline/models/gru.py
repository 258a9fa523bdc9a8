"""The gated recurrent unit, on the CPU twice as fast as torch's: the gates of a step in one pass over memory.

torch has a fused LSTM for CPUs and no fused GRU: it goes over a step's gates some ten times forwards and twenty times
backwards. Here a step is one matrix product and one compiled pass, and the products that need no order of time (over
the inputs, and for the gradients of the weights) are made for some steps at once, while what they read is in the cache.

T tokens, C of them at once, B reviews, E input, H units; N = B H, X = E + 1. A step has four blocks of N numbers, each
in one piece: m = W_hn h + b_hn, the reset gate r, the update gate z, and the candidate n. W_h feeds the first three,
W_i the last three.
"""

from collections.abc import Iterator
from typing import Any

import numba
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from pipeline.models.compiled import COMPILED, exp

ROWS = 512  # steps times reviews between two products over all of them: half a MiB of gates of 64 units


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _sigmoid(gate_N: Any, hidden_N: Any) -> None:
    one = gate_N.dtype.type(1)
    for j in range(len(gate_N)):
        gate_N[j] = one / (one + exp(-(gate_N[j] + hidden_N[j])))


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _step(hidden_3N: Any, before_N: Any, after_N: Any, gates_4CN: Any, c: int) -> None:
    """Turns what the inputs gave to the gates of step c into the gates, and writes the states after them."""
    m, r, z, n = gates_4CN[0, c], gates_4CN[1, c], gates_4CN[2, c], gates_4CN[3, c]
    hidden_m = hidden_3N[0]
    one = n.dtype.type(1)
    _sigmoid(r, hidden_3N[1])  # a loop per gate: one for all is more than LLVM makes vectors of
    _sigmoid(z, hidden_3N[2])
    for j in range(len(n)):
        m[j] += hidden_m[j]
        x = n[j] + r[j] * m[j]
        n[j] = (one + one) / (one + exp(-(x + x))) - one
    for j in range(len(n)):
        after_N[j] = n[j] + z[j] * (before_N[j] - n[j])


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _step_back(given_N: Any, later_3N: Any, grad_N: Any, before_N: Any, gates_4CN: Any, grads_4CN: Any, c: int) -> None:
    """Adds what is given, and what flows back from the gates of the next step, and takes it through those of step c."""
    m, r, z, n = gates_4CN[0, c], gates_4CN[1, c], gates_4CN[2, c], gates_4CN[3, c]
    to_m, to_r, to_z, to_n = grads_4CN[0, c], grads_4CN[1, c], grads_4CN[2, c], grads_4CN[3, c]
    later_m, later_r, later_z = later_3N[0], later_3N[1], later_3N[2]
    one = n.dtype.type(1)
    for j in range(len(n)):
        grad_N[j] += given_N[j] + ((later_m[j] + later_r[j]) + later_z[j])
    for j in range(len(n)):
        to_n[j] = grad_N[j] * (one - z[j]) * (one - n[j] * n[j])
        to_m[j] = to_n[j] * r[j]
        to_r[j] = to_n[j] * m[j] * r[j] * (one - r[j])
    for j in range(len(n)):
        to_z[j] = grad_N[j] * (before_N[j] - n[j]) * z[j] * (one - z[j])
        grad_N[j] *= z[j]


class _GatedRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs_TBE: Tensor, w_i: Tensor, w_h: Tensor, b_i: Tensor, b_h: Tensor) -> Tensor:
        (tokens, reviews, size), units = inputs_TBE.shape, w_h.shape[1]
        b_3H, b_m = b_i.view(3, units).clone(), b_h[2 * units :]
        b_3H[:2] += b_h[: 2 * units].view(2, units)
        w_3HX = torch.cat([w_i.view(3, units, size), b_3H[:, :, None]], dim=2)  # the last input is a one
        w_3HH = w_h.view(3, units, units).roll(1, 0)
        keep, at_once = any(ctx.needs_input_grad), max(1, ROWS // reviews)
        gates = inputs_TBE.new_empty(-(-tokens // at_once) if keep else 1, 4, at_once, reviews, units)
        states = inputs_TBE.new_empty(tokens + 1, reviews, units)
        states[0] = 0
        hidden_3BH = inputs_TBE.new_empty(3, reviews, units)
        befores, to_hidden = states.expand(3, -1, -1, -1).unbind(1), w_3HH.mT.contiguous()
        flat_hidden, flat_states, flat_gates = _flat(hidden_3BH, states, gates)
        for chunk, (start, part_NX) in enumerate(_parts(inputs_TBE, at_once)):
            place, steps = chunk if keep else 0, len(part_NX) // reviews
            made_4NH = gates[place, :, :steps].flatten(1, 2)
            made_4NH[0] = b_m
            torch.bmm(part_NX.expand(3, -1, -1), w_3HX.mT, out=made_4NH[1:])
            for c, t in enumerate(range(start, start + steps)):
                torch.bmm(befores[t], to_hidden, out=hidden_3BH)
                _step(flat_hidden, flat_states[t], flat_states[t + 1], flat_gates[place], c)
        ctx.save_for_backward(inputs_TBE, w_3HX, w_3HH, states, gates)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given_TBH: Tensor) -> tuple[Tensor | None, ...]:
        inputs_TBE, w_3HX, w_3HH, states, gates = ctx.saved_tensors
        (_, reviews, units), (size, at_once) = given_TBH.shape, (inputs_TBE.shape[2], gates.shape[2])
        grads, grad = torch.empty_like(gates[0]), torch.zeros_like(states[0])
        later_3BH = w_3HH.new_zeros(3, reviews, units)
        flat_grads, flat_grad, flat_later, flat_states, flat_gates = _flat(grads, grad, later_3BH, states, gates)
        to_inputs = inputs_TBE.new_empty(inputs_TBE.shape) if ctx.needs_input_grad[0] else None
        to_3HX, to_3HH, to_m = torch.zeros_like(w_3HX), torch.zeros_like(w_3HH), w_3HH.new_zeros(1, units)
        to_hidden = grads[:3].unbind(1)
        for chunk, (start, part_NX) in reversed(list(enumerate(_parts(inputs_TBE, at_once)))):
            steps = len(part_NX) // reviews
            (given,) = _flat(given_TBH[start : start + steps].contiguous())
            for c in reversed(range(steps)):
                _step_back(given[c], flat_later, flat_grad, flat_states[start + c], flat_gates[chunk], flat_grads, c)
                torch.bmm(to_hidden[c], w_3HH, out=later_3BH)
            made_4NH = grads[:, :steps].flatten(1, 2)
            to_3HH.baddbmm_(made_4NH[:3].mT, states[start : start + steps].view(-1, units).expand(3, -1, -1))
            to_3HX.baddbmm_(made_4NH[1:].mT, part_NX.expand(3, -1, -1))
            to_m += made_4NH[0].sum(dim=0)
            if to_inputs is not None:
                flowing_NE = torch.bmm(made_4NH[1:], w_3HX[:, :, :size]).sum(dim=0)
                to_inputs[start : start + steps] = flowing_NE.view(steps, reviews, size)
        to_w_i, to_b = to_3HX[:, :, :size].flatten(0, 1), to_3HX[:, :, size]
        return (
            to_inputs,
            to_w_i,
            to_3HH.roll(-1, 0).flatten(0, 1),
            to_b.flatten(),
            torch.cat([to_b[:2], to_m]).flatten(),
        )


def _flat(*tensors: Tensor) -> tuple[npt.NDArray[Any], ...]:
    """Their last two dimensions as one, for compiled code."""
    return tuple(tensor.flatten(-2).numpy() for tensor in tensors)


def _parts(inputs_TBE: Tensor, at_once: int) -> Iterator[tuple[int, Tensor]]:
    """Some steps after others: the first of them, and their inputs as part_NX, with a one behind each."""
    for start in range(0, len(inputs_TBE), at_once):
        yield start, F.pad(inputs_TBE[start : start + at_once], (0, 1), value=1.0).flatten(0, 1)


class GRU(nn.GRU):
    """One layer in one direction, from a state of zeros: what `nn.GRU` computes, with its weights and their names.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
    h' = (1 - z) n + z h (Cho et al. 2014, in the form of torch and cuDNN). Off the CPU it is `nn.GRU` itself.

    Args:
        size: E.
        units: H.
    """

    def __init__(self, size: int, units: int) -> None:
        super().__init__(size, units, batch_first=True)

    def forward(  # type: ignore[override]  # no packed sequences
        self, inputs_BTE: Tensor, hx: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns states_BTH, and state_1BH after the last token."""
        if hx is not None or inputs_BTE.device.type != "cpu":
            return super().forward(inputs_BTE, hx)
        weights = self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0
        states_TBH: Tensor = _GatedRecurrence.apply(inputs_BTE.transpose(0, 1), *weights)  # type: ignore[no-untyped-call]
        return states_TBH.transpose(0, 1), states_TBH[-1:]

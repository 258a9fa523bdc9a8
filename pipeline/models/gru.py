"""The gated recurrent unit, on the CPU twice as fast as torch's: the gates of a step in one pass over memory.

torch has a fused LSTM for CPUs and no fused GRU: it goes over a step's gates some ten times forwards and twenty times
backwards. Here a step is one matrix product and one compiled loop, and the products that need no order of time (over
the inputs, and for the gradients of the weights) are made for all tokens at once.

T tokens, B reviews, E input, H units. Four blocks of H columns belong to a token, in this order: m = W_hn h + b_hn, the
reset gate r, the update gate z, and the candidate n. W_h feeds the first three, W_i the last three.
"""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import torch
from numba import extending
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

f32 = np.float32
COMPILED: dict[str, Any] = {"cache": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}}


def _exp(x: Any) -> Any:
    """e^x, for compiled code alone: the library's, or for float32 a polynomial that runs in vector registers."""
    raise NotImplementedError


@extending.overload(_exp)
def _exp_by_type(x: Any) -> Callable[[Any], Any]:
    return _exp32 if x == numba.float32 else _exp64


def _exp64(x: Any) -> Any:
    return math.exp(x)


def _exp32(x: Any) -> Any:
    """2^k e^r with |r| <= ln(2) / 2: ln(2) in two parts, and the polynomial of expf in the Cephes library."""
    x = f32(-87) if x < f32(-87) else x  # so written, not a number stays not a number
    x = f32(88) if x > f32(88) else x
    k = np.floor(x * f32(1.44269504) + f32(0.5))
    r = x - k * f32(0.693359375) + k * f32(2.12194440e-4)
    s = f32(1.98756915e-4) * r + f32(1.39819995e-3)
    s = (s * r + f32(8.33345191e-3)) * r + f32(4.16657959e-2)
    s = (s * r + f32(1.66666655e-1)) * r + f32(0.5)
    return (s * r * r + r + f32(1)) * np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _step(hidden_B3: Any, bias_H: Any, before_BH: Any, after_BH: Any, gates_B4: Any) -> None:
    """Turns the inputs' share of the gates into the gates, and writes the states after them."""
    reviews, units = before_BH.shape
    one = gates_B4.dtype.type(1)
    for b in range(reviews):
        hidden, gates, before, after = hidden_B3[b], gates_B4[b], before_BH[b], after_BH[b]
        m, r, z, n = gates[:units], gates[units : 2 * units], gates[2 * units : 3 * units], gates[3 * units :]
        hidden_m, hidden_r, hidden_z = hidden[:units], hidden[units : 2 * units], hidden[2 * units :]
        for j in range(units):  # a loop per gate: one for all is more than LLVM makes vectors of
            r[j] = one / (one + _exp(-(r[j] + hidden_r[j])))
        for j in range(units):
            z[j] = one / (one + _exp(-(z[j] + hidden_z[j])))
        for j in range(units):
            m[j] = hidden_m[j] + bias_H[j]
        for j in range(units):
            x = n[j] + r[j] * m[j]
            n[j] = (one + one) / (one + _exp(-(x + x))) - one
        for j in range(units):
            after[j] = n[j] + z[j] * (before[j] - n[j])


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _step_back(given_BH: Any, grad_BH: Any, before_BH: Any, gates_B4: Any, grads_B4: Any) -> None:
    """Adds the gradient that is given to that of the states, and takes it through the gates."""
    reviews, units = before_BH.shape
    one = gates_B4.dtype.type(1)
    for b in range(reviews):
        gates, grads, given, grad, before = gates_B4[b], grads_B4[b], given_BH[b], grad_BH[b], before_BH[b]
        for j in range(units):
            m, r, z, n = gates[j], gates[units + j], gates[2 * units + j], gates[3 * units + j]
            g = given[j] + grad[j]
            d = g * (one - z) * (one - n * n)
            grads[j] = d * r
            grads[units + j] = d * m * r * (one - r)
            grads[2 * units + j] = g * (before[j] - n) * z * (one - z)
            grads[3 * units + j] = d
            grad[j] = g * z


class _GatedRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs_TBE: Tensor, w_i: Tensor, w_h: Tensor, b_i: Tensor, b_h: Tensor) -> Tensor:
        (tokens, reviews, size), units = inputs_TBE.shape, w_h.shape[1]
        bias = torch.cat([b_i[: 2 * units] + b_h[: 2 * units], b_i[2 * units :]])
        gates_TB4 = inputs_TBE.new_empty(tokens, reviews, 4 * units)
        flat_N4 = gates_TB4.view(-1, 4 * units)
        torch.addmm(bias, inputs_TBE.reshape(-1, size), w_i.T, out=flat_N4[:, units:])
        w_H3 = torch.cat([w_h[2 * units :], w_h[: 2 * units]]).T.contiguous()
        states = inputs_TBE.new_zeros(tokens + 1, reviews, units)
        hidden_B3 = inputs_TBE.new_empty(reviews, 3 * units)
        hidden, bias_m, array, gates = hidden_B3.numpy(), b_h[2 * units :].numpy(), states.numpy(), gates_TB4.numpy()
        for t, before_BH in enumerate(states.unbind(0)[:-1]):
            torch.mm(before_BH, w_H3, out=hidden_B3)
            _step(hidden, bias_m, array[t], array[t + 1], gates[t])
        ctx.save_for_backward(inputs_TBE, w_i, w_H3, states, gates_TB4)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given_TBH: Tensor) -> tuple[Tensor | None, ...]:
        inputs_TBE, w_i, w_H3, states, gates_TB4 = ctx.saved_tensors
        tokens, _, units = given_TBH.shape
        grads_TB4 = torch.empty_like(gates_TB4)
        grad_BH, w_3H = torch.zeros_like(states[0]), w_H3.T.contiguous()
        given, array, gates = given_TBH.contiguous().numpy(), states.numpy(), gates_TB4.numpy()
        grad, grads = grad_BH.numpy(), grads_TB4.numpy()
        hidden_TB3 = grads_TB4[:, :, : 3 * units].unbind(0)
        for t in reversed(range(tokens)):
            _step_back(given[t], grad, array[t], gates[t], grads[t])
            torch.addmm(grad_BH, hidden_TB3[t], w_3H, out=grad_BH)
        grads_N4 = grads_TB4.view(-1, 4 * units)
        w_h = grads_N4[:, : 3 * units].T @ states[:-1].view(-1, units)
        b = grads_N4.sum(dim=0)
        grads_N3 = grads_N4[:, units:]
        return (
            (grads_N3 @ w_i).view_as(inputs_TBE) if ctx.needs_input_grad[0] else None,
            grads_N3.T @ inputs_TBE.reshape(-1, inputs_TBE.shape[2]),
            torch.cat([w_h[units:], w_h[:units]]),
            b[units:],
            torch.cat([b[units : 3 * units], b[:units]]),
        )


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

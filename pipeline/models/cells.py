"""What an LSTM and a GRU do in a step, and the way back: compiled loops over some steps, for CPUs.

A step is a function of its own, which takes its arrays one by one: in a longer one LLVM makes no vectors of the loops.

C steps, B reviews, H units; N = B H. The state of a layer has S blocks of N numbers: the states that it shows, then
what else it remembers. A step has four gates, each in one piece. The states feed the first F of them, the inputs the
last F: for an LSTM i, f, g, o (F = 4), for a GRU m = W_hn h + b_hn, r, z, n (F = 3).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

from pipeline.models.compiled import COMPILED, exp

BLOCK = 32  # rows of a product: up to a million multiplications OpenBLAS copies neither of its factors


class Cell(NamedTuple):
    """A kind of recurrent layer.

    Attributes:
        steps: (w_FHH, hidden_FBH, states_CSBH, gates_4CBH). What the inputs feed into the gates becomes the gates, step
            by step, and the state after each is written. `hidden` is scratch.
        steps_back: (w_FHH, later_FBH, grad_SBH, given_CBH, states_CSBH, gates_4CBH, grads_4CBH). `given`, the gradient
            of what is shown, becomes that of what is fed into the gates. What flows back from the gates of the step
            after, `later`, and the gradient of the state, `grad`, go on from call to call.
        fed: F.
        blocks: S.
    """

    steps: Callable[..., None]
    steps_back: Callable[..., None]
    fed: int
    blocks: int


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _multiply(rows_BH: Any, w_HH: Any, products_BH: Any) -> None:
    for b in range(0, len(rows_BH), BLOCK):
        np.dot(rows_BH[b : b + BLOCK], w_HH, products_BH[b : b + BLOCK])


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _flat(blocks: Any) -> Any:
    """The last two dimensions as one."""
    return blocks.reshape((*blocks.shape[:-2], blocks.shape[-2] * blocks.shape[-1]))


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _sigmoid(gate_N: Any, hidden_N: Any) -> None:
    """Adds, and takes the sigmoid: a loop per gate, as one for all is more than LLVM makes vectors of."""
    one = gate_N.dtype.type(1)
    for j in range(len(gate_N)):
        gate_N[j] = one / (one + exp(-(gate_N[j] + hidden_N[j])))


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _tanh(x: Any, one: Any) -> Any:
    return (one + one) / (one + exp(-(x + x))) - one


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _gates(gates_4CN: Any, c: int) -> Any:
    return gates_4CN[0, c], gates_4CN[1, c], gates_4CN[2, c], gates_4CN[3, c]


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _lstm_step(hidden_4N: Any, before_2N: Any, after_2N: Any, i: Any, f: Any, g: Any, o: Any) -> None:
    hidden_g, memory, shown, remembered = hidden_4N[2], before_2N[1], after_2N[0], after_2N[1]
    one = g.dtype.type(1)
    _sigmoid(i, hidden_4N[0])
    _sigmoid(f, hidden_4N[1])
    _sigmoid(o, hidden_4N[3])
    for j in range(len(g)):
        g[j] = _tanh(g[j] + hidden_g[j], one)
    for j in range(len(g)):
        x = f[j] * memory[j] + i[j] * g[j]
        remembered[j] = x
        shown[j] = o[j] * _tanh(x, one)


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _lstm_step_back(
    given_N: Any, later_4N: Any, grad_2N: Any, before_2N: Any, after_2N: Any, gates_4N: Any, grads_4N: Any
) -> None:
    (i, f, g, o), (to_i, to_f, to_g, to_o) = gates_4N, grads_4N
    to_shown, to_memory, memory, remembered = grad_2N[0], grad_2N[1], before_2N[1], after_2N[1]
    later_i, later_f, later_g, later_o = later_4N[0], later_4N[1], later_4N[2], later_4N[3]
    one = g.dtype.type(1)
    for j in range(len(g)):
        to_shown[j] = given_N[j] + ((later_i[j] + later_f[j]) + (later_g[j] + later_o[j]))
    for j in range(len(g)):
        tanh = _tanh(remembered[j], one)
        to_memory[j] += to_shown[j] * o[j] * (one - tanh * tanh)
        to_o[j] = to_shown[j] * tanh * o[j] * (one - o[j])
    for j in range(len(g)):
        to_i[j] = to_memory[j] * g[j] * i[j] * (one - i[j])
        to_g[j] = to_memory[j] * i[j] * (one - g[j] * g[j])
    for j in range(len(g)):
        to_f[j] = to_memory[j] * memory[j] * f[j] * (one - f[j])
        to_memory[j] *= f[j]


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _lstm_steps(w_FHH: Any, hidden_FBH: Any, states_CSBH: Any, gates_4CBH: Any) -> None:
    hidden_FN, states_CSN, gates_4CN = _flat(hidden_FBH), _flat(states_CSBH), _flat(gates_4CBH)
    for c in range(len(states_CSBH) - 1):
        for block in range(len(w_FHH)):
            _multiply(states_CSBH[c, 0], w_FHH[block], hidden_FBH[block])
        _lstm_step(hidden_FN, states_CSN[c], states_CSN[c + 1], *_gates(gates_4CN, c))


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _lstm_steps_back(
    w_FHH: Any, later_FBH: Any, grad_SBH: Any, given_CBH: Any, states_CSBH: Any, gates_4CBH: Any, grads_4CBH: Any
) -> None:
    later_FN, grad_SN, given_CN, states_CSN = _flat(later_FBH), _flat(grad_SBH), _flat(given_CBH), _flat(states_CSBH)
    gates_4CN, grads_4CN = _flat(gates_4CBH), _flat(grads_4CBH)
    for c in range(len(given_CBH) - 1, -1, -1):
        before, after, gates, grads = states_CSN[c], states_CSN[c + 1], _gates(gates_4CN, c), _gates(grads_4CN, c)
        _lstm_step_back(given_CN[c], later_FN, grad_SN, before, after, gates, grads)
        for block in range(len(w_FHH)):
            _multiply(grads_4CBH[block, c], w_FHH[block], later_FBH[block])


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _gru_step(hidden_3N: Any, before_1N: Any, after_1N: Any, m: Any, r: Any, z: Any, n: Any) -> None:
    hidden_m, before, after = hidden_3N[0], before_1N[0], after_1N[0]
    one = n.dtype.type(1)
    _sigmoid(r, hidden_3N[1])
    _sigmoid(z, hidden_3N[2])
    for j in range(len(n)):
        m[j] += hidden_m[j]
        n[j] = _tanh(n[j] + r[j] * m[j], one)
    for j in range(len(n)):
        after[j] = n[j] + z[j] * (before[j] - n[j])


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _gru_step_back(
    given_N: Any, later_3N: Any, grad_1N: Any, before_1N: Any, after_1N: Any, gates_4N: Any, grads_4N: Any
) -> None:
    (m, r, z, n), (to_m, to_r, to_z, to_n) = gates_4N, grads_4N
    later_m, later_r, later_z, grad, before = later_3N[0], later_3N[1], later_3N[2], grad_1N[0], before_1N[0]
    one = n.dtype.type(1)
    for j in range(len(n)):
        grad[j] += given_N[j] + ((later_m[j] + later_r[j]) + later_z[j])
    for j in range(len(n)):
        to_n[j] = grad[j] * (one - z[j]) * (one - n[j] * n[j])
        to_m[j] = to_n[j] * r[j]
        to_r[j] = to_n[j] * m[j] * r[j] * (one - r[j])
    for j in range(len(n)):
        to_z[j] = grad[j] * (before[j] - n[j]) * z[j] * (one - z[j])
        grad[j] *= z[j]


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _gru_steps(w_FHH: Any, hidden_FBH: Any, states_CSBH: Any, gates_4CBH: Any) -> None:
    hidden_FN, states_CSN, gates_4CN = _flat(hidden_FBH), _flat(states_CSBH), _flat(gates_4CBH)
    for c in range(len(states_CSBH) - 1):
        for block in range(len(w_FHH)):
            _multiply(states_CSBH[c, 0], w_FHH[block], hidden_FBH[block])
        _gru_step(hidden_FN, states_CSN[c], states_CSN[c + 1], *_gates(gates_4CN, c))


@numba.njit(**COMPILED)  # type: ignore[untyped-decorator]
def _gru_steps_back(
    w_FHH: Any, later_FBH: Any, grad_SBH: Any, given_CBH: Any, states_CSBH: Any, gates_4CBH: Any, grads_4CBH: Any
) -> None:
    later_FN, grad_SN, given_CN, states_CSN = _flat(later_FBH), _flat(grad_SBH), _flat(given_CBH), _flat(states_CSBH)
    gates_4CN, grads_4CN = _flat(gates_4CBH), _flat(grads_4CBH)
    for c in range(len(given_CBH) - 1, -1, -1):
        before, after, gates, grads = states_CSN[c], states_CSN[c + 1], _gates(gates_4CN, c), _gates(grads_4CN, c)
        _gru_step_back(given_CN[c], later_FN, grad_SN, before, after, gates, grads)
        for block in range(len(w_FHH)):
            _multiply(grads_4CBH[block, c], w_FHH[block], later_FBH[block])


LSTM_CELL = Cell(_lstm_steps, _lstm_steps_back, fed=4, blocks=2)
GRU_CELL = Cell(_gru_steps, _gru_steps_back, fed=3, blocks=1)

"""What the compiled loops of this folder share: how they are compiled, and an exponential that is made of vectors."""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import extending

f32 = np.float32
# No sum is reordered by these; a loop that sums in any order says so itself.
COMPILED: dict[str, Any] = {"cache": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}}


def exp(x: Any) -> Any:
    """e^x, for compiled code alone: the library's, or for float32 a polynomial that runs in vector registers."""
    raise NotImplementedError


@extending.overload(exp)
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

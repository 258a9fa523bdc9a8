"""What this machine can do at most, measured in the same run, on one thread."""

import time

import torch

SIZE = 768  # of the square matrices of float32
BYTES = 1 << 30  # read per pass: several times the largest cache of a processor


def _seconds(work: "torch.Tensor", other: "torch.Tensor | None" = None, repeats: int = 5) -> float:
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        if other is None:
            work.sum()
        else:
            torch.mm(work, other)
        best = min(best, time.perf_counter() - started)
    return best


def flops_per_second() -> float:
    """Of a large matrix product."""
    left, right = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    return 2 * SIZE**3 / _seconds(left, right)


def bytes_per_second() -> float:
    """Of reading memory in order."""
    return BYTES / _seconds(torch.ones(BYTES // 4))

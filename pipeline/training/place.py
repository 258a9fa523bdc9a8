"""Where a seed is trained: `compute` of params.yaml, and what this machine has.

A model is trained on the CPU or on a GPU by the same code. Its weights are drawn, and its batches made, on the CPU, so
every device begins with the same numbers; what it computes from them differs in the last bits.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.params import Compute

SINGLE_BUFFER = ":4096:8"  # with buffers of one size cuBLAS takes the same kernels each time


class Place(NamedTuple):
    """A device, and how exactly it multiplies matrices.

    Attributes:
        device: as torch names it: "cpu", or such as "cuda:0".
        precision: "float32", or "bfloat16": matrix products under autocast. Weights are float32 in either.
    """

    device: str = "cpu"
    precision: str = "float32"

    @property
    def kind(self) -> str:
        """Its kind, "cpu" or "cuda"."""
        return self.device.partition(":")[0]

    @property
    def decides(self) -> tuple[str, str]:
        """What of it decides the result of a training."""
        return self.kind, self.precision

    def prepare(self) -> None:
        """Makes this process compute the same on a GPU in every run; to be called before anything is put there.

        Deterministic kernels of cuBLAS and cuDNN, and float32 as it is: cuDNN would round it to the 19 bits of TF32.
        The operations of torch itself that have no deterministic kernel are refused by `seed_everything`.
        """
        if self.kind == "cpu":
            return
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", SINGLE_BUFFER)
        import torch

        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.allow_tf32 = False
        torch.cuda.set_device(self.device)


CPU = Place()


def place_seeds(compute: Compute, seeds: Sequence[int]) -> dict[int, Place]:
    """Where each seed is trained: on the CPU, or on the GPUs in turn.

    Under torchrun all seeds of a process are trained on the GPU with the process's number on its machine, and
    `devices` is not read.

    Args:
        compute: of params.yaml.
        seeds: of one variant, in the order of params.yaml.

    Raises:
        ValueError: torch sees no GPU here, or fewer than are asked for, or bfloat16 would have to run on the CPU.
    """
    gpus = 0 if compute.accelerator == "cpu" else _gpus()
    if compute.accelerator == "cpu" or (compute.accelerator == "auto" and not gpus):
        if compute.precision != "float32":
            raise ValueError(
                f"params.yaml: compute.precision = {compute.precision!r}: torch sees no GPU here, and the CPU "
                "computes in float32"
            )
        return dict.fromkeys(seeds, CPU)
    if not gpus:
        raise ValueError("params.yaml: compute.accelerator = 'cuda': torch sees no GPU here; allowed is cpu or auto")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return dict.fromkeys(seeds, Place(f"cuda:{_own_gpu(gpus)}", compute.precision))
    if compute.devices > gpus:
        raise ValueError(f"params.yaml: compute.devices = {compute.devices}: torch sees {gpus} here")
    return {seed: Place(f"cuda:{number % compute.devices}", compute.precision) for number, seed in enumerate(seeds)}


def _own_gpu(gpus: int) -> int:
    """The GPU of this process among those that torchrun started on this machine."""
    own = int(os.environ["LOCAL_RANK"])
    if own >= gpus:
        raise ValueError(f"torchrun --nproc-per-node: torch sees {gpus} GPUs here, and this is process {own + 1}")
    return own


def _gpus() -> int:
    """GPUs that torch can use."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0

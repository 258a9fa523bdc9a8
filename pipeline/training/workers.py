"""Several processes at one training: each takes a share of every batch, and their gradients are added up.

`torchrun` starts them, on one machine or on many, and says in the environment who is who. All hold the same weights and
draw the same batches; the gradient of the whole batch is the sum of the shares' gradients, so every process takes the
same step, and the steps are those of one process, but for the order of the additions and for what dropout draws.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pipeline.processes import compute_on_one_thread

if TYPE_CHECKING:  # torch takes a second to import, and most stages that ask have one process
    from torch import Tensor

    from pipeline.data.batching import Batch

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}  # counts and states travel between CPUs in either
TIMEOUT = timedelta(minutes=10)  # for a process that is late, before the others give up

T = TypeVar("T")


class Workers(NamedTuple):
    """The processes of a training, and which of them this one is: the first alone reads and writes files, and reports.

    Attributes:
        rank: of this process, from 0.
        world_size: number of processes.
    """

    rank: int = 0
    world_size: int = 1

    @property
    def first(self) -> bool:
        """Whether it speaks for all."""
        return self.rank == 0

    def shard(self, batch: "Batch") -> "tuple[Batch, float]":
        """This process's reviews, every world_size-th of the batch, and the part of the batch that they are.

        Where a batch has fewer reviews than there are processes, the last of them read its first review for nothing.
        """
        if self.world_size == 1:
            return batch, 1.0
        own = type(batch)(*(part[self.rank :: self.world_size] for part in batch))
        part = len(own.labels_B) / len(batch.labels_B)
        if not part:
            own = type(batch)(*(part[:1] for part in batch))
        longest = int(own.lengths_B.max())
        return own._replace(tokens_BT=own.tokens_BT[:, :longest]), part

    def all_reduce(self, tensors: "Iterable[Tensor]") -> None:
        """Replaces each tensor by its sum over all processes; they have the same sizes everywhere."""
        if self.world_size == 1:
            return
        import torch

        tensors = list(tensors)
        together = torch.cat([tensor.flatten() for tensor in tensors])
        torch.distributed.all_reduce(together)
        for tensor, total in zip(tensors, together.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(total.view_as(tensor))

    def total(self, *values: float) -> tuple[float, ...]:
        """The sum of each value over all processes."""
        if self.world_size == 1:
            return values
        import torch

        sums = torch.tensor(values, dtype=torch.float64)
        torch.distributed.all_reduce(sums)
        return tuple(sums.tolist())

    def agree(self, make: Callable[[], T]) -> T:
        """What the first process makes, in all of them; the others wait for it."""
        if self.world_size == 1:
            return make()
        import torch

        box: list[Any] = [make() if self.first else None]
        torch.distributed.broadcast_object_list(box, src=0)
        made: T = box[0]
        return made


ALONE = Workers()


@contextmanager
def workers(kind: str = "cpu") -> Iterator[Workers]:
    """The processes that torchrun started, connected while the block lasts; one alone without torchrun.

    Args:
        kind: of the devices that they train on, "cpu" or "cuda".
    """
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if world_size == 1:
        yield ALONE
        return
    import torch

    compute_on_one_thread()
    torch.distributed.init_process_group(BACKENDS[kind], timeout=TIMEOUT)
    try:
        yield Workers(torch.distributed.get_rank(), world_size)
    finally:
        torch.distributed.destroy_process_group()

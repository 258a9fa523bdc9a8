"""Reviews -> right-padded batches of reviews of similar length, so that little of what is computed is padding."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.data.reviews import Reviews

JITTER = 0.02  # of a length, while training: enough to change who stands with whom, at the cost of 3 % of padding
LARGEST = 1 << 20  # tokens of a batch to evaluate, padding included: half as many again as 256 of IMDB's longest review


class Batch(NamedTuple):
    """B reviews, the longest of T tokens (T = 0: tokens left out); index_B are their places in the split."""

    tokens_BT: Tensor
    lengths_B: Tensor
    labels_B: Tensor
    index_B: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device; the batch itself if it is there."""
        return self if self.labels_B.device == device else Batch(*(part.to(device) for part in self))


def _collate(reviews: Reviews, index_B: Tensor) -> Batch:
    place_B = index_B.numpy()
    starts_B, lengths_B = reviews.offsets[place_B], reviews.offsets[place_B + 1] - reviews.offsets[place_B]
    tokens_BT = np.zeros((len(place_B), int(lengths_B.max())), dtype=reviews.tokens.dtype)
    _copy(np.asarray(reviews.tokens), starts_B, lengths_B, tokens_BT)
    labels_B = torch.from_numpy(reviews.labels[place_B])
    return Batch(torch.from_numpy(tokens_BT), torch.from_numpy(lengths_B), labels_B, index_B)


@numba.njit(cache=True)
def _copy(tokens_N: Any, starts_B: Any, lengths_B: Any, tokens_BT: Any) -> None:
    for b in range(len(tokens_BT)):
        tokens_BT[b, : lengths_B[b]] = tokens_N[starts_B[b] : starts_B[b] + lengths_B[b]]


def _without_tokens(reviews: Reviews, index_B: Tensor) -> Batch:
    place_B = index_B.numpy()
    lengths_B = torch.from_numpy(reviews.offsets[place_B + 1] - reviews.offsets[place_B])
    return Batch(torch.zeros(len(place_B), 0), lengths_B, torch.from_numpy(reviews.labels[place_B]), index_B)


def training_batches(
    reviews: Reviews, batch_size: int, generator: torch.Generator, *, tokens: bool = True
) -> Iterator[Batch]:
    """Every review once, in an order drawn from the generator.

    Reviews are sorted by their length, each made longer or shorter at random by up to JITTER, and cut into batches;
    the batches come in random order.

    Args:
        reviews: of one split.
        batch_size: reviews of a batch; the last has what is left.
        generator: of the order.
        tokens: whether the batches hold the tokens, or only say which reviews they are.
    """
    blurred = torch.from_numpy(reviews.lengths) * torch.empty(len(reviews)).uniform_(
        1 - JITTER, 1 + JITTER, generator=generator
    )
    shuffled = torch.randperm(len(reviews), generator=generator)
    batches = shuffled[blurred[shuffled].argsort(stable=True)].split(batch_size)
    for place in torch.randperm(len(batches), generator=generator).tolist():
        yield (_collate if tokens else _without_tokens)(reviews, batches[place])


def evaluation_batches(reviews: Reviews, batch_size: int) -> Iterator[Batch]:
    """Every review once, the shortest first; a batch that a long one would make too large is cut."""
    lengths_N = reviews.lengths
    for index_B in torch.from_numpy(lengths_N).argsort(stable=True).split(batch_size):
        for part_B in _cut(index_B, lengths_N):
            yield _collate(reviews, part_B)


def _cut(index_B: Tensor, lengths_N: npt.NDArray[np.int64]) -> Iterator[Tensor]:
    """Halves of it, and halves of these: what stands beside a review of a megabyte would be padded to its length."""
    if len(index_B) * int(lengths_N[index_B[-1]]) <= LARGEST or len(index_B) == 1:
        yield index_B
        return
    for half_B in index_B.tensor_split(2):
        yield from _cut(half_B, lengths_N)

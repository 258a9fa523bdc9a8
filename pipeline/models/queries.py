"""States -> the query, the vector that asks which tokens matter. One contract: (states) -> query_BK.

B reviews, D encoder output, K key; K = D where the key is the state. A query that all reviews share is query_1K. With
several heads the queries of all of them stand in one vector, and K is as many times a key.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipeline.models.states import States


class UniformQuery(nn.Module):
    """The zero vector: all scores are equal, so the weighted sum is the mean (exercise 1).

    Args:
        size: K.
    """

    zeros: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("zeros", torch.zeros(1, size), persistent=False)

    def forward(self, states: States) -> Tensor:
        """Returns query_1K of zeros."""
        return self.zeros


class GlobalQuery(nn.Module):
    """One learned vector for every text (exercise 2).

    It starts at zero: attention starts uniform, and what it focuses on is learned.

    Args:
        size: K.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(size))

    def forward(self, states: States) -> Tensor:
        """Returns query_1K."""
        return self.query[None]


class RandomQuery(nn.Module):
    """One vector for every text, drawn once and never learned: the null model of the global query.

    Args:
        size: K.
        scale: length of the vector.
    """

    query: Tensor

    def __init__(self, size: int, scale: float) -> None:
        super().__init__()
        direction_K = torch.randn(size)
        self.register_buffer("query", scale * direction_K / direction_K.norm())

    def forward(self, states: States) -> Tensor:
        """Returns query_1K."""
        return self.query[None]


class TextQuery(nn.Module):
    """A function of the text's mean state (exercise 3): linear, or an MLP with tanh between its layers.

    Args:
        size: D.
        hidden: sizes of the hidden layers; none = linear.
        outputs: K.
    """

    def __init__(self, size: int, hidden: Sequence[int], outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise([size, *hidden, outputs]):
            layers += [nn.Linear(before, after), nn.Tanh()]
        self.transform = nn.Sequential(*layers[:-1])

    def forward(self, states: States) -> Tensor:
        """Returns query_BK."""
        query_BK: Tensor = self.transform(states.mean())
        return query_BK

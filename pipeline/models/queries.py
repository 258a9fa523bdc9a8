"""States -> the query, the vector that asks which tokens matter. One contract: (states_BTD, mask_BT) -> query_BK.

B reviews, T tokens, D encoder output, K key; K = D where the key is the state.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipeline.models.functional import masked_mean


class UniformQuery(nn.Module):
    """The zero vector: all scores are equal, so the weighted sum is the mean (exercise 1)."""

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """Returns query_BK of zeros, for keys that are the states."""
        return states_BTD.new_zeros(states_BTD.shape[0], states_BTD.shape[2])


class GlobalQuery(nn.Module):
    """One learned vector for every text (exercise 2).

    It starts at zero: attention starts uniform, and what it focuses on is learned.

    Args:
        size: K.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(size))

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """Returns query_BK, the same row for each review."""
        return self.query.expand(states_BTD.shape[0], -1)


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

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """Returns query_BK, the same row for each review."""
        return self.query.expand(states_BTD.shape[0], -1)


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

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """Returns query_BK."""
        query_BK: Tensor = self.transform(masked_mean(states_BTD, mask_BT))
        return query_BK

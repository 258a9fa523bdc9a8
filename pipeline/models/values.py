"""States -> values, what the attention weights sum up (exercise 3). One contract: (states_BTD) -> values_BTF.

B reviews, T tokens, D encoder output, F value output.
"""

from torch import Tensor, nn


class IdentityValue(nn.Module):
    """The value is the state: F = D.

    Args:
        size: D.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, states_BTD: Tensor) -> Tensor:
        """Returns values_BTF, the states as they are."""
        return states_BTD


class LinearValue(nn.Module):
    """A linear map of the state.

    Args:
        size: D.
        outputs: F.
    """

    def __init__(self, size: int, outputs: int) -> None:
        super().__init__()
        self.size = outputs
        self.transform = nn.Linear(size, outputs)

    def forward(self, states_BTD: Tensor) -> Tensor:
        """Returns values_BTF."""
        values_BTF: Tensor = self.transform(states_BTD)
        return values_BTF


class MLPValue(nn.Module):
    """ReLU of a linear map. A second linear map would merge into the classifier behind the sum, so there is none.

    Args:
        size: D.
        hidden: F.
    """

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.size = hidden
        self.transform = nn.Sequential(nn.Linear(size, hidden), nn.ReLU())

    def forward(self, states_BTD: Tensor) -> Tensor:
        """Returns values_BTF."""
        values_BTF: Tensor = self.transform(states_BTD)
        return values_BTF

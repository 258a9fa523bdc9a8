"""States -> keys, what the query is multiplied with to score a token, or values, what the weights sum up (exercise 3).

B reviews, T tokens, D encoder output, K key or F value output. One contract: (states_BTD) -> outputs_BTK.
"""

from torch import Tensor, nn


class Transform(nn.Module):
    """A function of each state on its own.

    Args:
        transform: of the last dimension.
        size: of its output.
    """

    def __init__(self, transform: nn.Module, size: int) -> None:
        super().__init__()
        self.transform = transform
        self.size = size

    def forward(self, states: Tensor) -> Tensor:
        """Returns outputs_BTK, or outputs_UK for states_UD."""
        outputs: Tensor = self.transform(states)
        return outputs


class Identity(Transform):
    """The state itself: K = D."""

    def __init__(self, size: int) -> None:
        super().__init__(nn.Identity(), size)


def linear(size: int, outputs: int) -> Transform:
    """A linear map."""
    return Transform(nn.Linear(size, outputs), outputs)


def tanh(size: int, outputs: int) -> Transform:
    """A layer of tanh: a global query over such keys is additive attention (Bahdanau et al. 2015, appendix A.1.2)."""
    return Transform(nn.Sequential(nn.Linear(size, outputs), nn.Tanh()), outputs)


def mlp(size: int, hidden: int) -> Transform:
    """ReLU of a linear map. A second linear map would merge into the classifier behind the sum, so there is none."""
    return Transform(nn.Sequential(nn.Linear(size, hidden), nn.ReLU()), hidden)

"""States -> keys, what the query is multiplied with to score a token. One contract: (states_BTD) -> keys_BTK.

B reviews, T tokens, D encoder output, K key.
"""

from torch import Tensor, nn


class IdentityKey(nn.Module):
    """The key is the state: K = D.

    Args:
        size: D.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, states_BTD: Tensor) -> Tensor:
        """Returns keys_BTK, the states as they are."""
        return states_BTD


class TanhKey(nn.Module):
    """tanh(U h + b). A global query v then scores v . tanh(U h + b): additive attention (Bahdanau et al. 2015).

    Args:
        size: D.
        outputs: K.
    """

    def __init__(self, size: int, outputs: int) -> None:
        super().__init__()
        self.size = outputs
        self.transform = nn.Sequential(nn.Linear(size, outputs), nn.Tanh())

    def forward(self, states_BTD: Tensor) -> Tensor:
        """Returns keys_BTK."""
        keys_BTK: Tensor = self.transform(states_BTD)
        return keys_BTK

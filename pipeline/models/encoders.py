"""Word vectors -> states, one per token: the vectors themselves, or what a recurrent layer makes of them.

B reviews, T tokens, E embedding, D encoder output.
"""

import torch
from torch import Tensor, nn

from pipeline.models.functional import reverse_tokens


class IdentityEncoder(nn.Module):
    """The state of a token is its word vector: D = E.

    Args:
        size: E.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, vectors_BTE: Tensor, lengths_B: Tensor) -> Tensor:
        """Returns states_BTD, the vectors as they are."""
        return vectors_BTE


class RecurrentEncoder(nn.Module):
    """LSTM (Hochreiter & Schmidhuber 1997) or GRU (Cho et al. 2014) layers over the text.

    Reviews are padded on the right, so a layer that runs forwards reads all real tokens before any padding. The
    backward direction is a layer of its own that runs forwards over the reversed text: it too never reads padding,
    and both keep the fused kernel, which packed sequences would lose.

    Args:
        cell: "lstm" or "gru".
        size: E.
        hidden: units of each direction; D = hidden, or 2 * hidden if bidirectional.
        layers: stacked layers, each over the states of the one before.
        bidirectional: whether each layer reads in both directions.
    """

    def __init__(self, *, cell: str, size: int, hidden: int, layers: int, bidirectional: bool) -> None:
        super().__init__()
        self.size = hidden * (2 if bidirectional else 1)
        inputs = [size] + [self.size] * (layers - 1)
        self.forwards = nn.ModuleList(_layer(cell, width, hidden) for width in inputs)
        self.backwards = nn.ModuleList(_layer(cell, width, hidden) for width in inputs if bidirectional)

    def forward(self, vectors_BTE: Tensor, lengths_B: Tensor) -> Tensor:
        """Returns states_BTD of the last layer; what stands on padding has no meaning."""
        states = vectors_BTE
        for layer, ahead in enumerate(self.forwards):
            outputs = [ahead(states)[0]]
            if self.backwards:
                reversed_states = reverse_tokens(states, lengths_B)
                outputs.append(reverse_tokens(self.backwards[layer](reversed_states)[0], lengths_B))
            states = torch.cat(outputs, dim=-1) if self.backwards else outputs[0]
        return states


def _layer(cell: str, size: int, hidden: int) -> nn.Module:
    from pipeline.models.recurrent import GRU, LSTM  # their compiler takes a third of a second to import

    return LSTM(size, hidden) if cell == "lstm" else GRU(size, hidden)

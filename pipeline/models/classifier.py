"""The model family: encoder -> query -> attention -> value -> weighted sum -> linear.

B reviews, T tokens, E embedding, D encoder output, F value output, C classes, V vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.models.functional import masked_softmax, padding_mask, weighted_sum

UNK = 1  # row of the embedding matrix that stands for unknown words


class Attended(NamedTuple):
    """What a model says of a batch, and where it looked."""

    logits_BC: Tensor
    weights_BT: Tensor


class WordDropout(nn.Module):
    """While training, reads each token as the unknown word with probability p (Iyyer et al. 2015, section 3.2)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, tokens_BT: Tensor) -> Tensor:
        """Returns tokens_BT, some of them replaced."""
        if not self.training or self.p == 0:
            return tokens_BT
        return tokens_BT.masked_fill(torch.rand(tokens_BT.shape, device=tokens_BT.device) < self.p, UNK)


class ReviewDropout(nn.Module):
    """While training, zeroes the same units at every token of a review, each with probability p, and scales the rest.

    Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks": a unit that
    is missing for one token alone can be guessed from its neighbours.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, states: Tensor) -> Tensor:
        """Returns states_BTD or states_BD, some of their D units zero for the whole review."""
        if not self.training or self.p == 0:
            return states
        kept = torch.rand(states.shape[0], *[1] * (states.dim() - 2), states.shape[-1], device=states.device) >= self.p
        return states * kept / (1 - self.p)


class AttentionClassifier(nn.Module):
    """logits = W sum_t a_t v(h_t) + b with a = softmax_t(q . h_t) and h = encoder(x).

    Args:
        embedding: (V, E); row 0 is padding.
        encoder: (vectors_BTE, lengths_B) -> states_BTD.
        query: (states_BTD, mask_BT) -> query_BD.
        value: (states_BTD) -> values_BTF.
        word_dropout: (tokens_BT) -> tokens_BT.
        dropout: on word vectors and on the context vector.
        classifier: context_BF -> logits_BC.
    """

    def __init__(
        self,
        *,
        embedding: nn.Embedding,
        encoder: nn.Module,
        query: nn.Module,
        value: nn.Module,
        word_dropout: nn.Module,
        dropout: nn.Module,
        classifier: nn.Linear,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.encoder = encoder
        self.query = query
        self.value = value
        self.word_dropout = word_dropout
        self.dropout = dropout
        self.classifier = classifier

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Attended:
        """Classifies right-padded reviews.

        Args:
            tokens_BT: rows of the vocabulary; what stands at or past a review's length is not read.
            lengths_B: real tokens of each review, at least 1.

        Returns:
            logits_BC, and weights_BT: they sum to 1 over the real tokens and are 0 on padding.
        """
        vectors_BTE = self.dropout(self.embedding(self.word_dropout(tokens_BT)))
        states_BTD = self.encoder(vectors_BTE, lengths_B)
        weights_BT = self.attend(states_BTD, lengths_B)
        return Attended(self.classify(weights_BT, self.value(states_BTD)), weights_BT)

    def attend(self, states_BTD: Tensor, lengths_B: Tensor) -> Tensor:
        """Returns weights_BT = softmax_t(q . h_t) over the real tokens."""
        mask_BT = padding_mask(lengths_B, states_BTD.shape[1])
        query_BD = self.query(states_BTD, mask_BT)
        scores_BT = torch.bmm(states_BTD, query_BD[:, :, None]).squeeze(2)
        return masked_softmax(scores_BT, mask_BT)

    def classify(self, weights_BT: Tensor, values_BTF: Tensor) -> Tensor:
        """Returns logits_BC for any weights: those of `attend`, or others put in their place."""
        logits_BC: Tensor = self.classifier(self.dropout(weighted_sum(weights_BT, values_BTF)))
        return logits_BC

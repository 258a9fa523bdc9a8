"""The model family: encoder -> query . key -> attention -> value -> weighted sum -> linear.

B reviews, T tokens, E embedding, D encoder output, K key, F value output, C classes, V vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.models.encoders import IdentityEncoder
from pipeline.models.functional import weighted_sum
from pipeline.models.states import Sequence, States, Words
from pipeline.models.transforms import Transform

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


class Dropout(nn.Module):
    """While training, zeroes units, each with probability p, and scales the rest (Srivastava et al. 2014).

    It draws from a uniform distribution: three times as fast as `nn.Dropout`, which draws from a Bernoulli one.

    Args:
        p: of a unit.
        mask: "token", a draw for every unit of every token, or "review", the same units at every token of a review
            (Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks"): a
            unit that is missing for one token alone can be guessed from its neighbours.
    """

    def __init__(self, p: float, mask: str) -> None:
        super().__init__()
        self.p = p
        self.mask = mask

    @property
    def active(self) -> bool:
        """Whether it changes anything now."""
        return self.training and self.p > 0

    def forward(self, states: Tensor) -> Tensor:
        """Returns states_BTD or states_BD, some of their D units zero."""
        if not self.active:
            return states
        shape = list(states.shape)
        if self.mask == "review":
            shape[1:-1] = [1] * (states.dim() - 2)
        drawn = torch.rand(shape, dtype=states.dtype, device=states.device)
        return states * drawn.ge_(self.p).div_(1 - self.p)


class AttentionClassifier(nn.Module):
    """logits = W sum_t a_t v(h_t) + b with a = softmax_t(q . k(h_t)) and h = encoder(x).

    Args:
        embedding: (V, E); row 0 is padding.
        encoder: (vectors_BTE, lengths_B) -> states_BTD.
        query: (states) -> query_BK, or query_1K where all reviews share it.
        key: (states_BTD) -> keys_BTK.
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
        key: Transform,
        value: Transform,
        word_dropout: nn.Module,
        dropout: Dropout,
        classifier: nn.Linear,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.encoder = encoder
        self.query = query
        self.key = key
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
        states = self.read(tokens_BT, lengths_B)
        weights_BT = states.attend(self.query(states), self.key)
        context_BF = states.total(weights_BT, self.value)
        return Attended(self.classifier(self.dropout(context_BF)), weights_BT)

    @property
    def reads_alike(self) -> bool:
        """Whether a review has the same context at every step of a training: nothing below it is learned or drawn."""
        below = (self.embedding, self.encoder, self.query, self.key, self.value)
        learned = any(parameter.requires_grad for part in below for parameter in part.parameters())
        return not (learned or self.word_dropout.p or self.dropout.p)

    def contexts(self, tokens_BT: Tensor, lengths_B: Tensor) -> Tensor:
        """Returns context_BF, what the classifier reads of each review."""
        states = self.read(tokens_BT, lengths_B)
        return states.total(states.attend(self.query(states), self.key), self.value)

    def read(self, tokens_BT: Tensor, lengths_B: Tensor) -> States:
        """The states of a batch: per word where nothing tells one occurrence from another, else per token."""
        tokens_BT = self.word_dropout(tokens_BT)
        if isinstance(self.encoder, IdentityEncoder) and not self.dropout.active:
            return Words(self.embedding, tokens_BT, lengths_B)
        return Sequence(self.encoder(self.dropout(self.embedding(tokens_BT)), lengths_B), lengths_B)

    def attend(self, states_BTD: Tensor, lengths_B: Tensor) -> Tensor:
        """Returns weights_BT = softmax_t(q . k(h_t)) over the real tokens."""
        states = Sequence(states_BTD, lengths_B)
        return states.attend(self.query(states), self.key)

    def classify(self, weights_BT: Tensor, values_BTF: Tensor) -> Tensor:
        """Returns logits_BC for any weights: those of `attend`, or others put in their place."""
        logits_BC: Tensor = self.classifier(self.dropout(weighted_sum(weights_BT, values_BTF)))
        return logits_BC

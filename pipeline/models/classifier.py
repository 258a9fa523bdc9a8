"""The model family: encoder -> query . key -> attention -> value -> weighted sum -> linear.

B reviews, H heads, T tokens, E embedding, D encoder output, K key, F value output, C classes, V vocabulary.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.models.encoders import IdentityEncoder
from pipeline.models.functional import Normaliser, weighted_sum
from pipeline.models.states import Sequence, States, Words
from pipeline.models.transforms import Transform

UNK = 1  # row of the embedding matrix that stands for unknown words


class Attended(NamedTuple):
    """What a model says of a batch, and where it looked."""

    logits_BC: Tensor
    weights_BT: Tensor  # the mean over the heads


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

    A draw is 16 random bits, a quarter of what the generator gives at once, so p holds to 1/131072. `nn.Dropout` takes
    ten times as long to draw.

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
        count = math.prod(shape)
        numbers = torch.empty(-(-count // 4), dtype=torch.int64, device=states.device).random_(-(2**63), None)
        least = min(round(self.p * 2**16), 2**16 - 1) - 2**15  # so one in 65,536 is kept at the least
        kept = numbers.view(torch.int16)[:count].view(shape) >= least
        return states * kept.to(states.dtype).div_(1 - self.p)


class AttentionClassifier(nn.Module):
    """logits = W sum_t a_t v(h_t) + b with a = softmax_t(q . k(h_t)) and h = encoder(x).

    With H heads the query is H queries of K numbers, and the classifier reads the H context vectors side by side
    (Vaswani et al. 2017, section 3.2.2). Their linear maps of keys and values for each head would add nothing: under a
    learned query the one merges into the query, q . M k = (M^T q) . k, the other into the classifier.

    What is reported as the attention is the mean over the heads, so the entropy term of the loss, too, is that of the
    mean: it steers the number that one reads, which is the mean of the heads' entropies plus how far they disagree.

    Args:
        embedding: (V, E); row 0 is padding.
        encoder: (vectors_BTE, lengths_B) -> states_BTD.
        query: (states) -> the queries of all heads in one vector for each review, or one that all reviews share.
        key: (states_BTD) -> keys_BTK.
        normaliser: (scores_BHT, mask_B1T) -> weights_BHT.
        value: (states_BTD) -> values_BTF.
        word_dropout: (tokens_BT) -> tokens_BT.
        dropout: on word vectors and on the context vector.
        classifier: the contexts of all heads -> logits_BC.
    """

    def __init__(
        self,
        *,
        embedding: nn.Embedding,
        encoder: nn.Module,
        query: nn.Module,
        key: Transform,
        normaliser: Normaliser,
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
        self.normaliser = normaliser
        self.value = value
        self.word_dropout = word_dropout
        self.dropout = dropout
        self.classifier = classifier

    @property
    def heads(self) -> int:
        """H: how many context vectors the classifier reads."""
        return self.classifier.in_features // self.value.size

    def forward(self, tokens_BT: Tensor, lengths_B: Tensor) -> Attended:
        """Classifies right-padded reviews.

        Args:
            tokens_BT: rows of the vocabulary; what stands at or past a review's length is not read.
            lengths_B: real tokens of each review, at least 1.

        Returns:
            logits_BC, and weights_BT: they sum to 1 over the real tokens and are 0 on padding.
        """
        context_BN, weights_BHT = self.contexts(tokens_BT, lengths_B)
        weights_BT = weights_BHT.mean(dim=1) if self.heads > 1 else weights_BHT.squeeze(1)
        return Attended(self.classifier(self.dropout(context_BN)), weights_BT)

    @property
    def reads_alike(self) -> bool:
        """Whether a review has the same context at every step of a training: nothing below it is learned or drawn.

        Nobody knows that of a part of one's own.
        """
        below = (self.embedding, self.encoder, self.query, self.key, self.value)
        learned = any(parameter.requires_grad for part in below for parameter in part.parameters())
        homes = [str(part.__module__) for part in (*below, self.normaliser)]
        own = not all(home.startswith(("pipeline.models.", "torch.")) for home in homes)
        return not (learned or own or self.word_dropout.p or self.dropout.p)

    def contexts(self, tokens_BT: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Returns context_BN, the N = H F numbers that the classifier reads of each review, and weights_BHT."""
        states = self.read(tokens_BT, lengths_B)
        context_BHF, weights_BHT = states.contexts(self.query(states), self.key, self.normaliser, self.value)
        return context_BHF.flatten(1), weights_BHT

    def read(self, tokens_BT: Tensor, lengths_B: Tensor) -> States:
        """The states of a batch: per word where nothing tells one occurrence from another, else per token."""
        tokens_BT = self.word_dropout(tokens_BT)
        if type(self.encoder) is IdentityEncoder and not self.dropout.active:
            return Words(self.embedding, tokens_BT, lengths_B)
        return Sequence(self.encoder(self.dropout(self.embedding(tokens_BT)), lengths_B), lengths_B)

    def attend(self, states_BTD: Tensor, lengths_B: Tensor) -> Tensor:
        """Returns weights_BHT over the real tokens."""
        states = Sequence(states_BTD, lengths_B)
        return states.attend(self.query(states), self.key, self.normaliser)

    def classify(self, weights_BHT: Tensor, values_BTF: Tensor) -> Tensor:
        """Returns logits_BC for any weights: those of `attend`, or weights_B1T in the place of every head's."""
        context_BHF = weighted_sum(weights_BHT, values_BTF).expand(-1, self.heads, -1)
        logits_BC: Tensor = self.classifier(self.dropout(context_BHF.flatten(1)))
        return logits_BC

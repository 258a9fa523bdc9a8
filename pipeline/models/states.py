"""What the encoder made of a batch, in the shape that is cheapest for it; attention asks both alike.

B reviews, H heads, T tokens, U distinct words of the batch, D encoder output, K key, F value output. A query is
query_BQ, or query_1Q where all reviews share it, as long as H keys: the queries of all heads, one after the other.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property

import torch
from torch import Tensor, nn

from pipeline.models.functional import Normaliser, masked_softmax, padding_mask, weighted_sum
from pipeline.models.gather import attention, compiled, dots, sums
from pipeline.models.transforms import Identity, Transform

UNCHANGED = Identity(size=0)  # states of whatever size


class States(ABC):
    """One state per token.

    Args:
        lengths_B: real tokens of each review.
        tokens: T.
        dtype: of the states.
    """

    def __init__(self, lengths_B: Tensor, tokens: int, dtype: torch.dtype) -> None:
        self.lengths_B = lengths_B
        self.tokens = tokens
        self.dtype = dtype

    @cached_property
    def mask_BT(self) -> Tensor:
        """True = a real token."""
        return padding_mask(self.lengths_B, self.tokens)

    @abstractmethod
    def scores(self, query: Tensor, key: Transform) -> Tensor:
        """scores_BHT = query . key(state); what stands on padding has no meaning."""

    @abstractmethod
    def total(self, weights_BHT: Tensor, value: Transform) -> Tensor:
        """context_BHF = sum over t of weight times value(state)."""

    def attend(self, query: Tensor, key: Transform, normaliser: Normaliser) -> Tensor:
        """weights_BHT = the scores, normalised over the real tokens."""
        scores_BHT = self.scores(query, key)
        if scores_BHT.dtype == torch.bfloat16:  # under autocast: three digits are too few for weights that sum to 1
            scores_BHT = scores_BHT.float()
        return normaliser(scores_BHT, self.mask_BT[:, None])

    def contexts(
        self, query: Tensor, key: Transform, normaliser: Normaliser, value: Transform
    ) -> tuple[Tensor, Tensor]:
        """context_BHF, and the weights_BHT that it was summed with."""
        weights_BHT = self.attend(query, key, normaliser)
        return self.total(weights_BHT, value), weights_BHT

    def mean(self) -> Tensor:
        """mean_BD of the states of each review."""
        weights_BT = self.mask_BT.to(self.dtype)
        weights_BT = weights_BT / weights_BT.sum(dim=1, keepdim=True)
        return self.total(weights_BT[:, None], UNCHANGED).squeeze(1)


class Sequence(States):
    """Every token has a state of its own.

    Args:
        states_BTD: what stands on padding is not read.
        lengths_B: real tokens of each review.
    """

    def __init__(self, states_BTD: Tensor, lengths_B: Tensor) -> None:
        super().__init__(lengths_B, states_BTD.shape[1], states_BTD.dtype)
        self.states_BTD = states_BTD

    def scores(self, query: Tensor, key: Transform) -> Tensor:
        """scores_BHT."""
        keys_BTK = key(self.states_BTD)
        query_BHK = query.unflatten(1, (-1, keys_BTK.shape[2])).expand(len(keys_BTK), -1, -1)
        return torch.bmm(keys_BTK, query_BHK.mT).mT

    def total(self, weights_BHT: Tensor, value: Transform) -> Tensor:
        """context_BHF."""
        return weighted_sum(weights_BHT, value(self.states_BTD))

    def contexts(
        self, query: Tensor, key: Transform, normaliser: Normaliser, value: Transform
    ) -> tuple[Tensor, Tensor]:
        """context_BHF, and the weights_BHT that it was summed with."""
        if not (compiled(self.states_BTD) and _is_plain(key, normaliser, value)):
            return super().contexts(query, key, normaliser, value)
        reviews, tokens, _ = self.states_BTD.shape
        states_TBD = self.states_BTD.transpose(0, 1)
        if states_TBD.is_contiguous():  # as recurrent layers leave them
            table, steps = states_TBD.flatten(0, 1), (1, reviews)
        else:
            table, steps = self.states_BTD.flatten(0, 1), (tokens, 1)
        places_BT = steps[0] * torch.arange(reviews)[:, None] + steps[1] * torch.arange(tokens)
        return _attend(table, places_BT, self.lengths_B, query)


class Words(States):
    """A token's state is its word's, so keys and values are made once per distinct word, not once per token.

    Args:
        embedding: word vectors.
        tokens_BT: rows of it.
        lengths_B: real tokens of each review.
    """

    def __init__(self, embedding: nn.Embedding, tokens_BT: Tensor, lengths_B: Tensor) -> None:
        super().__init__(lengths_B, tokens_BT.shape[1], embedding.weight.dtype)
        self.embedding, self.tokens_BT = embedding, tokens_BT

    @cached_property
    def _distinct(self) -> tuple[Tensor, Tensor]:
        """vectors_UD, and places_BT in it."""
        words_U, places_BT = distinct(self.tokens_BT, self.embedding.num_embeddings)
        return self.embedding(words_U), places_BT

    def contexts(
        self, query: Tensor, key: Transform, normaliser: Normaliser, value: Transform
    ) -> tuple[Tensor, Tensor]:
        """context_BHF, and the weights_BHT that it was summed with."""
        if not _is_plain(key, normaliser, value):
            return super().contexts(query, key, normaliser, value)
        return _attend(*self._table(key), self.lengths_B, query)

    def _table(self, transform: Transform) -> tuple[Tensor, Tensor]:
        """Rows of keys or values, and each token's place in them."""
        weight_VD = self.embedding.weight
        if type(transform) is Identity and not (weight_VD.requires_grad and torch.is_grad_enabled()):
            return weight_VD, self.tokens_BT
        vectors_UD, places_BT = self._distinct
        return transform(vectors_UD), places_BT

    def scores(self, query: Tensor, key: Transform) -> Tensor:
        """scores_BHT."""
        table, places_BT = self._table(key)
        return _side_by_side([dots(table, places_BT, self.lengths_B, head) for head in _heads(query, table)])

    def total(self, weights_BHT: Tensor, value: Transform) -> Tensor:
        """context_BHF."""
        table, places_BT = self._table(value)
        heads = weights_BHT.unbind(1)
        return _side_by_side([sums(table, places_BT, self.lengths_B, weights_BT) for weights_BT in heads])


def _is_plain(key: Transform, normaliser: Normaliser, value: Transform) -> bool:
    """Whether states are keys and values at once, under a softmax."""
    return normaliser is masked_softmax and type(key) is type(value) is Identity


def _attend(table: Tensor, places_BT: Tensor, lengths_B: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
    """context_BHD and weights_BHT."""
    heads = [attention(table, places_BT, lengths_B, head) for head in _heads(query, table)]
    contexts, weights = zip(*heads, strict=True)
    return _side_by_side(contexts), _side_by_side(weights)


def _heads(query: Tensor, table: Tensor) -> tuple[Tensor, ...]:
    """The query of each head; of one alone without a view, for which autograd would have to go back through it."""
    size = table.shape[1]
    return query.split(size, dim=1) if query.shape[1] > size else (query,)


def _side_by_side(heads: Iterable[Tensor]) -> Tensor:
    """A stack along dim 1, or a view of the one head."""
    first, *others = heads
    return torch.stack([first, *others], dim=1) if others else first[:, None]


def distinct(tokens_BT: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """words_U, the words that stand in the batch, in order, and places_BT: token = words_U[place].

    As `torch.unique`, but in a fifth of the time: a vocabulary is small enough to tick off.

    Args:
        tokens_BT: words, below `rows`.
        rows: of the vocabulary.
    """
    tokens_BT = tokens_BT.long()
    seen_V = torch.zeros(rows, dtype=torch.bool, device=tokens_BT.device)
    seen_V[tokens_BT] = True
    words_U = seen_V.nonzero().squeeze(1)
    places_V = torch.zeros(rows, dtype=torch.long, device=tokens_BT.device)
    places_V[words_U] = torch.arange(len(words_U), device=tokens_BT.device)
    return words_U, places_V[tokens_BT]

"""A trained model with its parts in the hand: the same text under other weights, without some of its tokens.

N reviews, B of them in a batch, H heads, T tokens, E embedding, D encoder output, F value output, C classes. Flat
arrays hold one number per token of all reviews, aligned with `Reviews.tokens`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.data.batching import evaluation_batches
from pipeline.data.reviews import Reviews, pack
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.encoders import IdentityEncoder
from pipeline.models.functional import masked_softmax, padding_mask
from pipeline.models.queries import GlobalQuery, RandomQuery, UniformQuery

Flat = npt.NDArray[np.float64]
BATCH_SIZE = 64


class Opened(NamedTuple):
    """A batch inside the model."""

    index_B: npt.NDArray[np.int64]  # places of its reviews
    lengths_B: Tensor
    mask_BT: Tensor
    values_BTF: Tensor
    weights_BHT: Tensor
    logits_BC: Tensor

    @property
    def weights_BT(self) -> Tensor:
        """What the model reports: the mean over the heads."""
        return self.weights_BHT.mean(dim=1)


def is_bag(model: AttentionClassifier) -> bool:
    """Whether what is deleted just leaves the sum, and the weights that remain grow in proportion.

    They do if no other state or score changes, over word vectors under a query that is not the text's, if the weights
    are a softmax (sparsemax turns to tokens that it had left out), and if there is one head, so one proportion.
    """
    is_fixed = type(model.encoder) is IdentityEncoder and type(model.query) in (UniformQuery, GlobalQuery, RandomQuery)
    return is_fixed and model.normaliser is masked_softmax and model.heads == 1


def pulls(model: AttentionClassifier, batch: Opened) -> Tensor:
    """pulls_BTC = W v(h_t): the classifier is linear, so the logits are their weighted sum, plus the bias.

    Under the same weights in every head, that is: the maps of the heads are then added up.
    """
    weight_CF = model.classifier.weight.detach().unflatten(1, (model.heads, -1)).sum(dim=1)
    pulls_BTC: Tensor = batch.values_BTF.clone() @ weight_CF.T
    return pulls_BTC


def opened(model: AttentionClassifier, reviews: Reviews, batch_size: int = BATCH_SIZE) -> Iterator[Opened]:
    """Runs the model in evaluation mode and keeps what lies between its parts; no gradients."""
    model.eval()
    for batch in evaluation_batches(reviews, batch_size):
        with torch.inference_mode():
            states_BTD = model.encoder(model.embedding(batch.tokens_BT), batch.lengths_B)
            weights_BHT = model.attend(states_BTD, batch.lengths_B)
            values_BTF = model.value(states_BTD)
            logits_BC = model.classify(weights_BHT, values_BTF)
        mask_BT = padding_mask(batch.lengths_B, batch.tokens_BT.shape[1])
        yield Opened(batch.index_B.numpy(), batch.lengths_B, mask_BT, values_BTF, weights_BHT, logits_BC)


def probabilities(model: AttentionClassifier, reviews: Reviews, batch_size: int = BATCH_SIZE) -> Flat:
    """probabilities_NC of the classes."""
    found_NC = np.empty((len(reviews), len(model.classifier.bias)))
    for batch in opened(model, reviews, batch_size):
        found_NC[batch.index_B] = batch.logits_BC.double().softmax(dim=1).numpy()
    return found_NC


def places(reviews: Reviews, index_B: npt.NDArray[np.int64], mask_BT: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Where the real tokens of a batch lie in a flat array, row by row."""
    positions_BT = reviews.offsets[index_B][:, None] + np.arange(mask_BT.shape[1])
    return positions_BT[mask_BT]


def chosen(reviews: Reviews, index_N: npt.NDArray[np.int64]) -> Reviews:
    """Some of the reviews, as reviews."""
    return pack([np.asarray(reviews[int(i)]) for i in index_N], reviews.labels[index_N], reviews.rows[index_N])


def kept(reviews: Reviews, keep: npt.NDArray[np.bool_]) -> tuple[Reviews, npt.NDArray[np.int64]]:
    """The reviews with some of their tokens deleted, not masked: what is left moves together.

    Args:
        reviews: N reviews.
        keep: (all tokens,) True where a token stays.

    Returns:
        the reviews that have a token left, and their places among the N.
    """
    lengths_N = np.add.reduceat(keep.astype(np.int64), reviews.offsets[:-1])
    left_N = np.flatnonzero(lengths_N)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths_N[left_N])])
    return Reviews(reviews.tokens[keep], offsets, reviews.labels[left_N], reviews.rows[left_N]), left_N

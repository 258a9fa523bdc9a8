"""The trained model with other weights in the place of its own, in every head; everything before and after them stays.

If the answers stay too, the weights were not what made them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import BATCH_SIZE, Flat, Opened, opened, places
from pipeline.models.classifier import AttentionClassifier


class Permuted(NamedTuple):
    """What permuting the weights does to each review."""

    change_N: Flat  # median over the permutations of the total variation distance of the probabilities
    largest_N: Flat  # the largest weight of the review


def uniform(batch: Opened) -> Tensor:
    """weights_B1T: the same for every real token."""
    mask_BT = batch.mask_BT.to(batch.weights_BHT.dtype)
    return (mask_BT / mask_BT.sum(dim=1, keepdim=True))[:, None]


def permutation(batch: Opened, generator: torch.Generator) -> Tensor:
    """weights_BHT: the batch's own, in a random order of the real tokens of each review, the same for all heads."""
    keys_BT = torch.rand(batch.mask_BT.shape, generator=generator).masked_fill(~batch.mask_BT, 2.0)
    order_BHT = keys_BT.argsort(dim=1)[:, None].expand_as(batch.weights_BHT)
    return batch.weights_BHT.gather(2, order_BHT).masked_fill(~batch.mask_BT[:, None], 0.0)


def permuted(model: AttentionClassifier, reviews: Reviews, *, permutations: int, seed: int) -> Permuted:
    """The permutation test of Jain & Wallace 2019 (section 4.2.1, algorithm 2).

    Args:
        model: trained.
        reviews: N.
        permutations: of the weights of each review.
        seed: of the permutations.
    """
    found = Permuted(np.empty(len(reviews)), np.empty(len(reviews)))
    generator = torch.Generator().manual_seed(seed)
    for batch in opened(model, reviews):
        own_BC = batch.logits_BC.double().softmax(dim=1)
        changes = []
        with torch.inference_mode():
            for _ in range(permutations):
                logits_BC = model.classify(permutation(batch, generator), batch.values_BTF)
                changes.append(total_variation(logits_BC.double().softmax(dim=1), own_BC))
        found.change_N[batch.index_B] = torch.stack(changes).quantile(0.5, dim=0).numpy()
        found.largest_N[batch.index_B] = batch.weights_BT.max(dim=1).values.numpy()
    return found


def total_variation(one_BC: Tensor, other_BC: Tensor) -> Tensor:
    """Half the sum of absolute differences: between 0 and 1, and |p - q| for two classes."""
    return (one_BC - other_BC).abs().sum(dim=1) / 2


def replaced(
    model: AttentionClassifier,
    reviews: Reviews,
    *,
    seed: int,
    donors: Mapping[str, Flat] | None = None,
    batch_size: int = BATCH_SIZE,
) -> tuple[dict[str, Flat], npt.NDArray[np.float32]]:
    """The answers under other weights, and the model's own weights, in one pass.

    Args:
        model: trained.
        reviews: N.
        seed: of the permutation.
        donors: other models' weights for the same tokens, by name.
        batch_size: reviews at once.

    Returns:
        logits_NC under each replacement: "own", "uniform", "permuted" once, and the names of the donors; and
        the own weights, flat.
    """
    generator = torch.Generator().manual_seed(seed)
    names = ("own", "uniform", "permuted", *(donors or {}))
    found = {name: np.empty((len(reviews), len(model.classifier.bias))) for name in names}
    own = np.empty(len(reviews.tokens), dtype=np.float32)
    for batch in opened(model, reviews, batch_size):
        weights = {"own": batch.weights_BHT, "uniform": uniform(batch), "permuted": permutation(batch, generator)}
        mask_BT = batch.mask_BT.numpy()
        flat = places(reviews, batch.index_B, mask_BT)
        own[flat] = batch.weights_BT.numpy()[mask_BT]
        for name, given in (donors or {}).items():
            given_BT = np.zeros(mask_BT.shape, dtype=np.float32)
            given_BT[mask_BT] = given[flat]
            weights[name] = torch.from_numpy(given_BT)[:, None]
        with torch.inference_mode():
            for name, weights_BHT in weights.items():
                found[name][batch.index_B] = model.classify(weights_BHT, batch.values_BTF).numpy()
    return found, own

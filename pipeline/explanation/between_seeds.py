"""How far the weights of two seeds lie apart: what any other distance between weights is to be held against.

Weights that differ from a model's own and give its answer say little if another seed has as different ones (Wiegreffe &
Pinter 2019, "Attention is not not Explanation", section 3.3).
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import rel_entr

from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import Flat


def between_seeds(weights: Mapping[int, Flat], reviews: Reviews) -> dict[int, Flat]:
    """divergence_N of each seed: the mean Jensen-Shannon divergence from the others, in nats; NaN without another.

    Args:
        weights: by seed, flat, aligned with `reviews.tokens`.
        reviews: N.
    """
    found = {}
    for seed, own in weights.items():
        others = [_jensen_shannon(own, other, reviews) for one, other in weights.items() if one != seed]
        found[seed] = np.mean(others, axis=0) if others else np.full(len(reviews), np.nan)
    return found


def _jensen_shannon(one: Flat, other: Flat, reviews: Reviews) -> Flat:
    middle = (one + other) / 2
    halves = (rel_entr(one, middle) + rel_entr(other, middle)) / 2
    divergence_N: Flat = np.add.reduceat(halves, reviews.offsets[:-1])
    return divergence_N

"""How far two rankings of a review's tokens agree.

Flat arrays aligned with `Reviews.tokens`. NaN marks a review where the agreement is undefined: of one token, or all of
whose tokens rank alike in one of the two.
"""

import numpy as np

from pipeline.data.reviews import Reviews
from pipeline.explanation.opened import Flat

TOP = 0.1  # share of the tokens that the tops of two rankings are compared by


def kendall(reviews: Reviews, one: Flat, other: Flat) -> Flat:
    """tau_N: Kendall's tau-b, which allows for ties (Jain & Wallace 2019); 1 the same order, -1 reversed.

    Over all pairs of tokens at once: to import the one of scipy.stats takes longer than this does. The sums are of
    -1, 0 and 1 and exact in any order; `einsum` keeps them on one thread, where `vdot` starts one per core for each.
    """
    found_N = np.full(len(reviews), np.nan)
    for index, (start, end) in enumerate(zip(reviews.offsets[:-1], reviews.offsets[1:], strict=True)):
        if end - start > 1 and np.ptp(one[start:end]) > 0 and np.ptp(other[start:end]) > 0:
            one_TT, other_TT = (np.sign(np.subtract.outer(part, part)) for part in (one[start:end], other[start:end]))
            pairs = ((one_TT, other_TT), (one_TT, one_TT), (other_TT, other_TT))
            agree, untied, untied_other = (np.einsum("ij,ij", *pair) for pair in pairs)
            found_N[index] = agree / np.sqrt(untied * untied_other)
    return found_N


def top_overlap(reviews: Reviews, one: Flat, other: Flat, share: float = TOP) -> Flat:
    """overlap_N: share of the top tokens that both rankings name. The long tail, which is noise, has no say.

    NaN where the top would be the whole review.
    """
    found_N = np.full(len(reviews), np.nan)
    for index, (start, end) in enumerate(zip(reviews.offsets[:-1], reviews.offsets[1:], strict=True)):
        top = int(np.ceil(share * (end - start)))
        if top < end - start:
            sets = [set(np.argsort(-ranking[start:end], kind="stable")[:top].tolist()) for ranking in (one, other)]
            found_N[index] = len(sets[0] & sets[1]) / top
    return found_N

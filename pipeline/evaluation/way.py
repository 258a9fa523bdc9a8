"""Where the most attended words stand between random words and the best that is known, by how far the answer falls.

The floor is the fall without random words, the ceiling that under the ranking that makes it fall furthest:
leave-one-out, gradient x input or integrated gradients. None of them is sure to find the words that matter most, so the
best of them counts.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.student import resampled_seeds

FLOOR = "comprehensiveness_random"
ATTENTION = "comprehensiveness_attention"
RANKINGS = ("comprehensiveness_leave_one_out", "comprehensiveness_gradient", "comprehensiveness_integrated")
FALLS = (ATTENTION, FLOOR, *RANKINGS)

Floats = npt.NDArray[np.float64]


def ceiling(falls: pd.DataFrame) -> pd.Series:
    """The fall under the best ranking.

    Args:
        falls: mean comprehensiveness under each ranking, in the columns `FALLS`.
    """
    return falls[list(RANKINGS)].max(axis=1)


def way(falls: pd.DataFrame) -> pd.Series:
    """0 where attended words are no better than random ones, 1 where they are the best known; NaN without a way.

    Args:
        falls: mean comprehensiveness under each ranking, in the columns `FALLS`.
    """
    height = ceiling(falls) - falls[FLOOR]
    return ((falls[ATTENTION] - falls[FLOOR]) / height).where(height > 0)


def resampled_ways(asked: Mapping[str, pd.DataFrame], *, resamples: int, seed: int = 0) -> dict[str, Floats]:
    """way_R of each variant in each resample of reviews, the same for all variants, and of its own seeds.

    Args:
        asked: a row per seed and review of the same sample, with row, seed and the columns in `FALLS`.
        resamples: R.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    reviews = max((table["row"].nunique() for table in asked.values()), default=0)
    times_RN = rng.multinomial(reviews, np.full(reviews, 1 / reviews), size=resamples) if reviews else np.empty((0, 0))
    found = {}
    for name, table in asked.items():
        seeds = table["seed"].nunique()
        falls_SNK = table.sort_values(["seed", "row"])[list(FALLS)].to_numpy(np.float64).reshape(seeds, reviews, -1)
        defined_SN1 = ~np.isnan(falls_SNK).any(axis=2, keepdims=True)
        sums_SRK = times_RN @ np.where(defined_SN1, falls_SNK, 0.0)
        means_SRK = sums_SRK / np.maximum(times_RN @ defined_SN1, 1)
        falls_RK = resampled_seeds(means_SRK, rng.integers(seeds, size=(seeds, resamples)))
        found[name] = way(pd.DataFrame(falls_RK, columns=list(FALLS))).to_numpy()
    return found


def percentiles(values_R: Floats, confidence: float) -> tuple[float, float]:
    """The ends of the percentile interval; NaN where no resample has a value."""
    if np.isnan(values_R).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values_R, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)

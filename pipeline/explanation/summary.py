"""The explanations of all seeds of a variant in a few numbers, each with its interval and its undefined cases."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.explanation.explain import Explanation

BOOTSTRAP_SEED = 0
AT_ONCE = 1000  # resamples, to bound the memory
NOT_MEASURES = ("row", "length", "seed")


def means(one: Explanation) -> dict[str, float]:
    """The measures of one seed under the names that MLflow shows; what is undefined in every review is left out."""
    found = one.reviews.drop(columns=list(NOT_MEASURES)).mean().dropna()
    return {
        **{f"null/accuracy_{name}": value for name, value in one.accuracy.items()},
        **{f"explanation/{name}": float(value) for name, value in found.items()},
    }


def summarise(found: Mapping[int, Explanation], *, resamples: int, confidence: float) -> dict[str, Any]:
    """Means over seeds and reviews.

    Args:
        found: by seed.
        resamples: of the bootstrap over reviews.
        confidence: of the intervals.

    Returns:
        accuracy under the own weights and under each replacement, a mean over seeds; and for each measure its mean,
        the low and high end of its interval, and the share of reviews in which it is undefined. A mean of nothing is
        None.
    """
    rows = pd.concat([one.reviews for one in found.values()], ignore_index=True)
    replacements = next(iter(found.values())).accuracy
    return {
        "seeds": len(found),
        "reviews": int(rows["row"].nunique()),
        "accuracy": {
            name: round(float(np.mean([one.accuracy[name] for one in found.values()])), 6) for name in replacements
        },
        "measures": {
            name: _measure(rows, name, resamples, confidence) for name in rows.columns if name not in NOT_MEASURES
        },
    }


def _measure(rows: pd.DataFrame, name: str, resamples: int, confidence: float) -> dict[str, float | None]:
    by_review_N = rows.groupby("row")[name].mean().dropna().to_numpy()
    undefined = round(float(rows[name].isna().mean()), 6)
    if not len(by_review_N):
        return {"mean": None, "low": None, "high": None, "undefined": undefined}
    low, high = interval_of_mean(by_review_N, resamples, confidence)
    values = {"mean": by_review_N.mean(), "low": low, "high": high}
    return {**{key: round(float(value), 6) for key, value in values.items()}, "undefined": undefined}


def interval_of_mean(values_N: npt.NDArray[Any], resamples: int, confidence: float) -> tuple[float, float]:
    """The percentile interval of a mean over reviews, by the bootstrap; NaN without any."""
    if not len(values_N):
        return float("nan"), float("nan")
    rng, reviews, means_R = np.random.default_rng(BOOTSTRAP_SEED), len(values_N), np.empty(resamples)
    for start in range(0, resamples, AT_ONCE):
        draws = rng.integers(reviews, size=(min(AT_ONCE, resamples - start), reviews))
        means_R[start : start + AT_ONCE] = values_N[draws].mean(axis=1)
    low, high = np.quantile(means_R, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)

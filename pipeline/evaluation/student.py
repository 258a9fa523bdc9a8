"""Intervals where a few seeds must say how far seeds lie apart: Student's, with Welch and Satterthwaite's freedom."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit


def degrees_of_freedom(variance: float, *values: npt.NDArray[Any]) -> float:
    """Of Welch and Satterthwaite (1946): few where seeds make a number uncertain, many where reviews do.

    Args:
        variance: of the number, such as a mean or the difference of two.
        values: (S, N) of each mean in it, for S seeds and N reviews. One seed has no spread to be uncertain of.
    """
    uncertain = 0.0
    for values_SN in values:
        seeds = len(values_SN)
        if seeds > 1:
            uncertain += (values_SN.mean(axis=1).var(ddof=1) / seeds) ** 2 / (seeds - 1)
    return float(variance**2 / uncertain) if uncertain else np.inf


def student_interval(number: float, deviation: float, freedom: float, confidence: float) -> tuple[float, float]:
    """The number, give or take as many of its standard deviations as Student's distribution asks for."""
    reach = float(stdtrit(freedom, (1 + confidence) / 2)) * deviation
    return number - reach, number + reach


def student_p(number: float, deviation: float, freedom: float) -> float:
    """Two-sided, of a number that is zero in truth: below 1 - confidence where the interval leaves zero out."""
    return float(2 * stdtr(freedom, -abs(number) / deviation)) if deviation else float(not number)


def resampled_seeds(means_SRX: npt.NDArray[Any], chosen_SR: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """mean_RX over the seeds chosen in each resample.

    The spread of S seeds drawn from S seeds is too narrow by the square root of (S - 1) / S; it is stretched by that.

    Args:
        means_SRX: of each seed, in each resample of reviews: a number, or several.
        chosen_SR: the seeds of each resample, S of them, drawn with replacement.
    """
    seeds, resamples = chosen_SR.shape
    mean_RX = means_SRX.mean(axis=0)
    drawn_RX = means_SRX[chosen_SR, np.arange(resamples)].mean(axis=0)
    stretch = np.sqrt(seeds / (seeds - 1)) if seeds > 1 else 0.0
    resampled_RX: npt.NDArray[Any] = mean_RX + stretch * (drawn_RX - mean_RX)
    return resampled_RX

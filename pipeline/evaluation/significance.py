"""Which variants really differ: paired over the same test reviews, over seeds, and corrected for many comparisons."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.null_names import variant_and_kind
from pipeline.evaluation.student import degrees_of_freedom, resampled_seeds, student_interval, student_p
from pipeline.progress import Progress

Floats = npt.NDArray[np.float64]

_AT_ONCE = 200  # resamples, to bound the memory
PAIR = ("variant", "other", "accuracy", "accuracy_other", "difference", "difference_low", "difference_high")
COLUMNS = (*PAIR, "only_variant", "only_other", "p", "p_holm", "better")


def significance(
    predictions: Mapping[str, pd.DataFrame],
    nulls: Mapping[str, pd.DataFrame] | None = None,
    *,
    resamples: int,
    confidence: float,
    seed: int = 0,
) -> pd.DataFrame:
    """Every two variants, and every variant and its null models, paired by test review.

    The difference of mean accuracies is resampled over reviews (the same for all variants) and, for each variant on
    its own, over seeds (Efron & Tibshirani 1993, chapters 13 and 16). What a few seeds say of their own spread is
    uncertain itself, so p and the interval are Student's, with as many degrees of freedom as `degrees_of_freedom`
    finds. Holm's step-down procedure (1979) keeps the chance of any wrong claim among all pairs below 1 - confidence.

    Args:
        predictions: of each variant, a row per seed and review, with seed, row, label and predicted.
        nulls: the same of null models, by `null_name`.
        resamples: of the bootstrap.
        confidence: of the intervals, such as 0.95.
        seed: of the bootstrap.

    Returns:
        a row per pair, variants in the order of ``predictions``, then null models as others: variant, other; accuracy
        and accuracy_other (means over seeds); difference, theirs, and its low and high (fractions); only_variant and
        only_other, the shares of reviews that one has right and the other wrong, over all pairs of seeds; p; p_holm;
        and better, the variant that is better at this confidence after the correction, or "" where none is.

    Raises:
        ValueError: two variants, or two seeds of one, were not tested on the same reviews.
    """
    nulls = nulls or {}
    tables = {**predictions, **nulls}
    tested = {np.sort(one["row"]).tobytes() for rows in tables.values() for _, one in rows.groupby("seed")}
    if len(tested) > 1:
        raise ValueError("variants were tested on different reviews: run `dvc repro` for all of them")
    right = {name: right_by_seed(rows) for name, rows in tables.items()}
    resampled = resampled_means(right, resamples=resamples, seed=seed)
    rows = []
    beside = ((variant_and_kind(name)[0], name) for name in nulls)
    for one, other in [*itertools.combinations(predictions, 2), *beside]:
        difference_R = resampled[one] - resampled[other]
        deviation = float(difference_R.std(ddof=1))
        freedom = degrees_of_freedom(deviation**2, right[one], right[other])
        share_one_N, share_other_N = right[one].mean(axis=0), right[other].mean(axis=0)
        difference = float(share_one_N.mean() - share_other_N.mean())
        low, high = student_interval(difference, deviation, freedom, confidence)
        row: dict[str, Any] = {"variant": one, "other": other}
        row |= {"accuracy": share_one_N.mean(), "accuracy_other": share_other_N.mean()}
        row |= {"difference": difference, "difference_low": low, "difference_high": high}
        row["only_variant"] = float((share_one_N * (1 - share_other_N)).mean())
        row["only_other"] = float((share_other_N * (1 - share_one_N)).mean())
        rows.append({**row, "p": student_p(difference, deviation, freedom)})
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["p_holm"] = holm(frame["p"].to_numpy())
    winner = np.where(frame["difference"] > 0, frame["variant"], frame["other"])
    return frame.assign(better=np.where(frame["p_holm"] < 1 - confidence, winner, ""))


def right_by_seed(predictions: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """right_SN: whether each seed answers each review right, in the order of seeds and rows."""
    ordered = predictions.sort_values(["seed", "row"])
    right = (ordered["predicted"] == ordered["label"]).to_numpy(np.bool_)
    return right.reshape(ordered["seed"].nunique(), -1)


def resampled_means(values: Mapping[str, npt.NDArray[Any]], *, resamples: int, seed: int) -> dict[str, Floats]:
    """mean_R of each variant's values in each resample of reviews and seeds: the same draws for the same shapes.

    Args:
        values: (S, N) of each variant, such as whether an answer is right; S may differ.
        resamples: R.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    by_seed_NX = np.concatenate([values_SN.T for values_SN in values.values()], axis=1).astype(np.float32)
    reviews = len(by_seed_NX)
    means_RX = np.empty((resamples, by_seed_NX.shape[1]))
    with Progress() as progress:
        task = progress.task("resampling reviews and seeds", resamples, "resamples")
        for start in range(0, resamples, _AT_ONCE):
            drawn = min(_AT_ONCE, resamples - start)
            draws = rng.integers(reviews, size=(drawn, reviews))
            times_RN = np.stack([np.bincount(row, minlength=reviews) for row in draws]).astype(np.float32)
            means_RX[start : start + drawn] = times_RN @ by_seed_NX / reviews
            task.advance(drawn)
    resampled, first = {}, 0
    for name, values_SN in values.items():
        seeds = len(values_SN)
        means_SR = means_RX[:, first : first + seeds].T
        first += seeds
        resampled[name] = resampled_seeds(means_SR, rng.integers(seeds, size=(resamples, seeds)).T)
    return resampled


def holm(p_P: Floats) -> Floats:
    """Holm's adjusted p-values: of the k-th smallest of P, (P - k + 1) times it, never less than the one before."""
    order = p_P.argsort(kind="stable")
    adjusted_P = np.empty_like(p_P)
    adjusted_P[order] = np.maximum.accumulate(p_P[order] * np.arange(len(p_P), 0, -1)).clip(max=1)
    return adjusted_P

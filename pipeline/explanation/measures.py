"""What is measured on each review of a sample: a column per measure, and how the answer falls as tokens go."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.data.reviews import Reviews
from pipeline.explanation import agreement, importance
from pipeline.explanation.adversary import adversary
from pipeline.explanation.erasure import SHARES, decision_flip, erasure
from pipeline.explanation.leave_one_out import leave_one_out
from pipeline.explanation.null_models import permuted
from pipeline.explanation.opened import Flat
from pipeline.processes import Report
from pipeline.progress import Done

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, npt.NDArray[Any]]


def measures(
    model: Any, sample: Reviews, *, permutations: int, seed: int, report: Report
) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """The `reviews` and the `curves` of an `Explanation`, of one model.

    Args:
        model: with attention or without.
        sample: reviews to ask about.
        permutations: of the weights of each.
        seed: of everything random.
        report: called with `Done` after each ranking is made and after each is erased, after the permutations, and
            after the adversary.
    """
    import pandas as pd

    rankings = _rankings(model, sample, seed, report)
    columns: Columns = {"row": sample.rows, "length": sample.lengths}
    curves: list[dict[str, Any]] = []
    for name, ranking in rankings.items():
        own, means = _erased(model, sample, name, ranking)
        columns |= own
        curves += means
        if name != "attention":
            columns |= _agreement(sample, name, rankings["attention"], ranking)
        report(Done())
    columns |= _agreement(sample, "ceiling", rankings["gradient"], rankings["leave_one_out"])
    shuffled = permuted(model, sample, permutations=permutations, seed=seed)
    columns |= {"permutation_change": shuffled.change_N, "largest_weight": shuffled.largest_N}
    report(Done())
    other = adversary(model, sample, seed=seed)
    columns |= {"adversary_divergence": other.divergence_N, "adversary_change": other.change_N}
    report(Done())
    return pd.DataFrame(columns), pd.DataFrame(curves)


def _rankings(model: Any, sample: Reviews, seed: int, report: Report) -> dict[str, Flat]:
    """How much each token matters, by each way of saying so."""
    makers: dict[str, Callable[[], Flat]] = {
        "attention": lambda: importance.attention(model, sample),
        "gradient": lambda: importance.gradient_x_input(model, sample),
        "integrated": lambda: importance.integrated_gradients(model, sample),
        "leave_one_out": lambda: leave_one_out(model, sample),
        "random": lambda: importance.random(sample, seed),
    }
    rankings = {}
    for name, maker in makers.items():
        rankings[name] = maker()
        report(Done())
    return rankings


def _erased(model: Any, sample: Reviews, name: str, ranking: Flat) -> tuple[Columns, list[dict[str, Any]]]:
    """Columns, and the mean over the reviews at each share of tokens; equal attention ranks nothing, and gets NaN."""
    columns, means = {}, []
    undefined_N = _is_even(ranking, sample) if name == "attention" else np.zeros(len(sample), dtype=bool)
    for measure, values_NK in erasure(model, sample, np.nan_to_num(ranking))._asdict().items():
        kind = measure.removesuffix("_NK")
        values_NK[undefined_N] = np.nan
        columns[f"{kind}_{name}"] = values_NK.mean(axis=1)
        means += [
            {"ranking": name, "measure": kind, "share": share, "mean": _mean(values_NK[:, k])}
            for k, share in enumerate(SHARES)
        ]
    flip_N = decision_flip(model, sample, np.nan_to_num(ranking))
    return columns | {f"flip_{name}": np.where(undefined_N, np.nan, flip_N)}, means


def _is_even(weights: Flat, sample: Reviews) -> npt.NDArray[np.bool_]:
    starts = sample.offsets[:-1]
    even_N: npt.NDArray[np.bool_] = np.maximum.reduceat(weights, starts) == np.minimum.reduceat(weights, starts)
    return even_N


def _agreement(sample: Reviews, name: str, one: Flat, other: Flat) -> Columns:
    sizes = np.abs(one), np.abs(other)
    return {
        f"tau_{name}": agreement.kendall(sample, *sizes),
        f"overlap_{name}": agreement.top_overlap(sample, *sizes),
    }


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float("nan") if np.isnan(values).all() else float(np.nanmean(values))

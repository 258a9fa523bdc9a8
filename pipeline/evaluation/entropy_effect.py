"""What an entropy weight does (exercise 5): a variant beside the same variant without the weight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EntropyPair:
    """Two variants that differ in their entropy weight alone.

    Attributes:
        variant: the one with the weight.
        parent: the one without.
        weight: loss per nat of attention entropy; above zero it focuses, below zero it spreads.
    """

    variant: str
    parent: str
    weight: float


def entropy_pairs(variants: Mapping[str, Mapping[str, Any]]) -> list[EntropyPair]:
    """Every variant with an entropy weight, with the variant that has the same entry but for that weight.

    Args:
        variants: the entries of params.yaml as plain dicts, by name. One without a parent is left out.
    """
    parents: dict[str, str] = {}
    for name, entry in variants.items():
        if not _weight(entry):
            parents.setdefault(_without_weight(entry), name)
    return [
        EntropyPair(name, parents[key], weight)
        for name, entry in variants.items()
        if (weight := _weight(entry)) and (key := _without_weight(entry)) in parents
    ]


def entropy_effects(
    pairs: Sequence[EntropyPair],
    predictions: Mapping[str, pd.DataFrame],
    *,
    resamples: int,
    confidence: float,
    seed: int = 0,
) -> pd.DataFrame:
    """The change of accuracy and of entropy from parent to variant, paired by seed and test review.

    The interval is a percentile bootstrap over both: each resample draws reviews, the same for all seeds, and seeds.
    (With three seeds it is still somewhat narrow: three are few to draw from.)

    Args:
        pairs: from ``entropy_pairs``.
        predictions: per variant, the long table over seeds with seed, row, label, predicted and entropy_nats.
        resamples: of the bootstrap.
        confidence: of the interval, such as 0.95.
        seed: of the bootstrap.

    Returns:
        a row per pair: variant, parent, entropy_weight; accuracy_parent, accuracy, accuracy_change and its _low and
        _high (fractions); entropy_parent, entropy, entropy_change and its _low and _high (nats); sentence.

    Raises:
        ValueError: a pair was not predicted on the same reviews with the same seeds.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for pair in pairs:
        parent_SNK, variant_SNK = _measures(predictions[pair.parent]), _measures(predictions[pair.variant])
        if parent_SNK.shape != variant_SNK.shape:
            raise ValueError(
                f"{pair.variant} and {pair.parent} were tested on other reviews or seeds: run `dvc repro` for both"
            )
        low_K, high_K = _interval(variant_SNK - parent_SNK, resamples, confidence, rng)
        row: dict[str, Any] = {"variant": pair.variant, "parent": pair.parent, "entropy_weight": pair.weight}
        for k, measure in enumerate(("accuracy", "entropy")):
            before, after = parent_SNK[..., k].mean(), variant_SNK[..., k].mean()
            row |= {f"{measure}_parent": before, measure: after, f"{measure}_change": after - before}
            row |= {f"{measure}_change_low": low_K[k], f"{measure}_change_high": high_K[k]}
        rows.append({**row, "sentence": _sentence(row)})
    return pd.DataFrame(rows)


def _weight(entry: Mapping[str, Any]) -> float:
    return float(entry.get("training", {}).get("entropy_weight", 0))


def _without_weight(entry: Mapping[str, Any]) -> str:
    training = {key: value for key, value in entry.get("training", {}).items() if key != "entropy_weight"}
    return repr(_sorted({**entry, "training": training}))


def _sorted(value: object) -> object:
    return sorted((key, _sorted(part)) for key, part in value.items()) if isinstance(value, Mapping) else value


def _measures(predictions: pd.DataFrame) -> Floats:
    """(seeds, reviews, 2): whether it is right, and the entropy in nats."""
    ordered = predictions.sort_values(["seed", "row"])
    right_N = (ordered["predicted"] == ordered["label"]).to_numpy(np.float64)
    measures_NK = np.stack([right_N, ordered["entropy_nats"].to_numpy(np.float64)], axis=1)
    return measures_NK.reshape(ordered["seed"].nunique(), -1, 2)


def _interval(
    changes_SNK: Floats, resamples: int, confidence: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    seeds, reviews, measures = changes_SNK.shape
    changes_NX = np.ascontiguousarray(changes_SNK.transpose(1, 0, 2).reshape(reviews, -1))
    means_RK = np.empty((resamples, measures))
    for means_K in means_RK:
        times_drawn_N = np.bincount(rng.integers(reviews, size=reviews), minlength=reviews)
        means_SK = (times_drawn_N @ changes_NX).reshape(seeds, measures) / reviews
        means_K[:] = means_SK[rng.integers(seeds, size=seeds)].mean(axis=0)
    low_K, high_K = np.quantile(means_RK, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return low_K, high_K


def _sentence(row: Mapping[str, Any]) -> str:
    change, low, high = (100 * row[f"accuracy_change{end}"] for end in ("", "_low", "_high"))
    clear = "" if low > 0 or high < 0 else " (no clear change)"
    return (
        f"entropy weight {row['entropy_weight']:g} on {row['parent']}: "
        f"accuracy {change:+.1f} points [{low:+.1f}, {high:+.1f}]{clear}, "
        f"entropy {row['entropy_parent']:.2f} -> {row['entropy']:.2f} nats"
    )

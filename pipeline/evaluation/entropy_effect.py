"""What an entropy weight does (exercise 5): a variant beside the same variant without the weight."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.evaluation.significance import resampled_means
from pipeline.evaluation.student import degrees_of_freedom, student_interval

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
    compared: pd.DataFrame,
    clear: Collection[tuple[str, str]],
    *,
    resamples: int,
    confidence: float,
    seed: int = 0,
) -> pd.DataFrame:
    """The change of accuracy and of entropy from parent to variant, over the same test reviews.

    The interval of the accuracy is the one of ``significance``; that of the entropy is made in the same way.

    Args:
        pairs: from ``entropy_pairs``.
        predictions: per variant, the long table over seeds with seed, row, label, predicted and entropy_nats.
        compared: from ``significance``, of the same predictions.
        clear: from ``clear_pairs``: the changes of accuracy that survive its correction.
        resamples: of the bootstrap.
        confidence: of the interval, such as 0.95.
        seed: of the bootstrap.

    Returns:
        a row per pair: variant, parent, entropy_weight; accuracy_parent, accuracy, accuracy_change and its _low and
        _high (fractions); entropy_parent, entropy, entropy_change and its _low and _high (nats);
        clear, whether the change of accuracy is; sentence.
    """
    rows = []
    for pair in pairs:
        row: dict[str, Any] = {"variant": pair.variant, "parent": pair.parent, "entropy_weight": pair.weight}
        row |= _accuracy(pair, compared)
        entropies = {name: _entropies(predictions[name]) for name in (pair.parent, pair.variant)}
        resampled = resampled_means(entropies, resamples=resamples, seed=seed)
        before, after = entropies[pair.parent].mean(), entropies[pair.variant].mean()
        change_R = resampled[pair.variant] - resampled[pair.parent]
        deviation = float(change_R.std(ddof=1))
        freedom = degrees_of_freedom(deviation**2, *entropies.values())
        low, high = student_interval(after - before, deviation, freedom, confidence)
        row |= {"entropy_parent": before, "entropy": after, "entropy_change": after - before}
        row |= {"entropy_change_low": low, "entropy_change_high": high}
        row["clear"] = (pair.variant, pair.parent) in clear
        rows.append({**row, "sentence": _sentence(row)})
    return pd.DataFrame(rows)


def _accuracy(pair: EntropyPair, compared: pd.DataFrame) -> dict[str, float]:
    """From the row of the pair, which may stand there in either order."""
    rows = {(row["variant"], row["other"]): row for row in compared.to_dict("records")}
    if (pair.variant, pair.parent) in rows:
        row = rows[pair.variant, pair.parent]
        change, low, high = row["difference"], row["difference_low"], row["difference_high"]
        after, before = row["accuracy"], row["accuracy_other"]
    else:
        row = rows[pair.parent, pair.variant]
        change, low, high = -row["difference"], -row["difference_high"], -row["difference_low"]
        before, after = row["accuracy"], row["accuracy_other"]
    return {
        **{"accuracy_parent": before, "accuracy": after},
        **{"accuracy_change": change, "accuracy_change_low": low, "accuracy_change_high": high},
    }


def _weight(entry: Mapping[str, Any]) -> float:
    return float(entry.get("training", {}).get("entropy_weight", 0))


def _without_weight(entry: Mapping[str, Any]) -> str:
    training = {key: value for key, value in entry.get("training", {}).items() if key != "entropy_weight"}
    return repr(_sorted({**entry, "training": training}))


def _sorted(value: object) -> object:
    return sorted((key, _sorted(part)) for key, part in value.items()) if isinstance(value, Mapping) else value


def _entropies(predictions: pd.DataFrame) -> Floats:
    """(seeds, reviews) in nats."""
    ordered = predictions.sort_values(["seed", "row"])
    return ordered["entropy_nats"].to_numpy(np.float64).reshape(ordered["seed"].nunique(), -1)


def _sentence(row: Mapping[str, Any]) -> str:
    change, low, high = (100 * row[f"accuracy_change{end}"] for end in ("", "_low", "_high"))
    return (
        f"entropy weight {row['entropy_weight']:g} on {row['parent']}: "
        f"accuracy {change:+.1f} points [{low:+.1f}, {high:+.1f}]{'' if row['clear'] else ' (no clear change)'}, "
        f"entropy {row['entropy_parent']:.2f} -> {row['entropy']:.2f} nats"
    )

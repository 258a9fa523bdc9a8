"""The frontier of exercise 5: accuracy, entropy and faithfulness of a model under a range of entropy weights."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.reviews import Reviews
from pipeline.evaluation.entropy import entropy_columns
from pipeline.evaluation.entropy_effect import entropy_pairs
from pipeline.evaluation.predict import Predictions
from pipeline.evaluation.results import Results
from pipeline.evaluation.way import FALLS, way
from pipeline.formats import read_results_json

COLUMNS = ("accuracy", "entropy_nats", "entropy_normalised")


def point(predictions: Predictions, reviews: Reviews) -> dict[str, float]:
    """Accuracy (a fraction), mean entropy in nats, and divided by ln(length), of one seed.

    Args:
        predictions: of the reviews.
        reviews: with labels.
    """
    entropies = entropy_columns(predictions.weights, reviews.offsets)
    return {
        "accuracy": round(float((predictions.predicted_N == reviews.labels).mean()), 6),
        **{name: round(float(np.nanmean(entropies[name])), 6) for name in COLUMNS[1:]},
    }


def read_frontier(results: Path, variants: Sequence[str], weights: Sequence[float]) -> list[dict[str, Any]]:
    """What `stages.sweep` wrote of the variants and weights that are asked for, and of no other.

    Args:
        results: the corpus's folder, with explanation/frontier/<variant>/<weight>.json.
        variants: names.
        weights: of entropy.
    """
    files = sorted((results / "explanation/frontier").glob("*/*.json"))
    found = [read_results_json(path) for path in files]
    return [one for one in found if one["variant"] in variants and one["entropy_weight"] in weights]


def entropy_frontier(
    variants: Mapping[str, Mapping[str, Any]], results: Results, points: list[dict[str, Any]]
) -> pd.DataFrame:
    """A row per variant and entropy weight, in order of the weight: 0 is the variant itself.

    Variants of their own that differ in the entropy weight alone are points of the variant without it.

    Args:
        variants: the entries of params.yaml as plain dicts, by name.
        results: of every variant.
        points: from `read_frontier`.

    Returns:
        variant, entropy_weight, seeds; accuracy_mean and accuracy_std (fractions), entropy_nats_mean and _std,
        entropy_normalised_mean and _std, over seeds; accuracy_uniform, with equal weights in the place of the model's;
        comprehensiveness under each ranking, and way (way.py).
    """
    pairs = entropy_pairs(variants)
    swept = dict.fromkeys([*(one["variant"] for one in points), *(pair.parent for pair in pairs)])
    own = [(name, 0.0, name) for name in swept] + [(pair.parent, pair.weight, pair.variant) for pair in pairs]
    rows = [_row(name, weight, results.by_seed[source], results.explanations[source]) for name, weight, source in own]
    rows += [_row(one["variant"], one["entropy_weight"], one["by_seed"], one) for one in points]
    names = ("variant", "entropy_weight")
    table = pd.DataFrame(rows, columns=None if rows else names).drop_duplicates(list(names))
    order = {name: place for place, name in enumerate(variants)}
    return table.sort_values(
        list(names), key=lambda column: column.map(order) if column.name == "variant" else column, ignore_index=True
    )


def _row(
    variant: str, weight: float, by_seed: Mapping[str, Mapping[str, Any]], summary: Mapping[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {"variant": variant, "entropy_weight": weight, "seeds": len(by_seed)}
    for name in COLUMNS:
        values = np.array([one[name] for one in by_seed.values()], dtype=float)
        row[f"{name}_mean"] = values.mean()
        row[f"{name}_std"] = values.std(ddof=1) if len(values) > 1 else 0.0
    row["accuracy_uniform"] = summary["accuracy"]["uniform"]
    falls = pd.DataFrame([{name: summary["measures"][name]["mean"] for name in FALLS}], dtype=float)
    return {**row, **{name: float(falls[name][0]) for name in FALLS}, "way": float(way(falls)[0])}


def steering(table: pd.DataFrame) -> Iterator[str]:
    """What the sweep of each variant did, in words made from the numbers.

    Args:
        table: from `entropy_frontier`.
    """
    for variant, rows in table.groupby("variant", sort=False):
        if len(rows) > 2:
            first, last = rows.iloc[0], rows.iloc[-1]
            best = rows.iloc[int(rows["accuracy_mean"].to_numpy().argmax())]
            way = ""
            if np.isfinite([first["way"], last["way"]]).all():
                way = f", and attended words from {100 * first['way']:.0f} to {100 * last['way']:.0f} % of the way"
                way += " to the best known"
            yield (
                f"{variant}: from weight {first['entropy_weight']:+g} to {last['entropy_weight']:+g} the entropy goes "
                f"from {first['entropy_nats_mean']:.2f} to {last['entropy_nats_mean']:.2f} nats, the accuracy from "
                f"{100 * first['accuracy_mean']:.1f} to {100 * last['accuracy_mean']:.1f} % (highest at "
                f"{best['entropy_weight']:+g}: {100 * best['accuracy_mean']:.1f} %){way}"
            )

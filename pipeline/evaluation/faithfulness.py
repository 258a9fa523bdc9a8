"""Whether attention may be read as a reason, variant beside variant: a table, and a verdict in words for each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

FLOOR, CEILING = "random", "leave_one_out"
QUESTION = "6. May the weights be read as reasons?"


def faithfulness(explanations: Mapping[str, Mapping[str, Any]], exchanged: pd.DataFrame) -> pd.DataFrame:
    """One row per variant with attention that is not the same for every word.

    Args:
        explanations: the summaries of the explanations, by variant.
        exchanged: model, donor and accuracy, from `exchange`.

    Returns:
        variant, seeds, reviews; accuracy under the own weights and under each replacement (fractions); exchange_lost,
        what the weights of another variant cost (the median over the others, of a smaller sample); and of every
        measure its mean, <measure>_low, <measure>_high and <measure>_undefined (the share of reviews without it).
    """
    rows = []
    for variant, summary in explanations.items():
        measures = summary["measures"]
        if not measures or measures["comprehensiveness_attention"]["mean"] is None:
            continue
        row: dict[str, Any] = {"variant": variant, "seeds": summary["seeds"], "reviews": summary["reviews"]}
        row |= {f"accuracy_{name}": value for name, value in summary["accuracy"].items()}
        row["exchange_lost"] = _lost(exchanged[exchanged["model"] == variant].set_index("donor")["accuracy"], variant)
        for name, values in measures.items():
            row[name] = values["mean"]
            row |= {f"{name}_{end}": values[end] for end in ("low", "high", "undefined")}
        rows.append(row)
    return pd.DataFrame(rows)


def _lost(accuracies: pd.Series, own: str) -> float:
    others = accuracies.drop(own)
    return float(accuracies[own] - others.median()) if len(others) else float("nan")


def reading(table: pd.DataFrame) -> list[str]:
    """A sentence per variant: what its weights are worth, between the floor and the ceiling.

    Args:
        table: from `faithfulness`.
    """
    return [_sentence(row) for _, row in table.iterrows()]


def _sentence(row: pd.Series) -> str:
    lost = {name: 100 * (row["accuracy_own"] - row[f"accuracy_{name}"]) for name in ("uniform", "permuted")}
    drop = {ranking: row[f"comprehensiveness_{ranking}"] for ranking in ("attention", FLOOR, CEILING)}
    return (
        f"{row['variant']}: uniform weights in the place of its own cost {lost['uniform']:.1f} points, "
        f"permuted ones {lost['permuted']:.1f}, those of another variant {100 * row['exchange_lost']:.1f}. "
        f"Without its most attended words the probability falls by "
        f"{drop['attention']:.3f} (random words {drop[FLOOR]:.3f}, leave-one-out {drop[CEILING]:.3f}): "
        f"{_where(drop)}. Weights {row['adversary_divergence']:.2f} nats away, of 0.69 possible, give the same answer."
    )


def _where(drop: Mapping[str, float]) -> str:
    """Where attention stands on the way from the floor to the ceiling."""
    way = drop[CEILING] - drop[FLOOR]
    if way <= 0:
        return "nothing to tell, for the ceiling is no higher than the floor"
    return f"{100 * (drop['attention'] - drop[FLOOR]) / way:.0f} % of the way from floor to ceiling"

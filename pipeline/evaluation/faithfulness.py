"""Whether attention may be read as a reason, variant beside variant: a table, and a verdict in words for each."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.entropy_effect import EntropyPair
from pipeline.evaluation.null_names import KINDS, null_name
from pipeline.evaluation.way import FALLS, Floats, ceiling, percentiles, way

UNKNOWN = np.array([np.nan])  # ways of a variant whose reviews an earlier version did not keep
QUESTION = "6. May the weights be read as reasons?"
EDITS_QUESTION = "7. A minimal edit turns the label: does the answer follow?"


def faithfulness(
    explanations: Mapping[str, Mapping[str, Any]],
    exchanged: pd.DataFrame,
    nulls: Mapping[str, float],
    inherited: Mapping[str, str],
    ways: Mapping[str, Floats],
    *,
    confidence: float,
) -> pd.DataFrame:
    """One row per variant with attention that is not the same for every word.

    Args:
        explanations: the summaries of the explanations, by variant.
        exchanged: model, donor and accuracy, from `exchange`.
        nulls: accuracies of the null models on the test reviews, by `null_name`.
        inherited: from `inherited_nulls`: whose null model stands for a variant's own.
        ways: from `resampled_ways`, by variant.
        confidence: of the interval of the way.

    Returns:
        variant, seeds, reviews; accuracy under the own weights and under each replacement (fractions);
        accuracy_trained_uniform and accuracy_trained_random, of the null models; exchange_lost,
        what the weights of another variant cost (the median over the others, of a smaller sample); ceiling, way,
        way_low and way_high (way.py); and of every measure its mean, <measure>_low, <measure>_high and
        <measure>_undefined (the share of reviews without it).
        Without a row it has the first three columns.
    """
    rows = []
    for variant, summary in explanations.items():
        measures = summary["measures"]
        if not measures or measures["comprehensiveness_attention"]["mean"] is None:
            continue
        row: dict[str, Any] = {"variant": variant, "seeds": summary["seeds"], "reviews": summary["reviews"]}
        row |= {f"accuracy_{name}": value for name, value in summary["accuracy"].items()}
        for kind in KINDS:
            own = null_name(variant, kind)
            row[f"accuracy_trained_{kind}"] = nulls.get(own, nulls.get(inherited.get(own, ""), float("nan")))
        row["exchange_lost"] = _lost(exchanged[exchanged["model"] == variant].set_index("donor")["accuracy"], variant)
        for name, values in measures.items():
            named = {name: values["mean"]} | {f"{name}_{end}": values[end] for end in ("low", "high", "undefined")}
            row |= {key: float("nan") if value is None else value for key, value in named.items()}
        falls = pd.DataFrame([{name: row.get(name) for name in FALLS}], dtype=float)
        row |= {"ceiling": float(ceiling(falls)[0]), "way": float(way(falls)[0])}
        row["way_low"], row["way_high"] = percentiles(ways.get(variant, UNKNOWN), confidence)
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else ["variant", "seeds", "reviews"])


def _lost(accuracies: pd.Series, own: str) -> float:
    others = accuracies.drop(own)
    return float(accuracies[own] - others.median()) if len(others) else float("nan")


def reading(table: pd.DataFrame) -> list[str]:
    """A sentence per variant: what its weights are worth, between the floor and the ceiling.

    Args:
        table: from `faithfulness`.
    """
    return [_sentence(row) for _, row in table.iterrows()]


def closer(
    pairs: Iterable[EntropyPair], ways: Mapping[str, Floats], table: pd.DataFrame, *, confidence: float
) -> list[str]:
    """A sentence per entropy weight: how much further along the way its attended words are, on the same reviews.

    Args:
        pairs: from `entropy_pairs`.
        ways: from `resampled_ways`.
        table: from `faithfulness`.
        confidence: of the intervals.
    """
    own, sentences = dict(zip(table["variant"], table["way"], strict=True)) if len(table) else {}, []
    for pair in pairs:
        if {pair.variant, pair.parent} <= own.keys() & ways.keys():
            change = own[pair.variant] - own[pair.parent]
            low, high = percentiles(ways[pair.variant] - ways[pair.parent], confidence)
            sentences.append(
                f"entropy weight {pair.weight:g} on {pair.parent}: {100 * change:+.0f} points of the way "
                f"[{100 * low:+.0f}, {100 * high:+.0f}]"
            )
    return sentences


def following(edits: pd.DataFrame) -> list[str]:
    """Which variants follow a minimal edit to the opposite label, and whose attention lies on the edited words.

    Args:
        edits: from `counterfactual_table`.
    """
    sentences = [_turned(edits)]
    if held_out := int(edits["held_out"].iloc[0]):
        both = _most_and_least(edits, "consistency")
        sentences.append(f"of the {held_out} pairs of these edits and their reviews, both right: {both}")
    looks = edits[edits["lift"].notna()].sort_values("lift", ascending=False)
    if len(looks):
        most, least = looks.iloc[0], looks.iloc[-1]
        sentences.append(
            f"attention lies on the edited words {most['lift']:.1f} times as heavily as equal weights would "
            f"[{most['lift_low']:.1f}, {most['lift_high']:.1f}] in {most['variant']}, {least['lift']:.1f} times in "
            f"{least['variant']}"
        )
    return sentences


def _turned(edits: pd.DataFrame) -> str:
    """On edits of reviews that no model has learned; the answer to another one may be remembered."""
    pairs, held_out = int(edits["pairs"].iloc[0]), int(edits["held_out"].iloc[0])
    name = "accuracy_edited_held_out"
    if not held_out or name not in edits:  # an earlier version did not tell these edits from the others
        said = _most_and_least(edits, "accuracy_edited")
        return f"of all {pairs} edits, whose reviews were mostly trained on under the opposite label, right: {said}"
    said = f"of the {held_out} edits whose review was held out of training, right: {_most_and_least(edits, name)}"
    if held_out == pairs:
        return said
    learned = edits.sort_values(name, ascending=False)["accuracy_edited_trained_on"]
    return (
        f"{said}; of the {pairs - held_out} others, whose review was trained on under the opposite label, "
        f"{100 * learned.iloc[0]:.0f} and {100 * learned.iloc[-1]:.0f} %"
    )


def _most_and_least(edits: pd.DataFrame, name: str) -> str:
    rows = edits.sort_values(name, ascending=False).iloc[[0, -1]]
    ends = zip(rows["variant"], *(100 * rows[f"{name}{end}"] for end in ("", "_low", "_high")), strict=True)
    return ", ".join(f"{variant} {share:.0f} % [{low:.0f}, {high:.0f}]" for variant, share, low, high in ends)


def _sentence(row: pd.Series) -> str:
    lost = 100 * (row["accuracy_own"] - row["accuracy_uniform"])
    told = "nothing to tell: no ranking finds words that matter more than random ones"
    if pd.notna(row["way"]):
        ends = f"[{100 * row['way_low']:.0f}, {100 * row['way_high']:.0f}]"
        told = f"its most attended words are {100 * row['way']:.0f} % {ends} of the way from random to the best known"
    return f"{row['variant']}: {told}; equal weights in their place cost {lost:.1f} points"

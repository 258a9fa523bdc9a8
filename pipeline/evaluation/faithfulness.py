"""Whether attention may be read as a reason, variant beside variant: a table, and a verdict in words for each."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.evaluation.null_names import KINDS, null_name

FLOOR, CEILING = "random", "leave_one_out"
QUESTION = "6. May the weights be read as reasons?"
EDITS_QUESTION = "7. A minimal edit turns the label: does the answer follow?"


def faithfulness(
    explanations: Mapping[str, Mapping[str, Any]],
    exchanged: pd.DataFrame,
    nulls: Mapping[str, float],
    inherited: Mapping[str, str],
) -> pd.DataFrame:
    """One row per variant with attention that is not the same for every word.

    Args:
        explanations: the summaries of the explanations, by variant.
        exchanged: model, donor and accuracy, from `exchange`.
        nulls: accuracies of the null models on the test reviews, by `null_name`.
        inherited: from `inherited_nulls`: whose null model stands for a variant's own.

    Returns:
        variant, seeds, reviews; accuracy under the own weights and under each replacement (fractions);
        accuracy_trained_uniform and accuracy_trained_random, of the null models; exchange_lost,
        what the weights of another variant cost (the median over the others, of a smaller sample); and of every
        measure its mean, <measure>_low, <measure>_high and <measure>_undefined (the share of reviews without it).
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
            row[name] = values["mean"]
            row |= {f"{name}_{end}": values[end] for end in ("low", "high", "undefined")}
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


def way_to_ceiling(row: pd.Series) -> float:
    """Where the most attended words stand between random ones (0) and the best of leave-one-out (1); NaN without a way.

    Args:
        row: of `faithfulness`.
    """
    floor, ceiling = row[f"comprehensiveness_{FLOOR}"], row[f"comprehensiveness_{CEILING}"]
    return float((row["comprehensiveness_attention"] - floor) / (ceiling - floor)) if ceiling > floor else float("nan")


def following(edits: pd.DataFrame) -> list[str]:
    """Which variants follow a minimal edit to the opposite label, and whose attention lies on the edited words.

    Args:
        edits: from `counterfactual_table`.
    """
    answers = edits.sort_values("accuracy_edited", ascending=False)
    sentences = [f"{_right(answers.iloc[0])}, {_right(answers.iloc[-1])}; the edits stand in no training text"]
    pairs = edits[edits["held_out"] > 0].sort_values("consistency", ascending=False)
    if len(pairs):
        most, least = pairs.iloc[0], pairs.iloc[-1]
        sentences.append(
            f"of the {most['held_out']} pairs whose review was held out of training too, {most['variant']} has both "
            f"right in {100 * most['consistency']:.0f} % [{100 * most['consistency_low']:.0f}, "
            f"{100 * most['consistency_high']:.0f}], {least['variant']} in {100 * least['consistency']:.0f} % "
            f"[{100 * least['consistency_low']:.0f}, {100 * least['consistency_high']:.0f}]"
        )
    looks = edits[edits["lift"].notna()].sort_values("lift", ascending=False)
    if len(looks):
        most, least = looks.iloc[0], looks.iloc[-1]
        sentences.append(
            f"attention lies on the edited words {most['lift']:.1f} times as heavily as equal weights would "
            f"[{most['lift_low']:.1f}, {most['lift_high']:.1f}] in {most['variant']}, {least['lift']:.1f} times in "
            f"{least['variant']}"
        )
    return sentences


def _right(row: pd.Series) -> str:
    ends = f"[{100 * row['accuracy_edited_low']:.1f}, {100 * row['accuracy_edited_high']:.1f}]"
    return f"{row['variant']} is right on {100 * row['accuracy_edited']:.1f} % of the edits {ends}"


def _sentence(row: pd.Series) -> str:
    lost = 100 * (row["accuracy_own"] - row["accuracy_uniform"])
    way = way_to_ceiling(row)
    told = "nothing to tell: leaving words out one by one finds none that matter"
    if pd.notna(way):
        told = f"its most attended words are {100 * way:.0f} % of the way from random words to those that matter most"
    return f"{row['variant']}: {told}; equal weights in their place cost {lost:.1f} points"

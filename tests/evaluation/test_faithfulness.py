"""Explanations side by side, and what they say in words."""

from typing import Any

import pandas as pd
import pytest
from evaluation_results import edits, reasons

from pipeline.evaluation.faithfulness import faithfulness, following, reading, way_to_ceiling

MLP = {"kind": "mlp", "hidden": 8}
VARIANTS: dict[str, Any] = {
    "tfidf": {"family": "tfidf"},
    "mean": {},
    "attention": {"query": {"kind": "global"}},
    "random": {"query": {"kind": "random", "scale": 1.0}},
    "text_entropy": {"query": {"kind": "text"}, "training": {"entropy_weight": 0.1}},
    "mean_value": {"value": MLP},
    "value": {"query": {"kind": "global"}, "value": MLP},
    "gru": {"encoder": {"kind": "gru", "hidden": 8}, "query": {"kind": "global"}},
}
ACCURACIES = {"mean": 0.7, "random": 0.72, "mean_value": 0.8}


def summary(mean: float | None, own: float = 0.9) -> dict[str, Any]:
    measure = {"mean": mean, "low": 0.1, "high": 0.3, "undefined": 0.0 if mean is not None else 1.0}
    return {
        **{"seeds": 3, "reviews": 75, "accuracy": {"own": own, "uniform": 0.5}},
        "measures": {"comprehensiveness_attention": measure},
    }


def exchanged(accuracies: dict[tuple[str, str], float]) -> pd.DataFrame:
    return pd.DataFrame([{"model": m, "donor": d, "accuracy": value} for (m, d), value in accuracies.items()])


def test_a_variant_stands_in_the_table_if_its_attention_can_be_ranked() -> None:
    own = {("attention", "attention"): 0.9, ("attention", "one"): 0.8, ("attention", "two"): 0.6}
    explanations = {"tfidf": {"measures": {}}, "mean": summary(None), "attention": summary(0.2)}
    table = faithfulness(explanations, exchanged(own), VARIANTS, ACCURACIES)
    (row,) = table.to_dict("records")
    assert row["variant"] == "attention"
    assert (row["accuracy_own"], row["accuracy_uniform"]) == (0.9, 0.5)
    assert row["exchange_lost"] == pytest.approx(0.2), "the median over the others"
    assert (row["comprehensiveness_attention"], row["comprehensiveness_attention_undefined"]) == (0.2, 0.0)


def test_the_only_variant_has_nobody_to_exchange_with() -> None:
    table = faithfulness(
        {"attention": summary(0.2)}, exchanged({("attention", "attention"): 0.9}), VARIANTS, ACCURACIES
    )
    assert table["exchange_lost"].isna().all()


def test_a_variant_stands_beside_those_that_were_trained_without_its_attention() -> None:
    explanations = {name: summary(0.2) for name in ("attention", "text_entropy", "value", "gru")}
    alone = exchanged({(name, name): 0.9 for name in explanations})
    table = faithfulness(explanations, alone, VARIANTS, ACCURACIES).set_index("variant")
    assert list(table["accuracy_trained_uniform"])[:3] == [0.7, 0.7, 0.8]
    assert list(table["accuracy_trained_random"])[:2] == [0.72, 0.72]
    assert table.loc["value", "accuracy_trained_random"] != table.loc["value", "accuracy_trained_random"], "it has none"
    assert table.loc["gru"].filter(like="trained").isna().all()


@pytest.mark.parametrize(("ceiling", "way"), [(0.5, 0.25), (0.3, 0.5), (0.1, None), (0.05, None)])
def test_attention_stands_somewhere_on_the_way_from_floor_to_ceiling(ceiling: float, way: float | None) -> None:
    row = reasons(["attention"]).iloc[0]
    row["comprehensiveness_leave_one_out"] = ceiling
    assert way_to_ceiling(row) == pytest.approx(way if way is not None else float("nan"), nan_ok=True)


def test_the_reading_is_made_from_the_numbers() -> None:
    one, two = reading(reasons(["attention", "best"]))
    assert one.startswith("attention: its most attended words are 25 % of the way from random words")
    assert one.endswith("equal weights in their place cost 30.0 points")
    assert two.startswith("best: its most attended words are 50 % of the way")
    nothing = reasons(["attention"]).assign(comprehensiveness_leave_one_out=0.0)
    assert reading(nothing)[0].startswith("attention: nothing to tell")


def test_who_follows_an_edit_is_said_from_the_numbers() -> None:
    answers, looks = following(edits(["mean", "attention", "best", "tfidf"]))
    assert answers.startswith(
        "tfidf is right on 80.0 % of the edits [79.0, 81.0], mean is right on 50.0 % of the edits [49.0, 51.0]"
    )
    assert "3.0 times as heavily as equal weights would [2.5, 3.5] in best, 1.0 times in mean" in looks


def test_without_attention_nothing_is_said_about_where_it_lies() -> None:
    assert len(following(edits(["tfidf"]))) == 1

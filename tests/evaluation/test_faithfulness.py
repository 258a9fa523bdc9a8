"""Explanations side by side, and what they say in words."""

from typing import Any

import pandas as pd
import pytest
import torch
from evaluation_results import edits, reasons

from pipeline.evaluation.faithfulness import faithfulness, following, reading, way_to_ceiling
from pipeline.evaluation.null_names import inherited_nulls
from pipeline.models.variants import build_model
from pipeline.params import load_params
from pipeline.params_variants import NullKind, null_model
from pipeline.source import ROOT


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
    table = faithfulness(explanations, exchanged(own), {}, {})
    (row,) = table.to_dict("records")
    assert row["variant"] == "attention"
    assert (row["accuracy_own"], row["accuracy_uniform"]) == (0.9, 0.5)
    assert row["exchange_lost"] == pytest.approx(0.2), "the median over the others"
    assert (row["comprehensiveness_attention"], row["comprehensiveness_attention_undefined"]) == (0.2, 0.0)


def test_a_table_without_a_row_has_its_first_columns() -> None:
    table = faithfulness({"attention": summary(None)}, exchanged({("attention", "attention"): 0.9}), {}, {})
    assert list(table.columns) == ["variant", "seeds", "reviews"]
    assert table.empty
    assert reading(table) == []


def test_the_only_variant_has_nobody_to_exchange_with() -> None:
    table = faithfulness({"attention": summary(0.2)}, exchanged({("attention", "attention"): 0.9}), {}, {})
    assert table["exchange_lost"].isna().all()


def test_a_variant_stands_beside_its_null_models_and_those_of_its_parent() -> None:
    explanations = {name: summary(0.2) for name in ("attention", "attention_entropy", "gru")}
    alone = exchanged({(name, name): 0.9 for name in explanations})
    nulls = {"attention/uniform": 0.7, "attention/random": 0.72, "gru/random": 0.8}
    same = {"attention_entropy/uniform": "attention/uniform", "attention_entropy/random": "attention/random"}
    table = faithfulness(explanations, alone, nulls, same)
    assert list(table["accuracy_trained_uniform"].fillna(0)) == [0.7, 0.7, 0]
    assert list(table["accuracy_trained_random"]) == [0.72, 0.72, 0.8]


@pytest.mark.parametrize("kind", ["uniform", "random"])
@pytest.mark.parametrize(
    "variant", ["attention", "attention_text_query_value", "lstm_attention", "attention_trainable"]
)
def test_a_null_model_is_shared_where_training_cannot_change_its_entropy(variant: str, kind: NullKind) -> None:
    params = load_params(ROOT / "params.yaml")
    entry = params.learns_attention(variant)
    torch.manual_seed(0)
    model = build_model(null_model(entry, kind), torch.randn(9, 4), classes=2).eval()
    weights_BT = model(torch.arange(2, 8)[None], torch.tensor([6])).weights_BT
    entropy = torch.special.entr(weights_BT).sum()
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(entropy, learned, allow_unused=True) if entropy.requires_grad else []
    reached = any(one is not None and one.abs().max() > 1e-6 for one in gradients)
    shared = inherited_nulls({"entropy": entry.model_dump()}, {"entropy": variant})
    assert (f"entropy/{kind}" in shared) == (not reached)


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
    answers, both, looks = following(edits(["mean", "attention", "best", "tfidf"]))
    assert answers.startswith(
        "tfidf is right on 80.0 % of the edits [79.0, 81.0], mean is right on 50.0 % of the edits [49.0, 51.0]"
    )
    assert both == (
        "of the 40 pairs whose review was held out of training too, tfidf has both right in 70 % [30, 90], "
        "mean in 40 % [30, 90]"
    )
    assert "3.0 times as heavily as equal weights would [2.5, 3.5] in best, 1.0 times in mean" in looks


def test_without_attention_nothing_is_said_about_where_it_lies() -> None:
    assert len(following(edits(["tfidf"]))) == 2
    assert len(following(edits(["tfidf"]).assign(held_out=0))) == 1

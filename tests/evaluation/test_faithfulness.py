"""Explanations side by side, and what they say in words."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from evaluation_results import edits, reasons

from pipeline.evaluation.entropy_effect import EntropyPair
from pipeline.evaluation.faithfulness import closer, faithfulness, following, reading
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


def table_of(
    explanations: dict[str, Any],
    exchanges: pd.DataFrame,
    nulls: dict[str, float] | None = None,
    inherited: dict[str, str] | None = None,
) -> pd.DataFrame:
    ways = {name: np.linspace(0, 1, 101) for name in explanations}
    return faithfulness(explanations, exchanges, nulls or {}, inherited or {}, ways, confidence=0.9)


def test_a_variant_stands_in_the_table_if_its_attention_can_be_ranked() -> None:
    own = {("attention", "attention"): 0.9, ("attention", "one"): 0.8, ("attention", "two"): 0.6}
    explanations = {"tfidf": {"measures": {}}, "mean": summary(None), "attention": summary(0.2)}
    table = table_of(explanations, exchanged(own))
    (row,) = table.to_dict("records")
    assert row["variant"] == "attention"
    assert (row["accuracy_own"], row["accuracy_uniform"]) == (0.9, 0.5)
    assert row["exchange_lost"] == pytest.approx(0.2), "the median over the others"
    assert (row["comprehensiveness_attention"], row["comprehensiveness_attention_undefined"]) == (0.2, 0.0)
    assert (row["way_low"], row["way_high"]) == (pytest.approx(0.05), pytest.approx(0.95))


def test_a_table_without_a_row_has_its_first_columns() -> None:
    table = table_of({"attention": summary(None)}, exchanged({("attention", "attention"): 0.9}))
    assert list(table.columns) == ["variant", "seeds", "reviews"]
    assert table.empty
    assert reading(table) == []


def test_the_only_variant_has_nobody_to_exchange_with() -> None:
    table = table_of({"attention": summary(0.2)}, exchanged({("attention", "attention"): 0.9}))
    assert table["exchange_lost"].isna().all()


def test_a_variant_stands_beside_its_null_models_and_those_of_its_parent() -> None:
    explanations = {name: summary(0.2) for name in ("attention", "attention_entropy", "gru")}
    alone = exchanged({(name, name): 0.9 for name in explanations})
    nulls = {"attention/uniform": 0.7, "attention/random": 0.72, "gru/random": 0.8}
    same = {"attention_entropy/uniform": "attention/uniform", "attention_entropy/random": "attention/random"}
    table = table_of(explanations, alone, nulls, same)
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


def test_the_reading_is_made_from_the_numbers() -> None:
    one, two = reading(reasons(["attention", "best"]))
    assert one.startswith("attention: its most attended words are 25 % [10, 90] of the way from random to the best")
    assert one.endswith("equal weights in their place cost 30.0 points")
    assert two.startswith("best: its most attended words are 50 % [10, 90] of the way")
    nothing = reasons(["attention"]).assign(way=float("nan"))
    assert reading(nothing)[0].startswith("attention: nothing to tell")


def test_an_entropy_weight_is_said_to_bring_words_closer_by_as_much_as_it_does() -> None:
    table = reasons(["attention", "attention_entropy"])
    pairs = [EntropyPair("attention_entropy", "attention", 0.02), EntropyPair("gone", "attention", 0.1)]
    ways = {"attention": np.linspace(0.2, 0.3, 101), "attention_entropy": np.linspace(0.3, 0.6, 101)}
    assert closer(pairs, ways, table, confidence=0.9) == [
        "entropy weight 0.02 on attention: +25 points of the way [+11, +29]"
    ]


def test_who_follows_an_edit_is_said_from_the_numbers_of_what_was_not_learned() -> None:
    answers, both, looks = following(edits(["mean", "attention", "best", "tfidf"]))
    assert answers == (
        "of the 40 edits whose review was held out of training, right: tfidf 90 % [80, 100], mean 60 % [50, 70]; "
        "of the 60 others, whose review was trained on under the opposite label, 70 and 40 %"
    )
    right = "both right: tfidf 70 % [30, 90], mean 40 % [30, 90]"
    assert both == f"of the 40 pairs of these edits and their reviews, {right}"
    assert "3.0 times as heavily as equal weights would [2.5, 3.5] in best, 1.0 times in mean" in looks


def test_without_attention_nothing_is_said_about_where_it_lies() -> None:
    assert len(following(edits(["tfidf"]))) == 2
    (sentence,) = following(edits(["tfidf"]).assign(held_out=0))
    assert sentence.startswith("of all 100 edits, whose reviews were mostly trained on")
    assert "others" not in following(edits(["tfidf"]).assign(held_out=100))[0]

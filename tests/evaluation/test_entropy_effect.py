from collections.abc import Collection

import numpy as np
import pandas as pd
import pytest
from evaluation_results import predictions

from pipeline.evaluation.entropy_effect import EntropyPair, entropy_effects, entropy_pairs
from pipeline.evaluation.significance import significance
from pipeline.params_variants import AttentionVariant

QUERY = {"query": {"kind": "global"}}
PAIR = EntropyPair("with", "without", 0.01)


def entry(**training: float) -> dict[str, object]:
    return AttentionVariant.model_validate({**QUERY, "training": training}).model_dump()


def test_a_pair_differs_in_the_entropy_weight_alone() -> None:
    variants = {
        "plain": entry(),
        "focused": entry(entropy_weight=0.01),
        "spread": entry(entropy_weight=-0.01),
        "slow": entry(learning_rate=1e-4),
        "slow_focused": entry(entropy_weight=0.5, learning_rate=1e-4),
        "other": entry(entropy_weight=0.01, dropout=0.5),
        "tfidf": {"family": "tfidf", "ngrams": 2},
    }
    assert entropy_pairs(variants) == [
        EntropyPair("focused", "plain", 0.01),
        EntropyPair("spread", "plain", -0.01),
        EntropyPair("slow_focused", "slow", 0.5),
    ]


def test_a_weight_of_zero_is_no_weight() -> None:
    assert entropy_pairs({"zero": entry(entropy_weight=0.0), "focused": entry(entropy_weight=1.0)}) == [
        EntropyPair("focused", "zero", 1.0)
    ]


def test_the_order_of_keys_and_variants_does_not_matter() -> None:
    child = {"training": {"entropy_weight": 0.1, "dropout": 0.2}, "query": {"hidden": [4], "kind": "text"}}
    parent = {"query": {"kind": "text", "hidden": [4]}, "training": {"dropout": 0.2}}
    assert entropy_pairs({"child": child, "parent": parent}) == [EntropyPair("child", "parent", 0.1)]


def effects_of(tables: dict[str, pd.DataFrame], clear: Collection[tuple[str, str]] = ()) -> pd.DataFrame:
    settings = {"resamples": 500, "confidence": 0.95}
    return entropy_effects([PAIR], tables, significance(tables, **settings), clear, **settings)


def test_changes_are_paired_by_seed_and_review_whatever_the_order_of_rows() -> None:
    before = predictions([[True, False, False, True], [True, True, False, False]], nats=3.1)
    after = predictions([[True, True, False, True], [True, True, True, False]], nats=2.2).sample(frac=1, random_state=0)
    [row] = effects_of({"without": before, "with": after}).to_dict("records")
    assert row["accuracy_parent"] == pytest.approx(0.5)
    assert row["accuracy_change"] == pytest.approx(0.25)
    assert (row["entropy_change"], row["entropy_change_low"]) == (pytest.approx(-0.9), pytest.approx(-0.9))
    assert row["accuracy_change_low"] <= 0.25 <= row["accuracy_change_high"]
    assert row["sentence"].startswith("entropy weight 0.01 on without: accuracy +25.0 points [")
    assert row["sentence"].endswith("] (no clear change), entropy 3.10 -> 2.20 nats")
    sentence = effects_of({"without": before, "with": after}, {("with", "without")})["sentence"][0]
    assert sentence == row["sentence"].replace(" (no clear change)", "")


def test_the_interval_is_that_of_the_comparison_in_whatever_order() -> None:
    rng = np.random.default_rng(0)
    tables = {name: predictions((rng.random((3, 50)) < 0.8).tolist(), 1.0) for name in ("with", "without")}
    forth, back = effects_of(tables), effects_of(dict(reversed(tables.items())))
    (pair,) = significance(tables, resamples=500, confidence=0.95).to_dict("records")
    for end in ("", "_low", "_high"):
        assert forth.loc[0, f"accuracy_change{end}"] == pair[f"difference{end}"]
        assert back.loc[0, f"accuracy_change{end}"] == pytest.approx(pair[f"difference{end}"], abs=0.02)


def test_the_interval_of_the_entropy_is_that_of_a_mean_over_reviews() -> None:
    rng = np.random.default_rng(1)
    tables = {name: predictions([[True] * 400] * 3, 1.0) for name in ("with", "without")}
    for table in tables.values():
        table["entropy_nats"] = np.tile(rng.normal(2, 1, 400), 3)
    (row,) = effects_of(tables).to_dict("records")
    width = row["entropy_change_high"] - row["entropy_change_low"]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(2 / 400), rel=0.15)


def test_equal_predictions_change_nothing() -> None:
    same = predictions([[True, False, True]], nats=2.0)
    effects = effects_of({"with": same, "without": same})
    assert "accuracy +0.0 points [+0.0, +0.0] (no clear change)" in effects.loc[0, "sentence"]


def test_without_pairs_there_are_no_effects() -> None:
    assert entropy_effects([], {}, pd.DataFrame(), (), resamples=100, confidence=0.95).empty

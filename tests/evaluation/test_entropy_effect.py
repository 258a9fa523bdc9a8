import itertools

import numpy as np
import pytest
from evaluation_results import predictions

from pipeline.evaluation.entropy_effect import EntropyPair, entropy_effects, entropy_pairs
from pipeline.params import AttentionVariant

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


def test_changes_are_paired_by_seed_and_review_whatever_the_order_of_rows() -> None:
    before = predictions([[True, False, False, True], [True, True, False, False]], nats=3.1)
    after = predictions([[True, True, False, True], [True, True, True, False]], nats=2.2).sample(frac=1, random_state=0)
    [row] = entropy_effects([PAIR], {"with": after, "without": before}, resamples=500, confidence=0.95).to_dict(
        "records"
    )
    assert row["accuracy_parent"] == pytest.approx(0.5)
    assert row["accuracy_change"] == pytest.approx(0.25)
    assert (row["entropy_change"], row["entropy_change_low"]) == (pytest.approx(-0.9), pytest.approx(-0.9))
    assert row["accuracy_change_low"] <= 0.25 <= row["accuracy_change_high"]
    assert row["sentence"].startswith("entropy weight 0.01 on without: accuracy +25.0 points [")
    assert row["sentence"].endswith("entropy 3.10 -> 2.20 nats")


def test_the_interval_agrees_with_all_resamples_written_out() -> None:
    change_SN = np.array([[1, 0, 0, 0], [1, 0, 1, -1]])
    before = predictions([[False, True, True, True], [False, True, False, True]], 1.0)
    after = predictions([[True, True, True, True], [True, True, True, False]], 1.0)
    means = [
        change_SN[np.ix_(seeds, reviews)].mean()
        for seeds in itertools.product(range(2), repeat=2)
        for reviews in itertools.product(range(4), repeat=4)
    ]
    effects = entropy_effects([PAIR], {"with": after, "without": before}, resamples=20_000, confidence=0.8)
    ends = effects.loc[0, ["accuracy_change_low", "accuracy_change_high"]].tolist()
    assert ends == pytest.approx(np.quantile(means, [0.1, 0.9]).tolist(), abs=0.13)  # the grid is eighths


def test_equal_predictions_change_nothing() -> None:
    same = predictions([[True, False, True]], nats=2.0)
    effects = entropy_effects([PAIR], {"with": same, "without": same}, resamples=100, confidence=0.95)
    assert "accuracy +0.0 points [+0.0, +0.0] (no clear change)" in effects.loc[0, "sentence"]


def test_without_pairs_there_are_no_effects() -> None:
    assert entropy_effects([], {}, resamples=100, confidence=0.95).empty


def test_other_reviews_are_refused() -> None:
    tables = {"with": predictions([[True, False]], 1.0), "without": predictions([[True]], 1.0)}
    with pytest.raises(ValueError, match="with and without were tested on other reviews or seeds: run `dvc repro`"):
        entropy_effects([PAIR], tables, resamples=100, confidence=0.95)

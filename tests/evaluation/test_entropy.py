import math

import evaluation_reference as reference
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from pipeline.evaluation.entropy import attention_entropy, entropy_columns, summarise_entropy

SCORES = st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=20), min_size=1, max_size=8)


def flat(rows: list[list[float]], dtype: type[np.floating] = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Rows of weights as flat weights and offsets."""
    return np.concatenate([np.array(row, dtype) for row in rows]), np.cumsum([0, *map(len, rows)])


@given(SCORES)
@settings(deadline=None, max_examples=50)
def test_entropy_matches_the_slow_twin(scores: list[list[float]]) -> None:
    rows = [reference.softmax(row) for row in scores]
    found_N = attention_entropy(*flat(rows))
    assert found_N == pytest.approx(np.array([reference.entropy(row) for row in rows]), abs=1e-12)


@given(SCORES, st.sampled_from([np.float32, np.float64]))
@settings(deadline=None, max_examples=50)
def test_entropy_lies_within_its_bounds_to_the_bit(scores: list[list[float]], dtype: type[np.floating]) -> None:
    weights, offsets = flat([reference.softmax(row) for row in scores], dtype)
    columns = entropy_columns(weights, offsets)
    lengths_N = np.diff(offsets)
    assert (columns["entropy_nats"] >= 0).all()
    assert (columns["entropy_nats"] <= np.log(lengths_N)).all()
    longer = lengths_N > 1
    assert (columns["entropy_normalised"][longer] <= 1).all()
    assert np.isnan(columns["entropy_normalised"][~longer]).all()


@pytest.mark.parametrize("length", [2, 3, 7, 1000, 2737])
def test_uniform_attention_has_the_logarithm_of_the_length(length: int) -> None:
    columns = entropy_columns(np.full(length, 1 / length, np.float32), np.array([0, length]))
    assert columns["entropy_nats"] == pytest.approx([math.log(length)])
    assert columns["entropy_normalised"] == pytest.approx([1])
    assert columns["perplexity"] == pytest.approx([length])


def test_a_review_of_one_token_has_entropy_zero_and_no_normalised_one() -> None:
    columns = entropy_columns(np.array([1.0]), np.array([0, 1]))
    assert columns["entropy_nats"].tolist() == [0.0]
    assert not np.signbit(columns["entropy_nats"]).any()
    assert columns["perplexity"].tolist() == [1.0]
    assert np.isnan(columns["entropy_normalised"]).tolist() == [True]


def test_all_attention_on_one_of_many_words_has_entropy_zero() -> None:
    assert attention_entropy(np.array([0.0, 1.0, 0.0]), np.array([0, 3])).tolist() == [0.0]


def test_a_model_without_attention_has_no_entropy() -> None:
    columns = entropy_columns(None, np.array([0, 2, 5]))
    assert all(np.isnan(column).all() and len(column) == 2 for column in columns.values())


def predictions() -> pd.DataFrame:
    """Two seeds on four reviews; the second seed makes no mistake."""
    return pd.DataFrame(
        {
            "seed": [0, 0, 0, 0, 1, 1, 1, 1],
            "label": np.array([0, 0, 1, 1] * 2, np.int8),
            "length": [1, 50, 51, 900] * 2,
            "predicted": [0, 1, 1, 1, 0, 0, 1, 1],
            "entropy_nats": [0.0, 1.0, 2.0, 3.0, 0.0, 3.0, 4.0, 5.0],
            "entropy_normalised": [np.nan, 0.2, 0.4, 0.6, np.nan, 0.4, 0.6, 0.8],
            "perplexity": [1.0, 2.0, 4.0, 9.0, 1.0, 4.0, 6.0, 9.0],
        }
    )


def test_the_summary_has_a_row_for_every_group_with_reviews() -> None:
    summary = summarise_entropy(predictions(), ["negative", "positive"])
    assert list(zip(summary["group"], summary["value"], summary["reviews"], strict=True)) == [
        ("all", "all", 4),
        ("class", "negative", 2),
        ("class", "positive", 2),
        ("length", "1-50 tokens", 2),
        ("length", "51-100 tokens", 1),
        ("length", "more than 800 tokens", 1),
        ("answer", "right", 3.5),
        ("answer", "wrong", 1),
    ]
    assert not summary.isna().to_numpy().any()


def test_the_summary_is_taken_within_seeds_and_then_averaged() -> None:
    summary = summarise_entropy(predictions(), ["negative", "positive"])
    rows = {(row["group"], row["value"]): row for row in summary.to_dict("records")}
    everything = rows["all", "all"]
    assert everything["entropy_nats_mean"] == pytest.approx((1.5 + 3.0) / 2)
    assert everything["entropy_nats_std"] == pytest.approx((np.std([0, 1, 2, 3]) + np.std([0, 3, 4, 5])) / 2)
    assert everything["entropy_nats_p50"] == pytest.approx((1.5 + 3.5) / 2)
    assert everything["entropy_nats_p05"] == pytest.approx((0.15 + 0.45) / 2)
    assert everything["entropy_normalised_mean"] == pytest.approx((0.4 + 0.6) / 2)
    assert everything["perplexity_mean"] == pytest.approx((4 + 5) / 2)
    assert rows["answer", "wrong"]["entropy_nats_mean"] == 1.0
    assert rows["answer", "right"]["entropy_nats_mean"] == pytest.approx((5 / 3 + 3) / 2)


def test_the_summary_of_a_model_without_attention_has_no_rows() -> None:
    nothing = predictions().assign(entropy_nats=np.nan, entropy_normalised=np.nan, perplexity=np.nan)
    summary = summarise_entropy(nothing, ["negative", "positive"])
    assert len(summary) == 0
    assert {"group", "value", "reviews", "entropy_nats_mean"} <= set(summary.columns)

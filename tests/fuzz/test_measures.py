"""Any answers -> measures that lie where they can lie, whatever the order of the reviews."""

import math

import numpy as np
import pytest
from fuzz.counting import holds_for
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.evaluation.entropy import entropy_columns
from pipeline.evaluation.metrics import Floats, Ints, accuracy_interval, classification_metrics

LOGITS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 3e38, -3e38, 1e-38]) | st.floats(
    width=32, allow_nan=False, allow_infinity=False
)
WEIGHTS = st.sampled_from([0.0, 1.0, 1e-38, 0.5]) | st.floats(0, 1, width=32)


@st.composite
def answers(draw: st.DrawFn) -> tuple[Ints, Floats]:
    """labels_N, not of every class perhaps, and logits_NC."""
    classes = draw(st.integers(2, 4))
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=1, max_size=20))
    return np.array(labels), draw(arrays(np.float32, (len(labels), classes), elements=LOGITS)).astype(np.float64)


@holds_for(drawn=answers(), seed=st.integers(0, 99))
def test_measures_lie_where_they_can_and_do_not_depend_on_the_order(drawn: tuple[Ints, Floats], seed: int) -> None:
    labels_N, logits_NC = drawn
    found = classification_metrics(labels_N, logits_NC)
    for name in ("accuracy", "f1", "calibration_error"):
        assert 0 <= found[name] <= 1 + 1e-12, name
    assert math.isnan(found["roc_auc"]) == (len(set(labels_N)) == 1)
    assert math.isnan(found["roc_auc"]) or 0 <= found["roc_auc"] <= 1
    assert 0 <= found["log_loss"] < math.inf
    counts = [value for name, value in found.items() if name.startswith(("true_", "false_", "confusion_"))]
    assert sum(counts) == len(labels_N)
    order = np.random.default_rng(seed).permutation(len(labels_N))
    again = classification_metrics(labels_N[order], logits_NC[order])
    assert again == pytest.approx(found, rel=1e-9, abs=1e-9, nan_ok=True)


@holds_for(drawn=answers())
def test_what_is_sure_and_right_has_no_loss_and_no_error(drawn: tuple[Ints, Floats]) -> None:
    labels_N, logits_NC = drawn
    sure_NC = np.where(np.arange(logits_NC.shape[1]) == labels_N[:, None], 1000.0, 0.0)
    found = classification_metrics(labels_N, sure_NC)
    assert (found["accuracy"], found["log_loss"], found["calibration_error"]) == (1.0, 0.0, 0.0)
    assert math.isnan(found["roc_auc"]) or found["roc_auc"] == 1.0


@holds_for(correct=arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 30))), confidence=st.floats(0.51, 0.99))
def test_an_interval_is_in_order_and_closes_where_all_is_right_or_wrong(correct: np.ndarray, confidence: float) -> None:
    low, high = accuracy_interval(correct, confidence=confidence)
    assert 0 <= low <= high <= 1
    if correct.all() or not correct.any():
        assert low == high == correct.mean()


@holds_for(reviews=st.lists(st.lists(WEIGHTS, min_size=1, max_size=12).filter(any), min_size=1, max_size=6))
def test_entropy_is_between_one_word_and_all(reviews: list[list[float]]) -> None:
    shares = [np.array(weights) / sum(weights) for weights in reviews]
    offsets = np.concatenate([[0], np.cumsum([len(weights) for weights in shares])])
    found = entropy_columns(np.concatenate(shares).astype(np.float32), offsets)
    for place, weights in enumerate(shares):
        slow = -sum(weight * math.log(weight) for weight in weights.tolist() if weight > 0)
        assert found["entropy_nats"][place] == pytest.approx(slow, abs=1e-5)
        assert 0 <= found["entropy_nats"][place] <= math.log(len(weights))
        assert math.isnan(found["entropy_normalised"][place]) == (len(weights) == 1)

import math

import evaluation_reference as reference
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from scipy.stats import t
from sklearn import metrics as sklearn_metrics

from pipeline.evaluation.metrics import (
    CALIBRATION_BINS,
    Floats,
    Ints,
    accuracy_interval,
    calibration_error,
    classification_metrics,
    f1,
    log_softmax,
    roc_auc,
)

LOGITS = st.sampled_from([-3.0, -1.0, -0.5, 0.0, 0.25, 2.0]) | st.floats(-40, 40)  # the first ones for ties


@st.composite
def answers(draw: st.DrawFn, classes: int) -> tuple[Ints, Floats]:
    """labels_N that hold every class, and logits_NC."""
    labels = draw(st.permutations([*range(classes), *draw(st.lists(st.integers(0, classes - 1), max_size=30))]))
    return np.array(labels), draw(arrays(np.float64, (len(labels), classes), elements=LOGITS))


def test_four_reviews_by_hand() -> None:
    labels_N = np.array([0, 0, 1, 1])
    logits_NC = np.log([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    assert classification_metrics(labels_N, logits_NC) == pytest.approx(
        {
            "accuracy": 2 / 4,
            "f1": 2 * 1 / (2 * 1 + 1 + 1),
            "roc_auc": 3 / 4,
            "log_loss": -(math.log(0.9) + math.log(0.4) + math.log(0.8) + math.log(0.3)) / 4,
            "calibration_error": (0.1 + 0.6 + 0.2 + 0.7) / 4,
            "true_negative": 1,
            "false_positive": 1,
            "false_negative": 1,
            "true_positive": 1,
        }
    )


@given(answers(classes=2))
@settings(deadline=None, max_examples=30)
def test_two_classes_match_scikit_learn(drawn: tuple[Ints, Floats]) -> None:
    labels_N, logits_NC = drawn
    predicted_N, odds_N = logits_NC.argmax(axis=1), logits_NC[:, 1] - logits_NC[:, 0]
    found = classification_metrics(labels_N, logits_NC)
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(labels_N, predicted_N))
    assert found["f1"] == pytest.approx(sklearn_metrics.f1_score(labels_N, predicted_N, zero_division=0))
    assert found["roc_auc"] == pytest.approx(sklearn_metrics.roc_auc_score(labels_N, odds_N))
    confusion = sklearn_metrics.confusion_matrix(labels_N, predicted_N)
    names = ("true_negative", "false_positive", "false_negative", "true_positive")
    assert [found[name] for name in names] == confusion.ravel().tolist()


@given(answers(classes=3))
@settings(deadline=None, max_examples=30)
def test_three_classes_match_scikit_learn(drawn: tuple[Ints, Floats]) -> None:
    labels_N, logits_NC = drawn
    predicted_N = logits_NC.argmax(axis=1)
    found = classification_metrics(labels_N, logits_NC)
    assert found["f1"] == pytest.approx(
        sklearn_metrics.f1_score(labels_N, predicted_N, average="macro", zero_division=0)
    )
    odds_NC = [logits_NC[:, c] - np.logaddexp(logits_NC[:, c - 1], logits_NC[:, c - 2]) for c in range(3)]
    areas = [sklearn_metrics.roc_auc_score(labels_N == c, odds_NC[c]) for c in range(3)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    confusion = sklearn_metrics.confusion_matrix(labels_N, predicted_N)
    assert [found[f"confusion_{i}_{j}"] for i in range(3) for j in range(3)] == confusion.ravel().tolist()


@given(answers(classes=2) | answers(classes=3))
@settings(deadline=None, max_examples=30)
def test_probabilities_match_the_slow_twins(drawn: tuple[Ints, Floats]) -> None:
    labels_N, logits_NC = drawn
    probabilities = [reference.softmax(row) for row in logits_NC.tolist()]
    losses = [-math.log(row[label]) for row, label in zip(probabilities, labels_N.tolist(), strict=True)]
    assert np.exp(log_softmax(logits_NC)) == pytest.approx(np.array(probabilities))
    assert classification_metrics(labels_N, logits_NC)["log_loss"] == pytest.approx(np.mean(losses))
    if logits_NC.shape[1] == 2:
        assert roc_auc(labels_N, logits_NC) == pytest.approx(reference.roc_auc(labels_N.tolist(), logits_NC.tolist()))


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 1) | st.sampled_from([0.5, 1.0])), min_size=1, max_size=40))
@settings(deadline=None, max_examples=30)
def test_calibration_error_matches_the_slow_twin(drawn: list[tuple[bool, float]]) -> None:
    correct, confidences = zip(*drawn, strict=True)
    found = calibration_error(np.array(correct), np.array(confidences))
    assert found == pytest.approx(reference.calibration_error(correct, confidences, CALIBRATION_BINS))
    assert 0 <= found <= 1


def test_calibration_error_of_a_model_that_is_always_sure_is_its_error_rate() -> None:
    assert calibration_error(np.array([True, True, True, False]), np.ones(4)) == pytest.approx(0.25)


def test_a_class_without_reviews_has_no_roc_auc() -> None:
    found = classification_metrics(np.array([1, 1]), np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert math.isnan(found.pop("roc_auc"))
    assert not any(math.isnan(value) for value in found.values())


def test_a_class_of_three_without_reviews_leaves_the_roc_auc_to_the_others() -> None:
    labels_N, logits_NC = np.array([0, 0, 1, 1]), np.random.default_rng(0).normal(size=(4, 3))
    log_odds = [logits_NC[:, c] - np.logaddexp.reduce(np.delete(logits_NC, c, axis=1), axis=1) for c in (0, 1)]
    expected = [sklearn_metrics.roc_auc_score(labels_N == c, log_odds[c]) for c in (0, 1)]
    assert roc_auc(labels_N, logits_NC) == pytest.approx(np.mean(expected))


def test_f1_is_the_mean_over_the_classes_that_occur() -> None:
    assert f1(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_huge_logits_of_a_wrong_answer_cost_what_they_say() -> None:
    found = classification_metrics(np.array([0, 1]), np.array([[-1e4, 1e4], [-1e4, 1e4]]))
    assert found["log_loss"] == pytest.approx(1e4)
    assert found["roc_auc"] == 0.5


def test_odds_that_round_to_the_same_probability_are_no_tie() -> None:
    assert roc_auc(np.array([0, 1]), np.array([[0.0, 50.0], [0.0, 60.0]])) == 1.0


def test_logits_of_single_precision_are_summed_in_double() -> None:
    labels_N = np.zeros(100_000, dtype=np.int64)
    logits_NC = np.tile(np.array([[0.1, 0.0]], dtype=np.float32), (len(labels_N), 1))
    exact = math.log1p(math.exp(-float(np.float32(0.1))))
    assert classification_metrics(labels_N, logits_NC)["log_loss"] == pytest.approx(exact, rel=1e-10)


def test_the_interval_of_one_seed_is_that_of_the_normal_approximation() -> None:
    correct_SN = np.arange(10_000)[None] % 10 < 8
    low, high = accuracy_interval(correct_SN, confidence=0.95)
    error = 1.96 * math.sqrt(0.8 * 0.2 / 10_000)
    assert (low, high) == pytest.approx((0.8 - error, 0.8 + error), abs=1e-5)


def test_seeds_that_differ_by_much_have_the_interval_of_student() -> None:
    correct_SN = np.arange(1_000_000) < np.array([[600_000], [700_000], [850_000]])
    low, high = accuracy_interval(correct_SN, confidence=0.95)
    expected = t.interval(0.95, df=2, loc=43 / 60, scale=np.std([0.6, 0.7, 0.85], ddof=1) / math.sqrt(3))
    assert (low, high) == pytest.approx((expected[0], min(expected[1], 1)), abs=1e-3)


def test_the_interval_holds_what_other_seeds_and_reviews_would_say() -> None:
    rng, inside = np.random.default_rng(0), []
    for _ in range(400):
        ease_N, luck_S1 = rng.normal(0.7, 0.15, size=300), rng.normal(0, 0.02, size=(3, 1))
        low, high = accuracy_interval(rng.random((3, 300)) < ease_N + luck_S1, confidence=0.95)
        inside.append(low <= 0.7 <= high)
    assert 0.92 < np.mean(inside) < 0.99


def test_a_copy_of_a_seed_adds_no_certainty() -> None:
    correct_SN = np.arange(1000)[None] % 4 < 3
    twice = np.repeat(correct_SN, 2, axis=0)
    assert accuracy_interval(twice, confidence=0.95) == accuracy_interval(correct_SN, confidence=0.95)


def test_the_interval_closes_on_a_perfect_model() -> None:
    assert accuracy_interval(np.ones((2, 30), dtype=bool), confidence=0.95) == (1.0, 1.0)

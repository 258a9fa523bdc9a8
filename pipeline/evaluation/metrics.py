"""How good a classifier's answers are. Plain numpy: scikit-learn would cost each stage two seconds of import.

N reviews, C classes, S seeds.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.student import degrees_of_freedom, student_interval

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CALIBRATION_BINS = 15


def classification_metrics(labels_N: Ints, logits_NC: npt.NDArray[np.floating]) -> dict[str, float]:
    """All measures of one model on one set of reviews.

    Args:
        labels_N: true classes, 0 to C - 1.
        logits_NC: class c has probability softmax(logits)_c; the largest is the answer, the first one if several are.

    Returns:
        accuracy; f1 (of class 1 if there are two classes, else the plain mean over classes); roc_auc; log_loss in
        nats; calibration_error; and the counts of each true and predicted class: true_negative, false_positive,
        false_negative and true_positive if there are two classes, else confusion_<true>_<predicted>.
    """
    exact_NC = logits_NC.astype(np.float64)
    log_probabilities_NC = log_softmax(exact_NC)
    predicted_N = exact_NC.argmax(axis=1)
    confusion_CC = confusion_matrix(labels_N, predicted_N, classes=exact_NC.shape[1])
    correct_N = predicted_N == labels_N
    return {
        "accuracy": float(correct_N.mean()),
        "f1": f1(confusion_CC),
        "roc_auc": roc_auc(labels_N, exact_NC),
        "log_loss": float(-np.take_along_axis(log_probabilities_NC, labels_N[:, None], axis=1).mean()),
        "calibration_error": calibration_error(correct_N, np.exp(log_probabilities_NC.max(axis=1))),
        **_confusion_counts(confusion_CC),
    }


def log_softmax(logits_NC: Floats) -> Floats:
    """Logarithms of the probabilities, finite for any finite logits."""
    shifted_NC = logits_NC - logits_NC.max(axis=1, keepdims=True)
    log_probabilities_NC: Floats = shifted_NC - np.log(np.exp(shifted_NC).sum(axis=1, keepdims=True))
    return log_probabilities_NC


def confusion_matrix(labels_N: Ints, predicted_N: Ints, classes: int) -> Ints:
    """confusion_CC[true, predicted] = reviews."""
    return np.bincount(labels_N * classes + predicted_N, minlength=classes**2).reshape(classes, classes)


def f1(confusion_CC: Ints) -> float:
    """Of class 1 if there are two, else the mean over the classes that occur; 0 for one that never meets its label."""
    sizes_C = confusion_CC.sum(axis=0) + confusion_CC.sum(axis=1)
    f1_C = 2 * confusion_CC.diagonal() / np.maximum(sizes_C, 1)
    return float(f1_C[1] if len(f1_C) == 2 else f1_C[sizes_C > 0].mean())


def roc_auc(labels_N: Ints, logits_NC: Floats) -> float:
    """Chance that a review of a class gets higher odds of it than a review of another class; a tie counts half.

    The rank statistic of Mann and Whitney, on log odds: probabilities near 0 and 1 round to ties. With more than two
    classes, the mean of each class that occurs against the rest. NaN where a single class does: no pair is left.
    """
    classes = logits_NC.shape[1]
    sizes_C = np.bincount(labels_N, minlength=classes)
    occurring = np.flatnonzero(sizes_C)
    if len(occurring) < 2:
        return float("nan")
    areas = []
    for c in (1,) if classes == 2 else occurring:
        rest_NC = np.delete(logits_NC, c, axis=1)
        log_odds_N = logits_NC[:, c] - np.logaddexp.reduce(rest_NC, axis=1)
        _, places_N, ties = np.unique(log_odds_N, return_inverse=True, return_counts=True)
        ranks_N = (np.cumsum(ties) - (ties - 1) / 2)[places_N]
        inside, outside = int(sizes_C[c]), len(labels_N) - int(sizes_C[c])
        areas.append((ranks_N[labels_N == c].sum() - inside * (inside + 1) / 2) / (inside * outside))
    return float(np.mean(areas))


def calibration_bins(confidence_N: Floats) -> Ints:
    """bins_N, 0 to 14: equal widths, (0, 1/15], ..., (14/15, 1]."""
    return np.clip(np.ceil(confidence_N * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1)


def calibration_error(correct_N: npt.NDArray[np.bool_], confidence_N: Floats) -> float:
    """Expected calibration error: mean gap between confidence and accuracy, over the bins of confidence.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3, each bin weighted by its share of the
    reviews.

    Args:
        correct_N: whether the answer is right.
        confidence_N: probability of the answer.
    """
    gaps = np.bincount(calibration_bins(confidence_N), weights=correct_N - confidence_N)
    return float(np.abs(gaps).sum() / len(correct_N))


def accuracy_interval(correct_SN: npt.NDArray[np.bool_], *, confidence: float) -> tuple[float, float]:
    """Interval of the accuracy averaged over seeds, for other reviews and other seeds than these.

    The variance is that of a mean over reviews, each with the answers of all its seeds, and that of a mean over seeds;
    the interval is Student's, as one of two variants' difference is (significance.py).

    Args:
        correct_SN: whether each seed answers each review right.
        confidence: that of the interval, say 0.95.

    Returns:
        the lower and the upper end.
    """
    seeds, reviews = correct_SN.shape
    variance = _variance(correct_SN.mean(axis=0)) / reviews + _variance(correct_SN.mean(axis=1)) / seeds
    freedom = degrees_of_freedom(variance, correct_SN)
    low, high = student_interval(float(correct_SN.mean()), variance**0.5, freedom, confidence)
    return max(low, 0.0), min(high, 1.0)


def _variance(values: Floats) -> float:
    """Of what a sample was drawn from; of one value nothing is known, and it counts as none."""
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _confusion_counts(confusion_CC: Ints) -> dict[str, float]:
    classes = len(confusion_CC)
    if classes == 2:
        names = ["true_negative", "false_positive", "false_negative", "true_positive"]
    else:
        names = [f"confusion_{true}_{predicted}" for true in range(classes) for predicted in range(classes)]
    return dict(zip(names, map(float, confusion_CC.flat), strict=True))

"""The record of one training epoch under the names that MLflow shows."""

from collections.abc import Mapping

_NAMES = {
    "train_loss": "train/loss",
    "train_accuracy": "train/accuracy",
    "learning_rate": "train/learning_rate",
    "tokens_per_second": "train/tokens_per_second",
    "seconds": "train/seconds",
    "validation_loss": "validation/loss",
    "validation_accuracy": "validation/accuracy",
    "entropy_mean": "attention/entropy_mean",
    "entropy_p05": "attention/entropy_p05",
    "entropy_p25": "attention/entropy_p25",
    "entropy_p50": "attention/entropy_p50",
    "entropy_p75": "attention/entropy_p75",
    "entropy_p95": "attention/entropy_p95",
    "entropy_normalised_mean": "attention/entropy_normalised_mean",
}


def epoch_metrics(record: Mapping[str, object]) -> dict[str, float]:
    """Metrics of one epoch record; what is no metric (the epoch itself, the histogram) or is absent is left out."""
    return {name: float(value) for key, name in _NAMES.items() if isinstance(value := record.get(key), int | float)}

"""Slow twins of pipeline/evaluation: loops over reviews and tokens that read like the definitions."""

import math
from collections import defaultdict
from collections.abc import Sequence


def softmax(logits: Sequence[float]) -> list[float]:
    largest = max(logits)
    exponentials = [math.exp(logit - largest) for logit in logits]
    return [exponential / sum(exponentials) for exponential in exponentials]


def roc_auc(labels: Sequence[int], logits: Sequence[Sequence[float]]) -> float:
    """Every pair of a positive and a negative review."""
    odds = [negative_and_positive[1] - negative_and_positive[0] for negative_and_positive in logits]
    wins, pairs = 0.0, 0
    for label, high in zip(labels, odds, strict=True):
        for other_label, low in zip(labels, odds, strict=True):
            if label == 1 and other_label == 0:
                pairs += 1
                wins += 1.0 if high > low else 0.5 if high == low else 0.0
    return wins / pairs


def calibration_error(correct: Sequence[bool], confidences: Sequence[float], bins: int) -> float:
    """Guo et al. 2017, equation 3."""
    total = 0.0
    for m in range(bins):
        inside = [i for i, p in enumerate(confidences) if m / bins < p <= (m + 1) / bins]
        if inside:
            accuracy = sum(correct[i] for i in inside) / len(inside)
            confidence = sum(confidences[i] for i in inside) / len(inside)
            total += len(inside) / len(correct) * abs(accuracy - confidence)
    return total


def entropy(weights: Sequence[float]) -> float:
    """-sum w ln w, with 0 ln 0 = 0."""
    return -sum(weight * math.log(weight) for weight in weights if weight > 0)


def word_statistics(
    texts: Sequence[Sequence[int]],
    labels: Sequence[int],
    weights_by_seed: Sequence[Sequence[Sequence[float]]],
    scope: int | None,
) -> dict[int, dict[str, float]]:
    """Of each word in the reviews whose label is `scope` (None: in all): count, reviews, mean_weight, mass, lift."""
    seeds = len(weights_by_seed)
    statistics: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for review, text in enumerate(texts):
        if scope is not None and labels[review] != scope:
            continue
        for word in set(text):
            statistics[word]["reviews"] += 1
        for place, word in enumerate(text):
            statistics[word]["count"] += 1
            for weights in weights_by_seed:
                statistics[word]["mass"] += weights[review][place] / seeds
                statistics[word]["lift"] += weights[review][place] * len(text) / seeds
    for of_word in statistics.values():
        of_word["mean_weight"] = of_word["mass"] / of_word["count"]
        of_word["lift"] /= of_word["count"]
    return statistics


def push(
    texts: Sequence[Sequence[int]],
    weights_by_seed: Sequence[Sequence[Sequence[float]]],
    probabilities_by_seed: Sequence[Sequence[Sequence[float]]],
    word: int,
    label: int,
) -> float:
    """Probability of `label` where the models look at the word, less that over all reviews."""
    attention, product, total = 0.0, 0.0, 0.0
    for weights, probabilities in zip(weights_by_seed, probabilities_by_seed, strict=True):
        for review, text in enumerate(texts):
            total += probabilities[review][label]
            for place, other in enumerate(text):
                if other == word:
                    attention += weights[review][place]
                    product += weights[review][place] * probabilities[review][label]
    return product / attention - total / (len(texts) * len(weights_by_seed))

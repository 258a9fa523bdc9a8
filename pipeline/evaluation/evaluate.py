"""What every seed of one variant says of the test split -> all that is reported about the variant."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.data.tensors import Tensors
from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import UNK
from pipeline.evaluation.entropy import entropy_columns, summarise_entropy
from pipeline.evaluation.examples import Example, fixed_reviews, make_examples, surest_mistakes
from pipeline.evaluation.metrics import accuracy_interval, classification_metrics
from pipeline.evaluation.predict import Predictions
from pipeline.evaluation.top_words import count_words, rank_words

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES_SEED = 0  # of the draw of reviews shown: the same for every run
SPREAD = ("accuracy", "f1", "roc_auc", "log_loss", "calibration_error", "entropy_nats", "entropy_normalised")


@dataclass(frozen=True)
class Evaluation:
    """What is known of one variant on one corpus.

    Attributes:
        metrics: means and standard deviations over seeds, with the interval of the accuracy.
        by_seed: the measures of each seed.
        predictions: a row per seed and review.
        entropy: summary of the attention's entropy by group; empty without attention.
        words: rankings of attended words; empty without attention.
        examples: reviews as the first seed reads them.
    """

    metrics: dict[str, Any]
    by_seed: dict[int, dict[str, float | None]]
    predictions: "pd.DataFrame"
    entropy: "pd.DataFrame"
    words: "pd.DataFrame"
    examples: list[Example]


def evaluate(
    variant: str,
    predictions: Mapping[int, Predictions],
    corpus: Tensors,
    table: "pd.DataFrame",
    *,
    confidence: float,
    top_words: int,
    top_words_min_count: int,
    examples: int,
    mistakes: int,
) -> Evaluation:
    """Accuracy and its kin, entropies, rankings of attended words and examples, from what the seeds predict.

    Args:
        variant: its name.
        predictions: of the test split, by seed.
        corpus: the tensors that the models were trained on.
        table: the corpus's reviews with columns name and text.
        confidence: of the interval of the accuracy.
        top_words: rows of a ranking of words.
        top_words_min_count: occurrences that a ranking asks for.
        examples: reviews shown, the same for every variant.
        mistakes: the first seed's surest wrong answers shown.
    """
    import pandas as pd

    reviews = corpus.splits["test"]
    labels_N = np.asarray(reviews.labels)
    columns = {seed: entropy_columns(one.weights, reviews.offsets) for seed, one in predictions.items()}
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "seed": seed,
                    "row": reviews.rows,
                    "label": labels_N,
                    "length": reviews.lengths,
                    "probability": one.stated_N,
                    "predicted": one.predicted_N,
                    **columns[seed],
                }
            )
            for seed, one in predictions.items()
        ],
        ignore_index=True,
    )
    low, high = accuracy_interval(
        np.stack([one.predicted_N == labels_N for one in predictions.values()]), confidence=confidence
    )
    by_seed = {
        seed: {**_defined(classification_metrics(labels_N, one.logits_NC)), **_mean_entropies(columns[seed])}
        for seed, one in predictions.items()
    }
    first_seed, first = next(iter(predictions.items()))
    values = {name: [one[name] for one in by_seed.values()] for name in by_seed[first_seed]}
    metrics = {
        "variant": variant,
        "seeds": len(predictions),
        "parameters": first.parameters,
        "tokens_known": float(np.mean(reviews.tokens != UNK)),
        "accuracy_low": low,
        "accuracy_high": high,
        **{f"{name}_mean": _over_seeds(np.mean, values[name]) for name in values},
        **{f"{name}_std": _over_seeds(_deviation, values[name]) for name in SPREAD},
    }
    return Evaluation(
        metrics=_rounded(metrics),
        by_seed=_rounded(by_seed),
        predictions=rows,
        entropy=summarise_entropy(rows, corpus.classes),
        words=_words(corpus, list(predictions.values()), top_words, top_words_min_count),
        examples=_examples(corpus, table, first_seed, first, examples, mistakes),
    )


def _mean_entropies(columns: dict[str, npt.NDArray[np.float64]]) -> dict[str, float | None]:
    """Means over the reviews that have the value; None for a model without attention."""
    return {name: None if np.isnan(values).all() else float(np.nanmean(values)) for name, values in columns.items()}


def _defined(metrics: dict[str, float]) -> dict[str, float | None]:
    """None for what the reviews leave undefined: JSON has no other word for it."""
    return {name: None if math.isnan(value) else value for name, value in metrics.items()}


def _over_seeds(statistic: Callable[[Sequence[float]], Any], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(statistic(known)) if known else None


def _deviation(values: Sequence[float]) -> float:
    """Standard deviation of a sample; 0 for one seed."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _words(corpus: Tensors, predictions: Sequence[Predictions], top: int, min_count: int) -> "pd.DataFrame":
    import pandas as pd

    weights = [one.weights for one in predictions if one.weights is not None]
    if not weights:
        return pd.DataFrame()
    probabilities = [one.probabilities_NC for one in predictions]
    totals = count_words(corpus.splits["test"], weights, probabilities, len(corpus.vocabulary))
    return rank_words(totals, corpus.vocabulary.words, corpus.classes, min_count=min_count, top=top)


def _examples(
    corpus: Tensors, table: "pd.DataFrame", seed: int, one: Predictions, fixed: int, mistakes: int
) -> list[Example]:
    reviews = corpus.splits["test"]
    tokenize = make_tokenizer(corpus.tokenizer)
    shown = {
        "fixed": fixed_reviews(reviews, fixed, EXAMPLES_SEED),
        "mistake": surest_mistakes(np.asarray(reviews.labels), one.probabilities_NC, mistakes),
    }
    records: list[Example] = []
    for kind, positions in shown.items():
        rows = table.iloc[reviews.rows[positions]]
        records += make_examples(
            positions,
            "fixed" if kind == "fixed" else "mistake",
            reviews=reviews,
            names=list(rows["name"]),
            texts=[tokenize(text) for text in rows["text"]],
            probabilities_NC=one.probabilities_NC,
            weights=one.weights,
            seed=seed,
        )
    return records


def _rounded(values: Any) -> Any:
    """Six digits after the point: what a person compares, and a change of no account stays out of Git. NaN is None."""
    if isinstance(values, dict):
        return {key: _rounded(value) for key, value in values.items()}
    if isinstance(values, float):
        return None if math.isnan(values) else round(values, 6)
    return values

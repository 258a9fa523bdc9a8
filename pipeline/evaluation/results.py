"""What evaluation left of each variant, read back to be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.tables import read_parquet
from pipeline.evaluation.null_names import null_name
from pipeline.evaluation.word_table import read_words
from pipeline.formats import read_results_json


@dataclass(frozen=True)
class Results:
    """Of every variant of a corpus, by name and in the order of params.yaml.

    Attributes:
        metrics: means over seeds.
        by_seed: the measures of each seed.
        timing: seconds, epochs and tokens per second of training.
        predictions: a row per seed and review.
        nulls: the same of the null models, by `null_name`.
        words: rankings of attended words; empty without attention.
        examples: records of reviews as the first seed reads them.
        histories: records of the epochs of each seed.
        explanations: summaries of what the attention means.
        asked: the measures of each review that a variant with attention was asked about, of every seed.
        lexicons: word, count, logit and polarity, of the first seed of each variant that has them.
    """

    metrics: dict[str, dict[str, Any]]
    by_seed: dict[str, dict[str, dict[str, Any]]]
    timing: dict[str, dict[str, Any]]
    predictions: dict[str, pd.DataFrame]
    nulls: dict[str, pd.DataFrame]
    words: dict[str, pd.DataFrame]
    examples: dict[str, list[dict[str, Any]]]
    histories: dict[str, dict[str, list[dict[str, Any]]]]
    explanations: dict[str, dict[str, Any]]
    asked: dict[str, pd.DataFrame]
    lexicons: dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Comparison:
    """All variants of a corpus side by side.

    Attributes:
        frame: from `compare`.
        effects: from `entropy_effects`.
        frontier: from `entropy_frontier`.
        pairs: from `significance`.
        reasons: from `faithfulness`.
        exchanged: from `exchange`.
        edits: from `counterfactual_table`; None for a corpus without pairs.
        verdicts: sentences by question.
    """

    frame: pd.DataFrame
    effects: pd.DataFrame
    frontier: pd.DataFrame
    pairs: pd.DataFrame
    reasons: pd.DataFrame
    exchanged: pd.DataFrame
    edits: pd.DataFrame | None
    verdicts: dict[str, list[str]]


def read_results(
    variants: Iterable[str], nulls: Iterable[tuple[str, str]], models: Path, evaluation: Path, results: Path
) -> Results:
    """Reads the variants asked for and no other: what a removed variant left behind is not compared.

    Args:
        variants: names.
        nulls: variant and kind of each null model.
        models: folder with a folder of weights and histories per variant.
        evaluation: folder with a folder of tables per variant.
        results: folder with the metrics in variants/, the durations in timing/ and the summaries in explanation/.
    """
    names = list(variants)
    by_seed = {name: read_results_json(evaluation / name / "by_seed.json") for name in names}
    return Results(
        metrics={name: read_results_json(results / "variants" / f"{name}.json") for name in names},
        by_seed=by_seed,
        timing={name: read_results_json(results / "timing" / f"{name}.json") for name in names},
        predictions={name: read_parquet(evaluation / name / "predictions.parquet") for name in names},
        nulls={null_name(name, kind): read_parquet(evaluation / f"{name}.{kind}.parquet") for name, kind in nulls},
        words={name: read_words(evaluation / name / "top_words.csv") for name in names},
        examples={name: read_results_json(evaluation / name / "examples.json") for name in names},
        histories={
            name: {seed: read_results_json(models / name / f"seed-{seed}.json") for seed in by_seed[name]}
            for name in names
        },
        explanations={name: read_results_json(results / "explanation" / f"{name}.json") for name in names},
        asked=_tables({name: evaluation / name / "explanation/reviews.parquet" for name in names}),
        lexicons=_lexicons({name: evaluation / name / "explanation/words.parquet" for name in names}),
    )


def _tables(paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    return {name: read_parquet(path) for name, path in paths.items() if path.exists()}


def _lexicons(paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Of the first seed; without the variants whose attention depends on the text, or is the same for every word."""
    found = {}
    for name, words in _tables(paths).items():
        if "logit" in words and words["logit"].std() > 0:
            first = words.loc[words["seed"] == words["seed"].min(), ["word", "count", "logit", "polarity"]]
            found[name] = first.reset_index(drop=True)
    return found


def learning_curves(results: Results) -> pd.DataFrame:
    """A row per variant, seed and epoch, for `dvc plots`: losses and entropies in nats, accuracies as fractions."""
    columns = [
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
        "entropy_mean",
        "entropy_normalised_mean",
    ]
    rows = [
        {"variant": name, "seed": int(seed), **{column: record.get(column) for column in columns}}
        for name, seeds in results.histories.items()
        for seed, history in seeds.items()
        for record in history
    ]
    return pd.DataFrame(rows)

"""What evaluation left of each variant, read back to be compared."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Results:
    """Of every variant of a corpus, by name and in the order of params.yaml.

    Attributes:
        metrics: means over seeds, and values `by_seed`.
        timing: seconds, epochs and tokens per second of training.
        predictions: a row per seed and review.
        words: rankings of attended words; empty without attention.
        examples: records of reviews as the first seed reads them.
    """

    metrics: dict[str, dict[str, Any]]
    timing: dict[str, dict[str, Any]]
    predictions: dict[str, pd.DataFrame]
    words: dict[str, pd.DataFrame]
    examples: dict[str, list[dict[str, Any]]]


def read_results(variants: Iterable[str], evaluation: Path, results: Path) -> Results:
    """Reads the variants asked for and no other: what a removed variant left behind is not compared.

    Args:
        variants: names.
        evaluation: folder with a folder of tables per variant.
        results: folder with the metrics in variants/ and the durations in timing/.
    """
    names = list(variants)
    return Results(
        metrics={name: _json(results / "variants" / f"{name}.json") for name in names},
        timing={name: _json(results / "timing" / f"{name}.json") for name in names},
        predictions={name: pd.read_parquet(evaluation / name / "predictions.parquet") for name in names},
        words={name: _table(evaluation / name / "top_words.csv") for name in names},
        examples={name: _json(evaluation / name / "examples.json") for name in names},
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(path: Path) -> pd.DataFrame:
    """A table in which "null" and "nan" are words; an empty file is an empty table."""
    return pd.read_csv(path, keep_default_na=False) if path.read_text(encoding="utf-8").strip() else pd.DataFrame()

"""An evaluation as files: tables for programs, figures and a page for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.data.tables import write_parquet
from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.examples import write_examples
from pipeline.evaluation.plot_style import png
from pipeline.evaluation.review_html import render_page
from pipeline.evaluation.variant_figures import variant_figures
from pipeline.evaluation.word_table import write_words
from pipeline.formats import results_json


def write_evaluation(
    evaluation: Evaluation,
    histories: Sequence[Sequence[Mapping[str, Any]]],
    classes: Sequence[str],
    title: str,
    folder: Path,
) -> None:
    """Writes by_seed.json, predictions.parquet, entropy.csv, top_words.csv, examples.{json,html} and the figures.

    Args:
        evaluation: of one variant.
        histories: epoch records of each seed.
        classes: name of each label.
        title: of page and figures, such as "attention on imdb".
        folder: is made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(evaluation.predictions, folder / "predictions.parquet")
    write_words(evaluation.entropy, folder / "entropy.csv")
    write_words(evaluation.words, folder / "top_words.csv")
    (folder / "by_seed.json").write_text(results_json(evaluation.by_seed), encoding="utf-8")
    write_examples(evaluation.examples, folder / "examples.json")
    (folder / "examples.html").write_text(render_page(title, evaluation.examples, classes), encoding="utf-8")
    for name, figure in variant_figures(evaluation, histories, classes, title).items():
        (folder / f"{name}.png").write_bytes(png(figure))

"""The comparison of a corpus as files: tables in text, figures, and the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.evaluation.comparison import to_markdown
from pipeline.evaluation.corpus_figures import corpus_figures
from pipeline.evaluation.plot_style import png
from pipeline.evaluation.report import report
from pipeline.evaluation.results import Results, learning_curves
from pipeline.evaluation.verdicts import NOTE
from pipeline.evaluation.verdicts import to_markdown as verdicts_to_markdown


def write_comparison(
    corpus: str,
    frame: pd.DataFrame,
    effects: pd.DataFrame,
    pairs: pd.DataFrame,
    answers: Mapping[str, Sequence[str]],
    results: Results,
    *,
    classes: Sequence[str],
    confidence: float,
    facts: Mapping[str, str],
    folder: Path,
    page: Path,
) -> None:
    """Writes comparison.{csv,md}, verdicts.md, significance.csv, entropy_effects.csv, learning_curves.csv and figures.

    Args:
        corpus: its name.
        frame: from `compare`.
        effects: from `entropy_effects`.
        pairs: from `significance`.
        answers: from `verdicts`.
        results: of every variant.
        classes: name of each label.
        confidence: of the intervals in the frame.
        facts: shown under the headline of the report.
        folder: for text and figures that Git may hold: no review stands in them.
        page: the report, which shows reviews.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / "comparison.csv", index=False, float_format="%.6g", lineterminator="\n")
    effects.to_csv(folder / "entropy_effects.csv", index=False, float_format="%.6g", lineterminator="\n")
    pairs.to_csv(folder / "significance.csv", index=False, float_format="%.6g", lineterminator="\n")
    note = NOTE.format(confidence=confidence)
    (folder / "verdicts.md").write_text(verdicts_to_markdown(answers, note), encoding="utf-8")
    curves = learning_curves(results)
    curves.to_csv(folder / "learning_curves.csv", index=False, float_format="%.6g", lineterminator="\n")
    (folder / "comparison.md").write_text(to_markdown(frame, confidence), encoding="utf-8")
    figures = corpus_figures(corpus, frame, effects, results)
    for name, figure in figures.items():
        (folder / f"{name}.png").write_bytes(png(figure))
    titled = {figure.get_suptitle(): figure for figure in figures.values()}
    page.write_text(
        report(
            corpus,
            frame,
            effects,
            titled,
            results.words,
            results.examples,
            facts,
            classes=classes,
            verdicts=answers,
            verdicts_note=note,
        ),
        encoding="utf-8",
    )

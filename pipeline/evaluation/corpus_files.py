"""The comparison of a corpus as files: tables in text, figures, and the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation.comparison import to_markdown
from pipeline.evaluation.corpus_figures import corpus_figures
from pipeline.evaluation.plot_style import png
from pipeline.evaluation.report import report
from pipeline.evaluation.results import Comparison, Results, learning_curves
from pipeline.evaluation.verdicts import NOTE
from pipeline.evaluation.verdicts import to_markdown as verdicts_to_markdown

NO_EDITS = pd.DataFrame(columns=["variant"])  # of a corpus without pairs of reviews and their edits


def write_comparison(
    corpus: str,
    compared: Comparison,
    results: Results,
    examples: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    classes: Sequence[str],
    confidence: float,
    facts: Mapping[str, str],
    folder: Path,
    page: Path,
) -> None:
    """Writes the tables as CSV, comparison.md, verdicts.md, the figures, and the report.

    Args:
        corpus: its name.
        compared: its variants side by side.
        results: of every variant.
        examples: the same reviews as each variant reads them.
        classes: name of each label.
        confidence: of the intervals.
        facts: shown under the headline of the report.
        folder: for text and figures that Git may hold: no review stands in them.
        page: the report, which shows reviews.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page.parent.mkdir(parents=True, exist_ok=True)
    tables = {
        "comparison": compared.frame,
        "entropy_effects": compared.effects,
        "entropy_frontier": compared.frontier,
        "significance": compared.pairs,
        "faithfulness": compared.reasons,
        "counterfactual": NO_EDITS if compared.edits is None else compared.edits,
        "learning_curves": learning_curves(results),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")
    note = NOTE.format(percent=100 * confidence)
    (folder / "verdicts.md").write_text(verdicts_to_markdown(compared.verdicts, note), encoding="utf-8")
    (folder / "comparison.md").write_text(to_markdown(compared.frame, confidence), encoding="utf-8")
    figures = corpus_figures(corpus, compared, results)
    for name, figure in figures.items():
        (folder / f"{name}.png").write_bytes(png(figure))
    titled = {figure.get_suptitle(): figure for figure in figures.values()}
    page.write_text(
        report(
            corpus,
            compared.frame,
            compared.effects,
            titled,
            results.words,
            examples,
            facts,
            classes=classes,
            verdicts=compared.verdicts,
            verdicts_note=note,
            lexicons=results.lexicons,
            reasons=compared.reasons,
            edits=compared.edits,
        ),
        encoding="utf-8",
    )

"""All variants of one corpus side by side: the table, the figures, the report, and a run of its own in MLflow."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from pipeline.data.tensors import CLASSES
from pipeline.evaluation.comparison import compare, print_comparison
from pipeline.evaluation.corpus_files import write_comparison
from pipeline.evaluation.entropy_effect import entropy_effects, entropy_pairs
from pipeline.evaluation.faithfulness import QUESTION, faithfulness, reading
from pipeline.evaluation.results import Comparison, read_results
from pipeline.evaluation.significance import significance
from pipeline.evaluation.verdicts import verdicts
from pipeline.params import load_params
from pipeline.tracking.tracker import RunHandle, Tracker
from stages import cli
from stages.runs import comparison_run

SHOWN = ("variant", "accuracy_mean", "accuracy_low", "accuracy_high", "entropy_nats_mean", "entropy_normalised_mean")


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    models: Annotated[Path, typer.Option(help="Folder of the variants' histories to read.")],
    evaluation: Annotated[Path, typer.Option(help="Folder of the variants' tables to read.")],
    explanation: Annotated[Path, typer.Option(help="Folder of the variants' explanations to read.")],
    results: Annotated[Path, typer.Option(help="Folder of metrics to read, and of the comparison to write.")],
    page: Annotated[Path, typer.Option(help="HTML report to write.")],
) -> None:
    """Compare every variant of params.yaml on one corpus.

    Example: python -m stages.compare --corpus demo --models models/demo --evaluation evaluation/demo
    --explanation explanation/demo --results results/demo --page reports/demo.html
    """
    params = load_params("params.yaml")
    settings = params.evaluation
    variants = {name: entry.model_dump() for name, entry in params.variants.items()}
    with Tracker() as tracker:
        found = read_results(variants, models, evaluation, explanation, results)
        run = tracker.resume(comparison_run(params, corpus, found.metrics))
        frame = compare(list(found.metrics.values()), list(found.timing.values()), variants)
        effects = entropy_effects(
            entropy_pairs(variants),
            found.predictions,
            resamples=settings.bootstrap,
            confidence=settings.confidence,
        )
        pairs = significance(found.predictions, resamples=settings.bootstrap, confidence=settings.confidence)
        reasons = faithfulness(found.explanations)
        answers = verdicts(variants, pairs, confidence=settings.confidence)
        if len(reasons):
            answers[QUESTION] = reading(reasons)
        write_comparison(
            corpus,
            Comparison(frame, effects, pairs, reasons, answers),
            found,
            classes=CLASSES,
            confidence=settings.confidence,
            facts={
                "seeds": ", ".join(map(str, params.seeds)),
                "intervals": f"{settings.confidence:.0%}, bootstrap over test reviews",
            },
            folder=results,
            page=page,
        )
        _log(run, frame, results, page)
        run.print_links()
    print_comparison(frame, settings.confidence)
    for question, sentences in answers.items():
        typer.echo(f"\n{question}")
        for sentence in sentences:
            typer.echo(f"  {sentence}")
    typer.echo()
    for sentence in effects.get("sentence", []):
        typer.echo(sentence)
    typer.echo(f"Report: {page}")


def _log(run: RunHandle, frame: pd.DataFrame, results: Path, page: Path) -> None:
    """Logs the side-by-side table, the figures and the report.

    Args:
        run: the corpus's comparison.
        frame: from `compare`.
        results: folder of the files written.
        page: the report.
    """
    shown = frame[list(SHOWN)]
    columns = {name: [None if pd.isna(value) else value for value in shown[name].tolist()] for name in SHOWN}
    run.table(columns, "comparison.json")
    run.metrics({"test/accuracy": float(frame["accuracy_mean"].max())})
    for path in (page, *sorted(path for path in results.iterdir() if path.suffix in {".png", ".csv", ".md"})):
        run.artifact(path)


if __name__ == "__main__":
    cli.run(main)

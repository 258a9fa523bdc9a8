"""All variants of one corpus side by side: the table, the figures, the report, and a run of its own in MLflow."""

import json
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from pipeline.data.atomic import replacing
from pipeline.data.tensors import CLASSES
from pipeline.evaluation.comparison import compare, print_comparison, to_markdown
from pipeline.evaluation.corpus_figures import corpus_figures
from pipeline.evaluation.entropy_effect import entropy_effects, entropy_pairs
from pipeline.evaluation.report import report
from pipeline.params import load_params
from pipeline.tracking.tracker import Tracker
from stages import cli
from stages.results import log_comparison
from stages.runs import comparison_run


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    evaluation: Annotated[Path, typer.Option(help="Folder of the variants' tables to read.")],
    results: Annotated[Path, typer.Option(help="Folder of metrics to read, and of the comparison to write.")],
    page: Annotated[Path, typer.Option(help="HTML report to write.")],
) -> None:
    """Compare every variant of params.yaml on one corpus.

    Example: python -m stages.compare --corpus demo --evaluation evaluation/demo --results results/demo
    --page reports/demo.html
    """
    params = load_params("params.yaml")
    variants = {name: entry.model_dump() for name, entry in params.variants.items()}
    settings = params.evaluation
    with Tracker() as tracker:
        metrics = [_json(results / "variants" / f"{name}.json") for name in variants]
        timing = [_json(results / "timing" / f"{name}.json") for name in variants]
        run = tracker.resume(comparison_run(params, corpus, metrics))
        predictions = {name: pd.read_parquet(evaluation / name / "predictions.parquet") for name in variants}
        words = {name: _csv(evaluation / name / "top_words.csv") for name in variants}
        examples = {name: _json(evaluation / name / "examples.json") for name in variants}

        frame = compare(metrics, timing, variants)
        effects = entropy_effects(
            entropy_pairs(variants), predictions, resamples=settings.bootstrap, confidence=settings.confidence
        )
        figures = corpus_figures(corpus, frame, effects, metrics, predictions)
        facts = {
            "corpus": corpus,
            "test reviews": f"{len(next(iter(predictions.values())).query('seed == seed.min()')):,}",
            "seeds": ", ".join(map(str, params.seeds)),
            "intervals": f"{settings.confidence:.0%}, bootstrap over test reviews",
        }
        frame.to_csv(results / "comparison.csv", index=False, float_format="%.6g", lineterminator="\n")
        effects.to_csv(results / "entropy_effects.csv", index=False, float_format="%.6g", lineterminator="\n")
        (results / "comparison.md").write_text(to_markdown(frame, settings.confidence), encoding="utf-8")
        for name, figure in figures.items():
            figure.savefig(results / f"{name}.png", metadata={"Software": None})
        titles = {figure.get_suptitle() or name: figure for name, figure in figures.items()}
        with replacing(page) as part:
            part.write_text(
                report(corpus, frame, effects, titles, words, examples, facts, classes=CLASSES), encoding="utf-8"
            )
        log_comparison(run, frame, results, page)
        run.print_links()
    print_comparison(frame, settings.confidence)
    for sentence in effects.get("sentence", []):
        typer.echo(sentence)
    typer.echo(f"report: {page}")


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False) if path.stat().st_size > 1 else pd.DataFrame()


if __name__ == "__main__":
    cli.run(main)

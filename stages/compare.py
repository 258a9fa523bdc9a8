"""All variants of one corpus side by side: the tables, the figures and the report, and all results to MLflow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.data.atomic import naming
from pipeline.data.tables import read_csv
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.comparison import compare, print_comparison
from pipeline.evaluation.corpus_files import write_comparison
from pipeline.evaluation.entropy_effect import entropy_effects, entropy_pairs
from pipeline.evaluation.faithfulness import EDITS_QUESTION, QUESTION, closer, faithfulness, following, reading
from pipeline.evaluation.frontier import entropy_frontier, read_frontier, steering
from pipeline.evaluation.null_names import inherited_nulls, null_name
from pipeline.evaluation.results import Comparison, Results, read_results
from pipeline.evaluation.shared_examples import shared_examples
from pipeline.evaluation.significance import right_by_seed, significance
from pipeline.evaluation.verdicts import QUESTIONS, clear_pairs, equal_models, verdicts
from pipeline.evaluation.way import resampled_ways
from pipeline.params import Params, load_params
from pipeline.tracking.tracker import Tracker
from stages import cli
from stages.publishing import Folders, publish_comparison, publish_variants


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder of the variants' weights and histories to read.")],
    evaluation: Annotated[Path, typer.Option(help="Folder of the variants' tables to read.")],
    results: Annotated[Path, typer.Option(help="Folder of metrics to read, and of the comparison to write.")],
    page: Annotated[Path, typer.Option(help="HTML report to write.")],
) -> None:
    """Compare every variant of params.yaml on one corpus, and add all of its results to MLflow.

    Example: python -m stages.compare --corpus demo --tensors data/tensors/demo --models models/demo
    --evaluation evaluation/demo --results results/demo --page reports/demo.html
    """
    params = load_params("params.yaml")
    with Tracker(f"compare@{corpus}") as tracker:  # it writes in a process of its own, while this one compares
        variants = {name: entry.model_dump() for name, entry in params.variants.items()}
        found = read_results(variants, params.nulls_of(corpus), models, evaluation, results)
        publish_variants(tracker, params, corpus, found, Folders(tensors, models, evaluation, results))
        comparison = _compare(params, variants, corpus, found, results)
        data = read_tensors(tensors)
        examples = shared_examples(found.examples, models, data, corpus)
        with naming(results):
            write_comparison(
                corpus,
                comparison,
                found,
                examples,
                classes=data.classes,
                confidence=params.evaluation.confidence,
                facts={
                    "seeds": ", ".join(map(str, params.seeds)),
                    "intervals": f"{100 * params.evaluation.confidence:g}%, over test reviews and seeds",
                },
                folder=results,
                page=page,
            )
        _print(comparison, params.evaluation.confidence)
        made = sorted(path.name for path in results.iterdir() if path.suffix in {".csv", ".md", ".png"})
        typer.echo(f"\nMade in {results}: {', '.join(made)}")
        typer.echo(f"Open {page} in a browser for the tables, the figures, the words, and reviews side by side.")
        publish_comparison(tracker, params, corpus, found, results, page)  # last: it ends with the links


def _compare(
    params: Params, variants: Mapping[str, Mapping[str, Any]], corpus: str, found: Results, results: Path
) -> Comparison:
    confidence, resamples = params.evaluation.confidence, params.evaluation.bootstrap
    exchanged = read_csv(results / "explanation/exchange.csv")
    edited = results / "explanation/counterfactual.csv"
    edits = read_csv(edited) if edited.exists() else None
    frame = compare(list(found.metrics.values()), list(found.timing.values()), variants)
    twins = entropy_pairs(variants)
    pairs = significance(found.predictions, found.nulls, resamples=resamples, confidence=confidence)
    clear = clear_pairs(variants, pairs, confidence=confidence)
    effects = entropy_effects(twins, found.predictions, pairs, clear, resamples=resamples, confidence=confidence)
    frontier = entropy_frontier(variants, found, read_frontier(results, *params.swept(corpus)))
    nulls = {name: float(right_by_seed(rows).mean()) for name, rows in found.nulls.items()}
    accuracy = dict(zip(frame["variant"], frame["accuracy_mean"], strict=True))
    nulls |= {null_name(name, "uniform"): accuracy[plain] for name, plain in equal_models(variants).items()}
    inherited = inherited_nulls(variants, {pair.variant: pair.parent for pair in twins})
    ways = resampled_ways(found.asked, resamples=resamples)
    reasons = faithfulness(found.explanations, exchanged, nulls, inherited, ways, confidence=confidence)
    answers = verdicts(variants, pairs, confidence=confidence)
    answers.setdefault(QUESTIONS["entropy_weight"], []).extend(steering(frontier))
    if len(reasons):
        answers[QUESTION] = reading(reasons) + closer(twins, ways, reasons, confidence=confidence)
    if edits is not None:
        answers[EDITS_QUESTION] = following(edits)
    return Comparison(frame, effects, frontier, pairs, reasons, exchanged, edits, answers)


def _print(comparison: Comparison, confidence: float) -> None:
    print_comparison(comparison.frame, confidence)
    for question, sentences in comparison.verdicts.items():
        typer.echo(f"\n{question}")
        for sentence in sentences:
            typer.echo(f"  {sentence}")
    typer.echo()
    for sentence in comparison.effects.get("sentence", []):
        typer.echo(sentence)


if __name__ == "__main__":
    cli.run(main)

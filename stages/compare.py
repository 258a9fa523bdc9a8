"""All variants of one corpus side by side: the tables, the figures and the report."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import naming
from pipeline.data.tables import read_csv
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.comparison import compare, print_comparison
from pipeline.evaluation.corpus_files import write_comparison
from pipeline.evaluation.entropy_effect import entropy_effects, entropy_pairs
from pipeline.evaluation.faithfulness import EDITS_QUESTION, QUESTION, faithfulness, following, reading
from pipeline.evaluation.frontier import entropy_frontier, read_frontier, steering
from pipeline.evaluation.null_names import inherited_nulls
from pipeline.evaluation.results import Comparison, read_results
from pipeline.evaluation.significance import right_by_seed, significance
from pipeline.evaluation.verdicts import QUESTIONS, verdicts
from pipeline.params import load_params
from stages import cli


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder of the variants' histories to read.")],
    evaluation: Annotated[Path, typer.Option(help="Folder of the variants' tables to read.")],
    results: Annotated[Path, typer.Option(help="Folder of metrics to read, and of the comparison to write.")],
    page: Annotated[Path, typer.Option(help="HTML report to write.")],
) -> None:
    """Compare every variant of params.yaml on one corpus.

    Example: python -m stages.compare --corpus demo --tensors data/tensors/demo --models models/demo
    --evaluation evaluation/demo --results results/demo --page reports/demo.html
    """
    params = load_params("params.yaml")
    exchanged = read_csv(results / "explanation/exchange.csv")
    edited = results / "explanation/counterfactual.csv"
    edits = read_csv(edited) if edited.exists() else None
    settings = params.evaluation
    variants = {name: entry.model_dump() for name, entry in params.variants.items()}
    found = read_results(variants, params.nulls_of(corpus), models, evaluation, results)
    frame = compare(list(found.metrics.values()), list(found.timing.values()), variants)
    pairs = significance(found.predictions, found.nulls, resamples=settings.bootstrap, confidence=settings.confidence)
    effects = entropy_effects(
        entropy_pairs(variants),
        found.predictions,
        pairs,
        resamples=settings.bootstrap,
        confidence=settings.confidence,
    )
    frontier = entropy_frontier(variants, found, read_frontier(results, *params.swept(corpus)))
    nulls = {name: float(right_by_seed(rows).mean()) for name, rows in found.nulls.items()}
    parents = {pair.variant: pair.parent for pair in entropy_pairs(variants)}
    reasons = faithfulness(found.explanations, exchanged, nulls, inherited_nulls(variants, parents))
    answers = verdicts(variants, pairs, confidence=settings.confidence)
    answers.setdefault(QUESTIONS["entropy_weight"], []).extend(steering(frontier))
    if len(reasons):
        answers[QUESTION] = reading(reasons)
    if edits is not None:
        answers[EDITS_QUESTION] = following(edits)
    with naming(results):
        write_comparison(
            corpus,
            Comparison(frame, effects, frontier, pairs, reasons, exchanged, edits, answers),
            found,
            classes=read_tensors(tensors).classes,
            confidence=settings.confidence,
            facts={
                "seeds": ", ".join(map(str, params.seeds)),
                "intervals": f"{settings.confidence:.0%}, bootstrap over test reviews",
            },
            folder=results,
            page=page,
        )
    print_comparison(frame, settings.confidence)
    for question, sentences in answers.items():
        typer.echo(f"\n{question}")
        for sentence in sentences:
            typer.echo(f"  {sentence}")
    typer.echo()
    for sentence in effects.get("sentence", []):
        typer.echo(sentence)
    made = sorted(path.name for path in results.iterdir() if path.suffix in {".csv", ".md", ".png"})
    typer.echo(f"\nMade in {results}: {', '.join(made)}")
    typer.echo(f"Open {page} in a browser for the tables, the figures, the words, and reviews side by side.")


if __name__ == "__main__":
    cli.run(main)

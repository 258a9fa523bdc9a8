"""One variant on the test split of one corpus: how well it answers, where it looks, and whether that means anything."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import naming, replacing
from pipeline.data.demo import EVIDENCE
from pipeline.data.tensors import read_table, read_tensors
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.predict import has_attention, predict_seeds, trained_seeds
from pipeline.evaluation.variant_files import write_evaluation
from pipeline.explanation.explain import explain_seeds
from pipeline.explanation.explanation_files import write_explanations
from pipeline.explanation.summary import summarise
from pipeline.formats import read_results_json, results_json
from pipeline.params import load_params
from stages import cli


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    variant: Annotated[str, typer.Option(help="A name under variants in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder of weights and histories to read.")],
    out: Annotated[Path, typer.Option(help="Folder of tables, figures and pages to write.")],
    metrics: Annotated[Path, typer.Option(help="JSON of metrics to write.")],
    explanation: Annotated[Path, typer.Option(help="JSON of what the attention means to write.")],
) -> None:
    """Test every seed of a trained variant, describe its attention, and ask whether it may be read as a reason.

    Example: python -m stages.evaluate --corpus demo --variant attention --tensors data/tensors/demo
    --models models/demo/attention --out evaluation/demo/attention
    --metrics results/demo/variants/attention.json --explanation results/demo/explanation/attention.json
    """
    params = load_params("params.yaml")
    data = read_tensors(tensors)
    checkpoints = trained_seeds(models)
    histories = [read_results_json(path.with_suffix(".json")) for path in checkpoints.values()]
    summary: dict[str, object] = {"accuracy": {}, "measures": {}}
    if has_attention(next(iter(checkpoints.values()))):
        explained = explain_seeds(
            f"{corpus} {variant}",
            checkpoints,
            tensors,
            reviews=params.explanation.reviews,
            permutations=params.explanation.permutations,
            evidence=EVIDENCE,
        )
        predictions = {seed: one.predictions for seed, one in explained.items()}
        with naming(out):
            write_explanations(explained, data.classes, f"{variant} on {corpus}", out / "explanation")
        settings = params.evaluation
        summary = summarise(explained, resamples=settings.bootstrap, confidence=settings.confidence)
    else:
        predictions = predict_seeds(f"{corpus} {variant}", checkpoints, tensors, "test")
    table = read_table(tensors, ["name", "text"])
    evaluation = evaluate(
        variant,
        predictions,
        data,
        table,
        **params.evaluation.model_dump(exclude={"bootstrap"}),
        top_words_min_count=params.corpus(corpus).top_words_min_count,
    )
    with naming(out):
        write_evaluation(evaluation, histories, data.classes, f"{variant} on {corpus}", out)
    for path, content in ((metrics, evaluation.metrics), (explanation, {"variant": variant, **summary})):
        with replacing(path) as part:
            part.write_text(results_json(content), encoding="utf-8")
    typer.echo(f"{corpus} {variant}: accuracy {evaluation.metrics['accuracy_mean']:.4f} on the test split")


if __name__ == "__main__":
    cli.run(main)

"""One variant on the test split of one corpus: numbers, tables, figures and examples, as files and in MLflow."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.data.tensors import read_table, read_tensors
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.predict import predict_seeds
from pipeline.evaluation.variant_files import write_evaluation
from pipeline.params import load_params
from pipeline.tracking.tracker import RunHandle, Tracker
from stages import cli
from stages.runs import variant_run


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    variant: Annotated[str, typer.Option(help="A name under variants in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder of weights and histories to read.")],
    out: Annotated[Path, typer.Option(help="Folder of tables, figures and pages to write.")],
    metrics: Annotated[Path, typer.Option(help="JSON of metrics to write.")],
) -> None:
    """Test every seed of a trained variant and describe its attention.

    Example: python -m stages.evaluate --corpus demo --variant attention --tensors data/tensors/demo
    --models models/demo/attention --out evaluation/demo/attention
    --metrics results/demo/variants/attention.json
    """
    params = load_params("params.yaml")
    seeds = params.seeds_of(variant)
    with Tracker() as tracker:
        data = read_tensors(tensors)
        runs = {seed: tracker.resume(variant_run(params, corpus, variant, seed, data)) for seed in seeds}
        histories = {seed: json.loads((models / f"seed-{seed}.json").read_text(encoding="utf-8")) for seed in seeds}
        checkpoints = {seed: models / f"seed-{seed}.safetensors" for seed in seeds}
        runs[seeds[0]].text_model(  # first of all, so that MLflow copies it while this process works
            checkpoints[seeds[0]], tensors / "words.txt", tensors / "embeddings.npy", data.tokenizer, data.classes
        )
        table = read_table(tensors, ["name", "text"])
        predictions = predict_seeds(checkpoints, tensors, "test")
        evaluation = evaluate(variant, predictions, data, table, **params.evaluation.model_dump())
        write_evaluation(evaluation, list(histories.values()), data.classes, f"{variant} on {corpus}", out)
        with replacing(metrics) as part:
            part.write_text(json.dumps(evaluation.metrics, indent=2) + "\n", encoding="utf-8")
        reviews = data.splits["test"]
        for run in runs.values():
            run.dataset(
                corpus, data.digest, str(tensors), "test", {"reviews": len(reviews), "tokens": len(reviews.tokens)}
            )
        _log(runs, evaluation, histories, out)
    typer.echo(f"{corpus} {variant}: accuracy {evaluation.metrics['accuracy_mean']:.4f} on the test split")


def _log(
    runs: Mapping[int, RunHandle],
    evaluation: Evaluation,
    histories: Mapping[int, Sequence[Mapping[str, object]]],
    folder: Path,
) -> None:
    """Logs what is known of a variant to the run of each of its seeds.

    Numbers are those of the seed; tables, figures and the page are of all seeds, and lie at the root of every run,
    where MLflow's page that compares runs finds them.

    Args:
        runs: by seed.
        evaluation: of the variant.
        histories: epoch records by seed, for a run that training could not write.
        folder: what `write_evaluation` made.
    """
    files = [path for path in sorted(folder.iterdir()) if path.suffix in {".png", ".html", ".csv"}]
    words = evaluation.words
    for seed, run in runs.items():
        for record in histories[seed]:
            run.epoch(record)
        values = {**evaluation.by_seed[seed], "tokens_known": evaluation.metrics["tokens_known"]}
        run.metrics({f"test/{name}": value for name, value in values.items() if value is not None})
        for path in files:
            run.artifact(path)
        if len(words):
            shown = words.query("ranking == 'mean' and scope == 'all'")
            ranks = [f"{rank:02d}" for rank in shown["rank"]]
            columns = {"rank": ranks, "word": list(shown["word"]), "weight": list(shown["mean_weight"])}
            run.table(columns, "top_words.json")


if __name__ == "__main__":
    cli.run(main)

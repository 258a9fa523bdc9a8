"""One row of a published table, made again with the variant that comes nearest to its model."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.published import replica
from pipeline.explanation.explain import explain_seeds
from pipeline.explanation.summary import summarise
from pipeline.formats import results_json
from pipeline.params import load_params
from stages import cli
from stages.trial import trained


def main(
    row: Annotated[str, typer.Option(help="A name under published in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    states: Annotated[Path, typer.Option(help="Folder for what interrupted trainings go on from.")],
    out: Annotated[Path, typer.Option(help="JSON of our numbers to write.")],
) -> None:
    """Train the row's variant under the paper's protocol, and test and question every seed. The models are not kept.

    Example: python -m stages.replicate --row bilstm_tanh --tensors data/tensors/imdb_short --states .dvc/tmp/training
    --out results/published/bilstm_tanh.json
    """
    params = load_params("params.yaml")
    published = params.row(row)
    training = params.training_as(published.corpus, published.variant)
    with trained(row, published.variant, training, params.compute, params.seeds, tensors, states) as checkpoints:
        asked = params.explanation
        explained = explain_seeds(row, checkpoints, tensors, reviews=asked.reviews, permutations=asked.permutations)
    summary = summarise(explained, resamples=params.evaluation.bootstrap, confidence=params.evaluation.confidence)
    predictions = {seed: one.predictions for seed, one in explained.items()}
    found = replica(predictions, summary, read_tensors(tensors))
    with replacing(out) as part:
        part.write_text(results_json({"row": row, **found}), encoding="utf-8")
    typer.echo(f"{row}: accuracy {found['ours']['accuracy']['mean']:.4f}, published {published.numbers}")


if __name__ == "__main__":
    cli.run(main)

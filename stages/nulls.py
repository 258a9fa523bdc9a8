"""The null model of one variant: what it reaches when its attention is never learned."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from pipeline.data.atomic import replacing
from pipeline.data.tables import write_parquet
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.predict import predict_seeds
from pipeline.params import load_params
from pipeline.params_variants import NullKind, null_model
from stages import cli
from stages.trial import trained


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    variant: Annotated[str, typer.Option(help="A name under variants in params.yaml.")],
    kind: Annotated[NullKind, typer.Option(help="Equal weights, or those of a query that is drawn by chance.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    states: Annotated[Path, typer.Option(help="Folder for what interrupted trainings go on from.")],
    out: Annotated[Path, typer.Option(help="Table of answers to the test reviews to write.")],
) -> None:
    """Train one variant without learning its attention, and test every seed. The models are not kept.

    Example: python -m stages.nulls --corpus demo --variant attention --kind uniform --tensors data/tensors/demo
    --states .dvc/tmp/training --out evaluation/demo/attention.uniform.parquet
    """
    params = load_params("params.yaml")
    entry, training = null_model(params.learns_attention(variant), kind), params.training_of(corpus, variant)
    title = f"{corpus} {variant} {kind}"
    seeds = params.seeds_of(variant)
    with trained(title, entry, training, params.compute, seeds, tensors, states) as checkpoints:
        answers = predict_seeds(title, checkpoints, tensors, "test")
    test = read_tensors(tensors).splits["test"]
    table = pd.concat(
        [
            pd.DataFrame({"seed": seed, "row": test.rows, "label": test.labels, "predicted": one.predicted_N})
            for seed, one in answers.items()
        ],
        ignore_index=True,
    )
    with replacing(out) as part:
        write_parquet(table, part)
    typer.echo(f"{title}: accuracy {(table['label'] == table['predicted']).mean():.4f} on the test split")


if __name__ == "__main__":
    cli.run(main)

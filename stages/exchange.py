"""Every variant of a corpus with the attention weights of every other."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.data.tables import write_csv
from pipeline.explanation.exchange import exchange
from pipeline.params import load_params
from pipeline.params_variants import AttentionVariant
from stages import cli


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder with a folder of weights per variant.")],
    out: Annotated[Path, typer.Option(help="CSV to write: a row per model and donor of weights.")],
) -> None:
    """Test every variant with attention on the weights of every other, on the same sample of test reviews.

    Example: python -m stages.exchange --corpus demo --tensors data/tensors/demo --models models/demo
    --out results/demo/explanation/exchange.csv
    """
    params = load_params("params.yaml")
    checkpoints = {
        name: {seed: models / name / f"seed-{seed}.safetensors" for seed in params.seeds}
        for name, entry in params.variants.items()
        if isinstance(entry, AttentionVariant)
    }
    table = exchange(checkpoints, tensors, reviews=params.explanation.exchanged)
    with replacing(out) as part:
        write_csv(table, part)
    typer.echo(f"{out}: {len(checkpoints)} variants, each with the weights of all")


if __name__ == "__main__":
    cli.run(main)

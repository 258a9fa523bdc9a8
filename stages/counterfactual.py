"""Every variant of a corpus on reviews and their minimal edits: do answers follow the edit, and does the attention?"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from pipeline.data.atomic import replacing
from pipeline.data.tables import read_parquet, write_csv
from pipeline.explanation.counterfactual import counterfactual_rows, counterfactual_table
from pipeline.params import load_params
from stages import cli


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    pairs: Annotated[Path, typer.Option(help="Table of pairs to read.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder with a folder of weights per variant.")],
    out: Annotated[Path, typer.Option(help="CSV to write: a row per variant.")],
) -> None:
    """Test every variant on the pairs: on all edits, and on the originals that no model was trained on.

    Example: python -m stages.counterfactual --corpus imdb --pairs data/counterfactual/pairs.parquet
    --tensors data/tensors/imdb --models models/imdb
    --out results/imdb/explanation/counterfactual.csv
    """
    params = load_params("params.yaml")
    checkpoints = {
        name: {seed: models / name / f"seed-{seed}.safetensors" for seed in params.seeds_of(name)}
        for name in params.variants
    }
    rows = counterfactual_rows(checkpoints, read_parquet(pairs), tensors)
    evaluation = params.evaluation
    table = counterfactual_table(
        rows, list(checkpoints), resamples=evaluation.bootstrap, confidence=evaluation.confidence
    )
    with replacing(out) as part:
        write_csv(table, part)
    for _, row in table.iterrows():
        looked = "" if pd.isna(row["lift"]) else f", attention on the edited words {row['lift']:.1f} times uniform"
        typer.echo(
            f"{corpus} {row['variant']}: {row['accuracy_edited']:.1%} of the edits right, "
            f"{row['consistency']:.1%} of the {row['held_out']} pairs held out of training{looked}"
        )


if __name__ == "__main__":
    cli.run(main)

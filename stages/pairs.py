"""Downloads and verifies pairs of reviews and their minimal edits to the opposite label."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data import pairs, sources
from pipeline.data.atomic import replacing
from pipeline.data.tables import write_parquet
from pipeline.params import load_params
from stages import cli


def main(
    downloads: Annotated[Path, typer.Option(help="Folder that keeps downloaded files.")],
    out: Annotated[Path, typer.Option(help="Table of pairs to write.")],
) -> None:
    """Download and verify the pairs, and write them as one table.

    Example: python -m stages.pairs --downloads data/downloads --out data/counterfactual/pairs.parquet
    """
    source = load_params("params.yaml").sources.counterfactual
    table = sources.fetch(
        source.urls, downloads, lambda file: pairs.read_pairs(file, source.sha256), mirrored_in="counterfactual"
    )
    with replacing(out) as part:
        write_parquet(table, part)
    typer.echo(f"{out}: {len(table):,} reviews, each with an edit to the opposite label")


if __name__ == "__main__":
    cli.run(main)

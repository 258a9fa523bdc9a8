"""Downloads and verifies the IMDB reviews, and writes them as one table."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data import imdb, sources
from pipeline.data.atomic import replacing
from pipeline.data.tables import write_parquet
from pipeline.params import load_params
from stages import cli


def main(
    downloads: Annotated[Path, typer.Option(help="folder that keeps downloaded archives")],
    out: Annotated[Path, typer.Option(help="reviews.parquet to write")],
) -> None:
    """Download and verify the IMDB reviews, and write them as one table.

    Example: python -m stages.imdb --downloads data/downloads --out data/imdb/reviews.parquet
    """
    source = load_params("params.yaml").sources.imdb
    reviews = sources.fetch(source.urls, downloads, lambda archive: imdb.read(archive, source.sha256))
    with replacing(out) as part:
        write_parquet(reviews, part)
    typer.echo(f"{out}: {len(reviews):,} reviews of {reviews['movie'].nunique():,} movies")


if __name__ == "__main__":
    cli.run(main)

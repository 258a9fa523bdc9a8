"""Downloads and verifies the GloVe vectors of the wanted length, and writes them as text."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data import glove, sources
from pipeline.params import load_params
from stages import cli


def main(
    downloads: Annotated[Path, typer.Option(help="folder that keeps downloaded archives")],
    out: Annotated[Path, typer.Option(help="vectors.txt to write")],
) -> None:
    """Download and verify the GloVe vectors of the wanted length, and write them as text.

    Example: python -m stages.glove --downloads data/downloads --out data/glove/vectors.txt
    """
    source = load_params("params.yaml").sources.glove
    member = source.members[source.dimensions]
    sources.fetch(
        member.urls,
        downloads,
        lambda archive: glove.extract(archive, out, source.dimensions, member.sha256, member.archive_sha256),
    )
    typer.echo(f"{out}: GloVe 6B, {source.dimensions} dimensions")


if __name__ == "__main__":
    cli.run(main)

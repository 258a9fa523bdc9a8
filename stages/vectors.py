"""Verifies a file of word vectors of one's own, and writes it as every later stage reads it."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.data import own_vectors
from pipeline.params import load_params
from stages import cli


def main(
    source: Annotated[str, typer.Option(help="A name under sources.vectors in params.yaml.")],
    out: Annotated[Path, typer.Option(help="Word vectors to write, in GloVe's text format.")],
) -> None:
    """Verify every line of a file of word vectors, and write it in GloVe's text format.

    Example: python -m stages.vectors --source german --out data/german/vectors.txt
    """
    words, dimensions = own_vectors.rewrite(Path(load_params("params.yaml").own_vectors(source).path), out)
    typer.echo(f"{out}: {words:,} words, {dimensions} dimensions")


if __name__ == "__main__":
    cli.run(main)

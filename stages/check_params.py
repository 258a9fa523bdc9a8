"""params.yaml is checked before any stage of the pipeline starts, so that a mistake in it costs nothing."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.params import load_params
from stages import cli


def main(file: Annotated[Path, typer.Argument(help="The file to check.")] = Path("params.yaml")) -> None:
    """Check params.yaml: every name, type, range and combination in it.

    Example: python -m stages.check_params
    """
    params = load_params(file)
    typer.echo(f"{file}: {len(params.variants)} variants, {len(params.corpora)} corpora, {len(params.seeds)} seeds")


if __name__ == "__main__":
    cli.run(main)

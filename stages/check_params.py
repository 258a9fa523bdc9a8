"""params.yaml is checked before any stage of the pipeline starts, so that a mistake in it costs nothing.

What each stage reads of it is written to a file too, on which the stage depends (params_read.py).
"""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.params import Params, load_params
from stages import cli, params_read


def main(
    file: Annotated[Path, typer.Argument(help="The file to check.")] = Path("params.yaml"),
    out: Annotated[Path | None, typer.Option(help="Folder to write what each stage reads to, a JSON each.")] = None,
) -> None:
    """Check params.yaml: every name, type, range and combination in it.

    Examples:
        attention check

        python -m stages.check_params params.yaml --out data/params
    """
    params = check(file)
    if out:
        params_read.write(params, out)
    typer.echo(f"{file}: {len(params.variants)} variants, {len(params.corpora)} corpora, {len(params.seeds)} seeds")


def check(file: Path) -> Params:
    """Reads the file, and looks whether the tables and vectors of one's own that it names are there.

    Raises:
        ValueError: something is wrong in it; the message names each place.
    """
    params = load_params(file)
    for section in ("reviews", "vectors"):
        for name, own in getattr(params.sources, section).items():
            if not Path(own.path).is_file() and not Path(f"{own.path}.dvc").is_file():
                raise ValueError(
                    f"{file}: sources.{section}.{name}.path = {own.path!r}: there is no such file; "
                    "paths count from the project's root folder"
                )
    return params


if __name__ == "__main__":
    cli.run(main)

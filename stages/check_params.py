"""params.yaml is checked before any stage of the pipeline starts, so that a mistake in it costs nothing.

What each stage reads of it is written to a file too, on which the stage depends (params_read.py).
"""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.params import Params, checked
from pipeline.params_yaml import read_yaml
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


def check(file: Path, name: Path | None = None) -> Params:
    """Reads the file, and looks whether the tables and vectors of one's own that it names are there.

    Args:
        file: to read.
        name: of the file that errors speak of, and that paths count from, if it is another one.

    Raises:
        ValueError: something is wrong in it; the message names each place.
    """
    name = name or file
    params = checked(read_yaml(file), name)
    for section in ("reviews", "vectors"):
        for source, own in getattr(params.sources, section).items():
            path = name.parent / own.path
            if not path.is_file() and not any(Path(f"{one}.dvc").is_file() for one in (path, *path.parents)):
                raise ValueError(
                    f"{name}: sources.{section}.{source}.path = {own.path!r}: there is no such file; "
                    "paths count from the project's root folder"
                )
    return params


if __name__ == "__main__":
    cli.run(main)

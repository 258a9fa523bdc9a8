"""params.yaml is checked before any stage of the pipeline starts, so that a mistake in it costs nothing.

What each stage reads of it is written to a file too, on which the stage depends (params_read.py).
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pipeline.params import Params, checked
from pipeline.params_yaml import read_yaml
from stages import cli, params_read


def main(
    file: Annotated[Path, typer.Argument(help="The file to check.")] = Path("params.yaml"),
    out: Annotated[Path | None, typer.Option(help="Folder to write what each stage reads to, a JSON each.")] = None,
    set_param: Annotated[
        list[str] | None,
        typer.Option("--set-param", "-S", help="A change, as for `dvc exp run`; the file stays as it is."),
    ] = None,
) -> None:
    """Check params.yaml: every name, type, range and combination in it.

    Examples:
        attention check

        attention check -S training.epochs=12

        python -m stages.check_params params.yaml --out data/params
    """
    params = _checked(file, file)
    if set_param:
        for point in _points(set_param):
            with _changed(file, point) as changed:
                params = _checked(changed, file)
    if out:
        params_read.write(params, out)
    typer.echo(f"{file}: {len(params.variants)} variants, {len(params.corpora)} corpora, {len(params.seeds)} seeds")


def _checked(file: Path, name: Path) -> Params:
    """What the file says, under the name of the one that errors speak of, and that paths count from."""
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


def _points(changes: list[str]) -> list[list[str]]:
    """The changes to params.yaml of each experiment: one, or all that a sweep means.

    Raises:
        ValueError: DVC cannot read them.
    """
    from dvc.exceptions import DvcException
    from dvc.utils.cli_parse import to_path_overrides
    from dvc.utils.hydra import get_hydra_sweeps
    from hydra.errors import HydraException

    try:
        return [point.get("params.yaml", []) for point in get_hydra_sweeps(to_path_overrides(changes))]
    except (DvcException, HydraException) as error:
        raise ValueError(f"-S: {str(error).splitlines()[0]}") from None


@contextmanager
def _changed(file: Path, changes: list[str]) -> Iterator[Path]:
    """A copy of the file, changed.

    Raises:
        ValueError: DVC cannot apply the changes.
    """
    from dvc.exceptions import DvcException
    from dvc.utils.hydra import apply_overrides

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(file, folder))
        try:
            apply_overrides(copy, changes)
        except DvcException as error:
            raise ValueError(f"-S {' '.join(changes)}: {str(error.__cause__ or error).splitlines()[0]}") from None
        yield copy


if __name__ == "__main__":
    cli.run(main)

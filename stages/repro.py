"""The command `dvc` in the project's environment: DVC itself, after what it cannot check before it runs stages.

DVC reads params.yaml to lay the stages out, so without this a mistake in it would be refused in DVC's words, which name
no place, and anchors of anchors would be unfolded. What a kill left half-written of DVC's own files is put right too.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

PARAMS = "params.yaml"
RUNS = ["repro"], ["exp", "run"], ["experiments", "run"]


def main() -> None:
    """Runs DVC with the arguments of the command line; where it would run this project's stages, checks first."""
    if {"repro", "run"} & set(sys.argv[1:]) and not {"-h", "--help"} & set(sys.argv[1:]):
        parser = argparse.ArgumentParser("dvc", add_help=False, allow_abbrev=False)
        parser.add_argument("--cd", type=Path, default=Path())
        parser.add_argument("-S", "--set-param", action="append", default=[])
        known, others = parser.parse_known_args()
        words = [word for word in others if not word.startswith("-")]
        if any(words[: len(run)] == run for run in RUNS) and _is_here(known.cd / "dvc.yaml"):
            from stages import cli

            with cli.errors_told():
                _check(known.cd / PARAMS, known.set_param)
    from dvc.cli import main as dvc

    sys.exit(dvc())


def _is_here(pipeline: Path) -> bool:
    return pipeline.is_file() and b"stages.check_params" in pipeline.read_bytes()


def _check(params: Path, changes: list[str]) -> None:
    """Checks the file, or what `dvc exp run -S` would make of it, of each point where it queues a sweep."""
    from pipeline.params_yaml import read_yaml
    from stages import check_params

    read_yaml(params)
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / PARAMS
        for point in _points(changes):
            shutil.copy(params, changed)
            if point and not _applied(changed, point):
                return  # DVC says what it cannot apply
            check_params.check(changed, name=params)


def _points(changes: list[str]) -> list[list[str]]:
    """The changes to params.yaml of each experiment; none where DVC will refuse them."""
    if not changes:
        return [[]]
    from dvc.exceptions import DvcException
    from dvc.utils.cli_parse import to_path_overrides
    from dvc.utils.hydra import get_hydra_sweeps
    from hydra.errors import HydraException

    try:
        return [point.get(PARAMS, []) for point in get_hydra_sweeps(to_path_overrides(changes))]
    except (DvcException, HydraException):
        return []


def _applied(params: Path, changes: list[str]) -> bool:
    from dvc.exceptions import DvcException
    from dvc.utils.hydra import apply_overrides

    try:
        apply_overrides(params, changes)
    except DvcException:
        return False
    return True


if __name__ == "__main__":
    main()

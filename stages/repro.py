"""The command `dvc` in the project's environment: DVC itself, after what it cannot check before it runs stages.

DVC reads params.yaml to lay the stages out, so without this a mistake in it would be refused in DVC's words, which name
no place, and anchors of anchors would be unfolded. A list of processes that a kill cut off would stop DVC too.
"""

import sys
from pathlib import Path

RUNS = ("repro",), ("exp", "run"), ("experiments", "run")


def main() -> None:
    """Runs DVC with the arguments of the command line; where it would run this project's stages, checks first."""
    words = tuple(word for word in sys.argv[1:] if not word.startswith("-"))
    if any(words[: len(run)] == run for run in RUNS) and _is_here(Path("dvc.yaml")):
        from stages import check_params, cli

        with cli.errors_told():
            check_params.check(Path("params.yaml"))
    from dvc.cli import main as dvc

    sys.exit(dvc())


def _is_here(pipeline: Path) -> bool:
    return pipeline.is_file() and b"stages.check_params" in pipeline.read_bytes()


if __name__ == "__main__":
    main()

"""The command `dvc` in the project's environment: DVC itself, after what it cannot check before it runs stages.

DVC reads params.yaml to lay the stages out, so without this a mistake in it would be refused in DVC's words, which name
no place, and anchors of anchors would be unfolded. What a kill left half-written of DVC's own files is put right too.
"""

import argparse
import subprocess
import sys
from pathlib import Path

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
            check = [sys.executable, "-m", "stages.check_params"]
            check += [f"--set-param={change}" for change in known.set_param]
            if code := subprocess.run(check, cwd=known.cd, stdout=subprocess.DEVNULL, check=False).returncode:
                sys.exit(code)
    from dvc.cli import main as dvc

    sys.exit(dvc())


def _is_here(pipeline: Path) -> bool:
    return pipeline.is_file() and b"stages.check_params" in pipeline.read_bytes()


if __name__ == "__main__":
    main()

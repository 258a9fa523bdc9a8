"""What code each stage runs, as a list of files with their digests: DVC runs a stage again when its list has changed.

The list is read from the source, so it is exact, and it is one dependency instead of forty: DVC reads and writes
dvc.lock for every stage it runs, and a lock file with every file of every stage takes it seconds each time.
"""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.source import ROOT, closure
from stages import cli


def programs() -> list[Path]:
    """The files of the stages, this one aside."""
    files = sorted((ROOT / "stages").glob("*.py"))
    return [file for file in files if file != Path(__file__) and "cli.run(main)" in file.read_text(encoding="utf-8")]


def main(out: Annotated[Path, typer.Option(help="Folder to write a list per stage to.")]) -> None:
    """List the files that each stage runs, with their sha256.

    Example: python -m stages.code --out data/code
    """
    names = {f"{program.stem}.txt" for program in programs()}
    for old in [path for path in out.glob("*.txt") if path.name not in names]:
        old.unlink()
    for program in programs():
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT).as_posix()}"
            for path in sorted(closure(program))
        ]
        with replacing(out / f"{program.stem}.txt") as part:
            part.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    cli.run(main)

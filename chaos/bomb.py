"""Anchors of anchors in params.yaml, eight lines that mean 43 million values, are refused before they are unfolded."""

import os
import subprocess
import tempfile
from pathlib import Path

from chaos.parameters import CHECK, COMMANDS, files
from chaos.row import Row
from tests.small_project import Project, make_project
from tests.test_params import BOMB

WITHIN = 10.0  # seconds of the processor
SIZE = 500  # MB, at most, to say what is wrong


def main() -> list[Row]:
    """A row per command: what it says, how long it takes, and how much memory."""
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name) / "project")
        (project.root / "params.yaml").write_text(BOMB, "utf-8")
        return [_row(project, command) for command in COMMANDS]


def _row(project: Project, name: str) -> Row:
    before = files(project)
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            COMMANDS[name], cwd=project.root, env=project.environment, stdout=output, stderr=output
        )
        usage = os.wait4(process.pid, 0)[2]
        output.seek(0)
        said = output.read()
    worked, size = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000
    held = files(project) == before and "Traceback" not in said and said.count("error: ") == 1
    told = f"one error, after {worked:.1f} s of processor time and with {size:.0f} MB; no file made"
    tried = "anchors of anchors in params.yaml" if name == CHECK else "the same"
    return Row(f"{tried}, then {name}", 1, told, failed=not (held and worked < WITHIN and size < SIZE))

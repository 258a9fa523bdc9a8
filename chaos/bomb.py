"""Anchors of anchors in params.yaml, eight lines that mean 43 million values: only DVC unfolds them."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from chaos.parameters import CHECK, COMMANDS, DVC, files
from chaos.row import Row
from tests.small_project import Project, make_project
from tests.test_params import BOMB

PATIENCE = 20.0  # seconds until Ctrl-C
WITHIN = 10.0  # seconds, of the processor for an error, of the clock to end after Ctrl-C
SIZE = 500  # MB, at most, to say what is wrong


def main() -> list[Row]:
    """A row per command: what it says, how long it takes, and how much memory."""
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name) / "project")
        (project.root / "params.yaml").write_text(BOMB, "utf-8")
        return [_row(project, command) for command in COMMANDS]


def _row(project: Project, name: str) -> Row:
    before, started = files(project), time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            COMMANDS[name], cwd=project.root, env=project.environment, stdout=output, stderr=output
        )
        ctrl_c = threading.Timer(PATIENCE, os.kill, [process.pid, signal.SIGINT])
        ctrl_c.start()
        usage = os.wait4(process.pid, 0)[2]
        ctrl_c.cancel()
        waited = time.monotonic() - started
        output.seek(0)
        said = output.read()
    worked, size = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000
    held = files(project) == before and "Traceback" not in said
    if name == DVC:
        told = f"no word in {PATIENCE:.0f} s, {size:.0f} MB by then; Ctrl-C ends it, no file made"
        held = held and PATIENCE < waited < PATIENCE + WITHIN
    else:
        told = f"one error, after {worked:.1f} s of processor time and with {size:.0f} MB; no file made"
        held = held and said.count("error: ") == 1 and worked < WITHIN and size < SIZE
    tried = "anchors of anchors in params.yaml" if name == CHECK else "the same"
    return Row(f"{tried}, then {name}", 1, told, failed=not held)

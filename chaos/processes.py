"""A `dvc repro` that can be killed, and what can be seen of it from outside."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from pipeline.lockfile import is_whole
from tests.small_project import Project

WATCHED = ("dvc.lock", "data", "models", "evaluation", "results", "reports", ".dvc/tmp/training", ".dvc/cache")
HOWS = ("SIGKILL", "SIGINT", "all")


class Repro:
    """A `dvc repro`, in a process group of its own.

    Args:
        project: where.
        log: file for what it prints.
        command: `dvc repro` and its targets, or what runs it.
    """

    def __init__(self, project: Project, log: Path, *command: str) -> None:
        self._root, self._log = project.root, log
        with log.open("w") as file:
            self._process = subprocess.Popen(
                # A shell's background jobs are born without Ctrl-C, and so would be what this process starts.
                [sys.executable, "-c", _RUN, *command],
                cwd=project.root,
                env=project.environment | {"PYTHONUNBUFFERED": "1"},
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def wait(self, seconds: float) -> int | None:
        """The exit code, or None if it still runs after that time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    @property
    def said(self) -> str:
        """What it printed up to now."""
        return self._log.read_text("utf-8", errors="replace")

    def stage(self) -> str:
        """The stage that runs now, such as "train", or "dvc" between two of them."""
        for process in self._family()[1:]:
            try:
                words = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if found := re.search(r"-m stages\.(?!warm)(\w+)", words):
                return "code" if found[1] == "check_params" else found[1]
        return "dvc"

    def reach(self, stages: list[str]) -> int | None:
        """Waits until one of these stages runs: None, or the exit code if it ended before."""
        while (code := self.wait(0.05)) is None and self.stage() not in stages:
            pass
        return code

    def write(self, seconds: float) -> str:
        """Waits until a file is written, at most that long; its name, or nothing."""
        before, deadline = _sizes(self._root), time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            time.sleep(0.01)
            now = _sizes(self._root)
            if changed := {path for path, size in now.items() if before.get(path) != size}:
                return min(changed)
        return ""

    def half(self) -> list[str]:
        """What was cut off in the middle: files and folders that wait for their last byte, and DVC's own."""
        root = self._root
        parts = [part for name in WATCHED for part in (root / name).glob("**/*.part")]
        cut_off = [] if is_whole(root / "dvc.lock") else [root / "dvc.lock"]
        return [path.relative_to(root).as_posix() for path in (*parts, *cut_off)]

    def kill(self, how: str) -> None:
        """Ends it: its process group by SIGKILL or SIGINT, or with it all that it started."""
        if how == "SIGINT":
            while self._process.poll() is None:  # pressed again, as a person does whom nothing obeys
                os.killpg(self._process.pid, signal.SIGINT)
                self.wait(30)
        elif how == "SIGKILL":
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            for process in self._inside():
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait(120)
        psutil.wait_procs(self._inside(), 120)  # what takes note of the end outlives it for a moment

    def _inside(self) -> list[psutil.Process]:
        """All processes that work in the project, also those that have left the family."""
        return [process for process in psutil.process_iter() if self._works_here(process)]

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return Path(process.cwd()).is_relative_to(self._root)
        except psutil.Error:
            return False

    def _family(self) -> list[psutil.Process]:
        try:
            head = psutil.Process(self._process.pid)
            return [head, *head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


_RUN = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def _sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Time and size of every file that a kill could leave half written."""
    sizes = {}
    for name in WATCHED:
        path = root / name
        for file in [path] if path.is_file() else path.rglob("*"):
            try:
                state = file.stat()
            except FileNotFoundError:
                continue
            if file.is_file() and not file.name.endswith(".part.lock"):  # an empty one, beside what is written
                sizes[file.relative_to(root).as_posix()] = (state.st_mtime_ns, state.st_size)
    return sizes

"""What a program costs together with every process that it starts: memory at the peak, and processor time.

Sampled from outside: what the system keeps as a process's peak begins with that of the process that started it, and
counts the pages of mapped files, which any other program may have back at once.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import psutil

EVERY = 0.05  # seconds


class Cost(NamedTuple):
    """What a program printed, MiB of memory of its own at the peak, and seconds of processor time."""

    printed: str
    mib: float
    seconds: float


def cost(command: list[str]) -> Cost:
    """Runs a command to its end.

    Raises:
        RuntimeError: it failed; the message is what it said last.
    """
    most, clocks = 0, dict[int, float]()
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        with psutil.Popen(command, stdout=printed, stderr=said) as program:
            while program.poll() is None:
                family = _family(program)
                most = max(most, sum(map(_bytes, family)))
                for process in family:
                    clocks[process.pid] = max(clocks.get(process.pid, 0.0), _seconds(process))
                try:
                    program.wait(EVERY)
                except psutil.TimeoutExpired:
                    continue
        for file in (printed, said):
            file.seek(0)
        if program.returncode:
            raise RuntimeError(f"{subprocess.list2cmdline(command)}: {said.read()[-2000:]}")
        return Cost(printed.read(), most / 2**20, sum(clocks.values()))


def _family(program: psutil.Process) -> list[psutil.Process]:
    try:
        return [program, *program.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # it has just ended
        return 0.0
    return float(times.user + times.system)


def _bytes(process: psutil.Process) -> int:
    """A page that several processes share is divided among them."""
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup")
        if not rollup.exists():
            return int(process.memory_full_info().uss)
        lines = dict(line.split(":", 1) for line in rollup.read_text().splitlines()[1:])
        return 1024 * int(lines["Pss_Anon"].split()[0])
    except (psutil.Error, OSError, KeyError):  # it has just ended
        return 0

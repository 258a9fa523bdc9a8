"""The memory that a program needs at its peak, together with every process that it starts.

Sampled from outside: what the system keeps as a process's peak begins with that of the process that started it, and
counts the pages of mapped files, which any other program may have back at once.
"""

import subprocess
import tempfile
from pathlib import Path

import psutil

EVERY = 0.05  # seconds


def peak(command: list[str]) -> tuple[str, float]:
    """Runs a command to its end; gives what it printed, and MiB of memory of its own at the peak.

    Raises:
        RuntimeError: it failed; the message is what it said last.
    """
    most = 0
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as said:
        with psutil.Popen(command, stdout=printed, stderr=said) as program:
            while program.poll() is None:
                most = max(most, _bytes(program))
                try:
                    program.wait(EVERY)
                except psutil.TimeoutExpired:
                    continue
        for file in (printed, said):
            file.seek(0)
        if program.returncode:
            raise RuntimeError(f"{subprocess.list2cmdline(command)}: {said.read()[-2000:]}")
        return printed.read(), most / 2**20


def _bytes(program: psutil.Process) -> int:
    """Of the process and all its descendants; a page that several share counts once."""
    total = 0
    try:
        family = [program, *program.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup")
            if rollup.exists():
                lines = dict(line.split(":", 1) for line in rollup.read_text().splitlines()[1:])
                total += 1024 * int(lines["Pss_Anon"].split()[0])
            else:
                total += process.memory_full_info().uss
        except (psutil.Error, OSError, ValueError, KeyError):  # it has just ended
            continue
    return total

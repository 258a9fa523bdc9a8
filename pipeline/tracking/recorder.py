"""The process at the other end of a tracker's pipe: reads commands, writes to MLflow, warns once if that fails.

How the pipe ends says how the stage ended: after a goodbye, as the goodbye says; without one the stage was killed.
"""

import logging
import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from pipeline.tracking import commands


def main() -> None:
    """Record what comes on standard input until it ends: ``recorder.py WORKSPACE STAGE_PID``, in the store's root."""
    for signal_number in (signal.SIGINT, signal.SIGTERM):  # only the end of the pipe ends the recorder
        signal.signal(signal_number, signal.SIG_IGN)
    queue: SimpleQueue[commands.Command] = SimpleQueue()
    # The pipe is emptied from the first moment, so the stage never waits while MLflow is imported or slow.
    threading.Thread(target=_receive, args=(sys.stdin.buffer, queue), daemon=True).start()
    _record(queue, workspace=Path(sys.argv[1]), stage_pid=int(sys.argv[2]))


def _receive(pipe: BinaryIO, queue: SimpleQueue[commands.Command]) -> None:
    while True:
        try:
            command: commands.Command = pickle.load(pipe)
        except Exception:  # the pipe has ended, or was cut in the middle of a command
            queue.put(commands.Goodbye("KILLED"))
            return
        queue.put(command)


def _record(queue: SimpleQueue[commands.Command], workspace: Path, stage_pid: int) -> None:
    try:
        import mlflow  # noqa: F401 - sets its own log levels, so it comes before ours

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)

        from pipeline.tracking.store import Store
        from pipeline.tracking.writer import Writer

        writer = Writer(Store(Path.cwd()), workspace, stage_pid)
    except Exception as error:
        _warn(error)
        _ignore_rest(queue)
        return
    try:
        while not isinstance(command := queue.get(), commands.Goodbye):
            writer.write(command)
        writer.end(command.status)
    except Exception as error:
        _warn(error)
        with suppress(Exception):
            writer.end("FAILED")
        if not isinstance(command, commands.Goodbye):
            _ignore_rest(queue)


def _ignore_rest(queue: SimpleQueue[commands.Command]) -> None:
    while not isinstance(queue.get(), commands.Goodbye):
        pass


def _warn(error: Exception) -> None:
    cause = (str(error).strip() or type(error).__name__).splitlines()[0]
    print(
        f"warning: MLflow tracking stopped, the stage goes on and its results are not affected. Cause: {cause}\n"
        f"  Check MLFLOW_TRACKING_URI (now {os.environ.get('MLFLOW_TRACKING_URI')}), "
        "or unset it to use the store in the project's root.",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    main()

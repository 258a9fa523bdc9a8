"""The process at the other end of a tracker's pipe: reads commands, writes to MLflow, warns once if that fails.

How the pipe ends says how the stage ended: after a goodbye, as the goodbye says; without one the stage was killed.
"""

import fcntl
import logging
import os
import pickle
import signal
import sys
import threading
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from pipeline.printable import cause, without_credentials
from pipeline.progress import Progress, Task
from pipeline.tracking import commands
from pipeline.tracking.provenance import invocation


def main() -> None:
    """Record what comes on standard input until it ends, in the store's root.

    ``recorder.py WORKSPACE STAGE_PID PUBLISHER``: the last is the stage of DVC that adds what a store lacks.
    """
    for signal_number in (signal.SIGINT, signal.SIGTERM):  # only the end of the pipe ends the recorder
        signal.signal(signal_number, signal.SIG_IGN)
    queue: SimpleQueue[commands.Command] = SimpleQueue()
    # The pipe is emptied from the first moment, so the stage never waits while MLflow is imported or slow.
    received: Counter[type] = Counter()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, queue, received), daemon=True).start()
    _record(queue, received, workspace=Path(sys.argv[1]), stage_pid=int(sys.argv[2]), publisher=sys.argv[3])


def _receive(pipe: BinaryIO, queue: SimpleQueue[commands.Command], received: Counter[type]) -> None:
    while True:
        try:
            command: commands.Command = pickle.load(pipe)
        except Exception:  # the pipe has ended, or was cut in the middle of a command
            queue.put(commands.Goodbye("KILLED"))
            return
        received[type(command)] += 1
        queue.put(command)


def _record(
    queue: SimpleQueue[commands.Command], received: Counter[type], workspace: Path, stage_pid: int, publisher: str
) -> None:
    os.environ["MLFLOW_TRACKING_URI"] = _patient(os.environ["MLFLOW_TRACKING_URI"])
    try:
        import mlflow  # noqa: F401 - sets its own log levels, so it comes before ours

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what is an error to them, we warn of

        from pipeline.tracking.store import Store
        from pipeline.tracking.writer import Writer

        writer = Writer(Store(Path.cwd()), workspace, stage_pid)
    except Exception as error:
        _warn(error, stage_pid, publisher)
        _ignore_rest(queue)
        return
    try:
        with ExitStack() as stack:
            task: Task | None = None
            published = 0
            while not isinstance(command := queue.get(), commands.Goodbye):
                total = received[commands.Publish]
                if task is None and total and received[commands.Goodbye]:  # the stage waits, and its own bars are over
                    task = stack.enter_context(Progress()).task("adding to MLflow", total, "runs", done=published)
                if isinstance(command, commands.PrintLinks):
                    stack.close()  # above a bar a link would be cut to the width of the terminal
                writer.write(command)
                if isinstance(command, commands.Publish):
                    published += 1
                    if task:
                        task.advance()
                if queue.empty():
                    writer.flush()
            writer.end(command.status)
    except Exception as error:
        _warn(error, stage_pid, publisher)
        with suppress(Exception):
            writer.end("FAILED")
        if not isinstance(command, commands.Goodbye):
            _ignore_rest(queue)


def _patient(uri: str) -> str:
    """SQLite's address, with half a minute instead of five seconds of waiting for who else writes to it."""
    return uri if not uri.startswith("sqlite:") or "timeout=" in uri else f"{uri}{'&' if '?' in uri else '?'}timeout=30"


def _ignore_rest(queue: SimpleQueue[commands.Command]) -> None:
    while not isinstance(queue.get(), commands.Goodbye):
        pass


def _warn(error: Exception, stage_pid: int, publisher: str) -> None:
    """One warning for a whole `dvc repro`; if the store is still away when its results are published, a reminder."""
    uri = without_credentials(os.environ.get("MLFLOW_TRACKING_URI", ""))
    adds = f"dvc repro --single-item --force {publisher}"
    if _is_first(stage_pid):
        said = (
            "warning: MLflow tracking stopped, the stage goes on and its results are not affected. "
            f"Cause: {cause(error)}\n  Check MLFLOW_TRACKING_URI (now {uri}), or unset it to use the store "
            f"in the project's root. This adds what the store lacks: {adds}"
        )
    elif os.environ.get("DVC_STAGE") == publisher:
        said = f"MLflow has not got all of these results. Once its store is back, this adds what it lacks: {adds}"
    else:
        return
    print(said, file=sys.stderr, flush=True)


def _is_first(stage_pid: int) -> bool:
    """Whether no stage of the same `dvc repro` has warned yet."""
    this = invocation(stage_pid)
    with suppress(OSError), Path("mlflow.db.warned").open("a+", encoding="utf-8") as warned:
        fcntl.flock(warned, fcntl.LOCK_EX)  # another stage may be about to warn
        warned.seek(0)
        if warned.read() == this:
            return False
        warned.truncate(0)
        warned.write(this)
    return True


if __name__ == "__main__":
    main()

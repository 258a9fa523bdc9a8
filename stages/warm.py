"""Runs a command, in which stages start warm: each is a fork of this process, which has imported what they import.

A stage by itself takes two to three seconds to import torch, numba, pandas and matplotlib, as long as one of the demo
has work for, and DVC takes most of one. DVC runs a stage in the shell that the variable SHELL names; `stages.shell` is
one that asks here, for DVC itself too.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from multiprocessing import connection, context, get_context, parent_process
from typing import Annotated, Any

import typer

from pipeline.tracking.provenance import invocation
from stages import cli, shell

PRELOADED = (
    *("matplotlib.pyplot", "pandas", "scipy.stats", "torch"),
    *("pipeline.models.compiled", "pipeline.training.variant", "pipeline.explanation.explain"),
    *("stages.train", "stages.evaluate", "stages.nulls", "stages.sweep", "stages.compare", "stages.exchange"),
    *("stages.tensors", "dvc.cli", "dvc.commands.repro", "dvc.commands.stage", "dvc.repo", "dvc.repo.reproduce"),
)
POLL_EVERY = 0.2  # seconds
LONGEST = 80  # bytes of the folder of a socket, whose address may have a hundred


def main(command: Annotated[list[str], typer.Argument(help="The command, and its arguments.")]) -> None:
    """Run a command, in which stages start warm.

    Example: python -m stages.warm -- dvc repro demo
    """
    signal.signal(signal.SIGINT, lambda *_: None)  # the command and the stages decide
    room = "/tmp" if len(os.fsencode(tempfile.gettempdir())) > LONGEST else None
    with tempfile.TemporaryDirectory(dir=room) as folder, socket.socket(socket.AF_UNIX) as listener:
        address = f"{folder}/socket"
        listener.bind(address)
        own = {"SHELL": shell.__file__, "ATTENTION_WARM": address, "ATTENTION_REPRO": invocation(os.getpid())}
        started = subprocess.Popen(command, env=os.environ | own)
        _warm_up(started)
        listener.listen()  # until now `stages.shell` was refused, and the first stages, which import little, ran beside
        code = _serve(listener, started)
    sys.exit(_as_byte(code))


def _warm_up(command: "subprocess.Popen[bytes]") -> None:
    for name in PRELOADED:
        if command.poll() is not None:  # what is soon over waits for nothing
            return
        importlib.import_module(name)
    _call_compiled_code()
    gc.freeze()  # or the first collection of each fork would copy the pages of all that was imported


def _call_compiled_code() -> None:
    """Numba needs as long for its first call in a process as for its import, whatever is called."""
    import torch

    from pipeline.models.gather import attention

    row = torch.zeros(1, 1, dtype=torch.int64)
    attention(torch.ones(1, 1), row, torch.ones(1, dtype=torch.int64), torch.ones(1, 1))


def _serve(listener: socket.socket, command: "subprocess.Popen[bytes]") -> int:
    """Forks a stage for each that asks, and tells it how the stage ended; returns how the command did."""
    running: dict[int, tuple[context.ForkProcess, socket.socket]] = {}
    while (code := command.poll()) is None or running:
        for ready in connection.wait([listener, *running], POLL_EVERY):
            if isinstance(ready, int):
                stage, asked_by = running.pop(ready)
                stage.join()
                with asked_by, contextlib.suppress(BrokenPipeError):  # the shell was killed
                    asked_by.sendall(bytes([_as_byte(stage.exitcode or 0)]))
                continue
            asked_by, _ = listener.accept()
            stage = get_context("fork").Process(target=_stage, args=(asked_by,))
            stage.start()
            running[stage.sentinel] = stage, asked_by
    return code


def _stage(asked_by: socket.socket) -> None:
    asked, files = _request(asked_by)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with, args=(asked_by,), daemon=True).start()
    os.environ.clear()
    os.environ.update(asked["environment"], ATTENTION_SHELL=str(asked["shell"]))
    os.chdir(asked["folder"])
    if asked["name"] == "dvc":
        from dvc.cli import main as dvc
        from dvc.utils.serialize import _yaml

        # DVC reads dvc.lock with its comments before it writes the whole of it again, after each stage. It has none.
        _yaml.parse_yaml_for_update = _yaml.parse_yaml
        if "--single-item" in asked["arguments"]:  # one of many: the last one says what to tell Git
            logging.getLogger("dvc.repo.scm_context").setLevel(logging.WARNING)
        os.environ["ATTENTION_DVC"] = str(os.getpid())
        sys.exit(dvc(asked["arguments"]))
    stage = importlib.import_module(asked["name"])
    sys.argv = [str(stage.__file__), *asked["arguments"]]
    cli.run(stage.main)


def _request(asked_by: socket.socket) -> tuple[dict[str, Any], list[int]]:
    message, files, _, _ = socket.recv_fds(asked_by, 1 << 16, 3)
    while not message.endswith(b"\n"):
        if not (more := asked_by.recv(1 << 16)):
            sys.exit()  # who asked was killed before it had said for what
        message += more
    return json.loads(message), files


def _end_with(asked_by: socket.socket) -> None:
    """Ends this process when DVC has killed the shell that asked for it, or what it was forked from has ended."""
    parent = parent_process()
    assert parent is not None
    connection.wait([asked_by, parent.sentinel])
    os._exit(1)


def _as_byte(code: int) -> int:
    """As a shell says it: 128 and the number of the signal, for a process that was killed."""
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    cli.run(main)

"""The process of DVC that runs a stage."""

import os
from pathlib import Path

import psutil


def dvc_of(stage_pid: int) -> psutil.Process | None:
    """The DVC above a stage; None above one that was called without it.

    A stage that `stages.warm` has forked is no descendant of DVC: ATTENTION_SHELL has the process id of the shell that
    asked for it, which is one, and ATTENTION_DVC that of a DVC that was forked too and has no name of its own.

    Args:
        stage_pid: process id of the stage.

    Raises:
        psutil.Error: the stage is gone already.
    """
    if forked := os.environ.get("ATTENTION_DVC"):
        return psutil.Process(int(forked))
    below = psutil.Process(int(os.environ.get("ATTENTION_SHELL") or stage_pid))
    return next(filter(_is_dvc, below.parents()), None)


def _is_dvc(process: psutil.Process) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return command[1:3] == ["-m", "dvc"] or any(Path(word).stem == "dvc" for word in command[:2])

"""The process of DVC that runs a stage."""

import os
from pathlib import Path

import psutil


def dvc_of(stage_pid: int) -> psutil.Process | None:
    """The DVC above a stage; None above one that was called without it.

    Args:
        stage_pid: process id of the stage. One that `stages.warm` has forked is no descendant of DVC: ATTENTION_SHELL
            has the process id of the shell that asked for it, which is one.

    Raises:
        psutil.Error: the stage is gone already.
    """
    below = psutil.Process(int(os.environ.get("ATTENTION_SHELL") or stage_pid))
    return next(filter(_is_dvc, below.parents()), None)


def _is_dvc(process: psutil.Process) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return command[1:3] == ["-m", "dvc"] or any(Path(word).stem == "dvc" for word in command[:2])

"""Whose runs are: one whose recorder went without a word is ended, one that is still being written is waited for.

A recorder goes without a word when the machine goes down, or when every process is killed at once.
"""

import os
import socket

import psutil
from mlflow import MlflowClient
from mlflow.entities import Run

DRIFT = 2  # seconds: when a process began is told from when the machine did, which moves with its clock
TAG = "pipeline.recorder"  # who writes to a run: host, process id and when that process began


def signature() -> str:
    """What this process signs its runs with."""
    return f"{socket.gethostname()} {os.getpid()} {psutil.Process().create_time():.0f}"


def end_abandoned(client: MlflowClient, experiment_id: str) -> None:
    """Ends, as KILLED, the runs of an experiment that a process of this machine began and left behind."""
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
        if _lives(run) is False:
            client.set_terminated(run.info.run_id, "KILLED")


def is_being_written(run: Run) -> bool:
    """Whether another process of this machine still writes to the run, as far as is known."""
    return run.info.status == "RUNNING" and run.data.tags.get(TAG) != signature() and bool(_lives(run))


def _lives(run: Run) -> bool | None:
    """Whether the process that signed a run is alive; None where nobody has, or where another machine has."""
    host, _, process = run.data.tags.get(TAG, "").partition(" ")
    if host != socket.gethostname():
        return None
    process_id, began = process.split()
    try:
        return abs(psutil.Process(int(process_id)).create_time() - int(began)) <= DRIFT
    except psutil.NoSuchProcess:
        return False

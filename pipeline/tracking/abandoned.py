"""Runs whose recorder went without a word: the machine went down, or every process was killed at once."""

import os
import socket

import psutil
from mlflow import MlflowClient

TAG = "pipeline.recorder"  # who writes to a run: host, process id and when that process began


def signature() -> str:
    """What this process signs its runs with."""
    return f"{socket.gethostname()} {os.getpid()} {psutil.Process().create_time():.0f}"


def end_abandoned(client: MlflowClient, experiment_id: str) -> None:
    """Ends, as KILLED, the runs of an experiment that a process of this machine began and left behind.

    Runs that another machine signed may be alive; those that nobody signed are not ours.
    """
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
        host, _, process = run.data.tags.get(TAG, "").partition(" ")
        if host == socket.gethostname() and not _lives(*process.split()):
            client.set_terminated(run.info.run_id, "KILLED")


def _lives(process_id: str, began: str) -> bool:
    try:
        return f"{psutil.Process(int(process_id)).create_time():.0f}" == began
    except psutil.NoSuchProcess:
        return False

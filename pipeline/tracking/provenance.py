"""Where a run comes from: the invocation of DVC, its stage, and the commit."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

from pipeline.dvc_process import dvc_of

EXPERIMENT = "dvc.experiment"  # tag: the name that `dvc exp show` has for it


def provenance(workspace: Path, stage_pid: int) -> dict[str, str]:
    """Tags for a run of the stage with process id ``stage_pid``, working in ``workspace``."""
    tags = {
        "pipeline.repro_id": os.environ.get("DVC_EXP_NAME") or invocation(stage_pid),
        "dvc.stage": os.environ.get("DVC_STAGE"),
        EXPERIMENT: os.environ.get("DVC_EXP_NAME"),
        "git.commit": (commit := _git(workspace, "rev-parse", "HEAD")),
    }
    if commit:
        # what the pipeline itself rewrites is no change of what it was run with
        changes = _git(workspace, "status", "--porcelain", "--untracked-files=no", ".", ":!dvc.lock", ":!results")
        tags["git.dirty"] = "true" if changes else "false"
    return {key: value for key, value in tags.items() if value}


def invocation(stage_pid: int) -> str:
    """One id for all stages of a ``dvc repro``: start time and pid of the dvc above the stage, else of the stage.

    `stages.warm` gives one to all that it runs, in ATTENTION_REPRO: `make repro` starts a DVC per training.
    """
    if shared := os.environ.get("ATTENTION_REPRO"):
        return shared
    try:
        process = dvc_of(stage_pid) or psutil.Process(stage_pid)
        started = datetime.fromtimestamp(process.create_time(), UTC)
    except psutil.Error:  # the stage is gone already
        return f"{stage_pid}"
    return f"{started:%Y%m%dT%H%M%S}-{process.pid}"


def _git(workspace: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=workspace, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

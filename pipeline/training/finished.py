"""A training that is over keeps its state until DVC has taken note of it: a kill in between costs no epoch."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from pipeline import lockfile
from pipeline.data.atomic import replacing

LONG = 86400.0  # seconds: who has not come back by then has taken dvc.lock back to what it was
_MARK = "finished"  # holds the stage, and what dvc.lock said of it when the training was over


def begin(state: Path) -> bool:
    """Makes the folder of a training's state, or takes up what a call that was killed left there.

    A training that DVC has written down since it was over, or that DVC did not start, is made anew.

    Args:
        state: of one training alone, beside those of the others.

    Returns:
        whether the training was over when its call was killed.
    """
    mark, lost = state / _MARK, False
    if mark.exists():
        lost = "DVC_STAGE" in os.environ and not _is_noted(mark)
        mark.unlink(missing_ok=True) if lost else shutil.rmtree(state)
    state.mkdir(parents=True, exist_ok=True)
    return lost


def finish(state: Path) -> None:
    """Says that the training is over, and removes the states of others that DVC has written down, or are a day old."""
    for mark in state.parent.glob(f"*/{_MARK}"):
        if _is_noted(mark) or _is_old(mark):
            shutil.rmtree(mark.parent, ignore_errors=True)
    stage = os.environ.get("DVC_STAGE")
    with replacing(state / _MARK) as part:
        part.write_text(json.dumps({"stage": stage, "before": _entry(stage)}), encoding="utf-8")


def _is_noted(mark: Path) -> bool:
    """Whether DVC has written the training down since it was over: its entry has the digest of new durations.

    One that DVC did not start counts as noted: nobody waits for it.
    """
    try:
        said = json.loads(mark.read_text("utf-8"))
    except FileNotFoundError:  # another training has just removed it, or its own has taken it up
        return False
    except (OSError, ValueError):  # of an earlier version
        return True
    return said["stage"] is None or _entry(said["stage"]) not in (None, said["before"])


def _is_old(mark: Path) -> bool:
    try:
        return time.time() - mark.stat().st_mtime > LONG
    except FileNotFoundError:
        return False


def _entry(stage: str | None) -> Any:
    """What dvc.lock says of a stage; None if that is nothing, or DVC writes it in this moment."""
    return (lockfile.entries() or {}).get(stage) if stage else None

"""A training that is over keeps its state until DVC has taken note of it: a kill in between costs no epoch."""

import os
import shutil
from pathlib import Path

_MARK = "finished"


def begin(state: Path) -> bool:
    """Makes the folder of a training's state, or takes up what a call that was killed left there.

    A training that DVC has written down since it was over, or that DVC did not start, is made anew.

    Args:
        state: of one training alone, beside those of the others.

    Returns:
        whether the training was over when its call was killed.
    """
    mark, noted, lost = state / _MARK, Path("dvc.lock"), False
    if mark.exists():
        lost = "DVC_STAGE" in os.environ and noted.exists() and noted.stat().st_mtime_ns < mark.stat().st_mtime_ns
        mark.unlink() if lost else shutil.rmtree(state)
    state.mkdir(parents=True, exist_ok=True)
    return lost


def finish(state: Path) -> None:
    """Says that the training is over, and removes the states of those that were over before."""
    for mark in state.parent.glob(f"*/{_MARK}"):
        shutil.rmtree(mark.parent, ignore_errors=True)
    (state / _MARK).touch()

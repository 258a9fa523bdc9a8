"""What a finished training leaves is used once, and only where DVC did not take note of it."""

import os
from pathlib import Path

import pytest

from pipeline.training.finished import begin, finish


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a training that is over, after one before it; in a project whose dvc.lock was written an hour ago."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "train@demo-mean")
    lock = tmp_path / "dvc.lock"
    lock.touch()
    os.utime(lock, (lock.stat().st_mtime - 3600,) * 2)
    for name in ("before", "now"):
        begin(tmp_path / "states" / name)
        (tmp_path / "states" / name / "seed-0.pt").touch()
        finish(tmp_path / "states" / name)
    return tmp_path / "states/now"


def test_the_state_of_the_last_training_alone_stays(state: Path) -> None:
    assert [path.name for path in state.parent.iterdir()] == ["now"]


def test_killed_before_dvc_took_note_it_is_taken_up(state: Path) -> None:
    assert begin(state)
    assert (state / "seed-0.pt").exists()
    assert not begin(state.with_name("other"))
    finish(state.with_name("other"))
    assert state.exists(), "it runs again, and so is not over"


def test_one_that_dvc_has_written_down_is_made_anew(state: Path) -> None:
    (state.parents[1] / "dvc.lock").touch()
    assert not begin(state)
    assert list(state.iterdir()) == []


def test_by_hand_it_is_made_anew(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE")
    begin(state)
    assert list(state.iterdir()) == []

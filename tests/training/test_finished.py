"""What a finished training leaves is used once, and only where DVC did not take note of it."""

import os
from pathlib import Path

import pytest

from pipeline.training.finished import begin, finish

LOCK = "schema: '2.0'\nstages:\n  train@demo-mean:\n    cmd: train\n    outs:\n    - path: clock\n      md5: {}\n"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a training that is over, after another; DVC has noted neither, but both of an earlier time."""
    monkeypatch.chdir(tmp_path)
    lock = LOCK.format("aa" * 16) + LOCK.format("bb" * 16).partition("stages:\n")[2].replace("mean", "attention")
    (tmp_path / "dvc.lock").write_text(lock)
    for name in ("attention", "mean"):
        monkeypatch.setenv("DVC_STAGE", f"train@demo-{name}")
        over(tmp_path / "states" / name)
    return tmp_path / "states/mean"


def over(state: Path) -> None:
    begin(state)
    (state / "seed-0.pt").touch()
    finish(state)


def noted(state: Path, old: str, new: str) -> None:
    lock = state.parents[1] / "dvc.lock"
    lock.write_text(lock.read_text().replace(old, new))


def test_killed_before_dvc_took_note_it_is_taken_up(state: Path) -> None:
    assert begin(state)
    assert (state / "seed-0.pt").exists()
    assert not begin(state.with_name("other"))
    finish(state.with_name("other"))
    assert state.exists(), "it runs again, and so is not over"


def test_what_dvc_notes_of_another_is_not_of_this_one(state: Path) -> None:
    noted(state, "bb", "cc")
    assert begin(state)


def test_what_a_training_beside_it_left_stays_until_dvc_has_noted_it(state: Path) -> None:
    over(state.with_name("third"))
    assert sorted(path.name for path in state.parent.iterdir()) == ["attention", "mean", "third"]
    noted(state, "bb", "cc")
    over(state.with_name("fourth"))
    assert sorted(path.name for path in state.parent.iterdir()) == ["fourth", "mean", "third"]


def test_what_nobody_came_back_for_within_a_day_goes(state: Path) -> None:
    mark = state / "finished"
    os.utime(mark, (mark.stat().st_mtime - 100_000,) * 2)
    over(state.with_name("third"))
    assert sorted(path.name for path in state.parent.iterdir()) == ["attention", "third"]


def test_one_that_dvc_has_written_down_is_made_anew(state: Path) -> None:
    noted(state, "aa", "cc")
    assert not begin(state)
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("left", ["", "stages:\n  train@demo-mean:\n    cmd: 'tr", "stages:\n"])
def test_a_lock_that_dvc_is_writing_says_nothing(state: Path, left: str) -> None:
    (state.parents[1] / "dvc.lock").write_text(left)
    assert begin(state)


def test_by_hand_it_is_made_anew(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE")
    begin(state)
    assert list(state.iterdir()) == []


def test_one_that_was_called_by_hand_leaves_nothing_behind_the_next(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_STAGE")
    over(state)
    monkeypatch.setenv("DVC_STAGE", "train@demo-attention")
    over(state.with_name("attention"))
    assert [path.name for path in state.parent.iterdir()] == ["attention"]

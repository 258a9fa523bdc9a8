"""dvc.lock is whole again after a DVC that was killed while it wrote it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHOLE = "schema: '2.0'\nstages:\n  demo:\n    cmd: python -m stages.demo\n  imdb:\n    cmd: python -m stages.imdb\n"
LONGER = WHOLE + "  glove:\n    cmd: python -m stages.glove\n"
STAGE = "from pipeline.lockfile import guard; guard()"
DVC = f"""
import os, subprocess, sys
from pathlib import Path
for _ in range(2):
    subprocess.run([sys.executable, "-c", {STAGE!r}], check=True, env=os.environ | {{"DVC_STAGE": "demo"}})
Path("dvc.lock").write_text(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (WHOLE[:30], WHOLE),
        ("", WHOLE),
        (WHOLE[: WHOLE.index("  imdb")], WHOLE),
        (WHOLE[:-3], WHOLE),
        (LONGER, LONGER),
    ],
    ids=["cut off", "empty", "a stage less", "within the last line", "whole"],
)
def test_killed_as_it_writes(tmp_path: Path, left: str, expected: str) -> None:
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    (tmp_path / "dvc.lock").write_text(WHOLE)
    (tmp_path / ".dvc/tmp/rwlock").write_text(left[:-1])
    killed(tmp_path, left, lambda: None)
    assert (tmp_path / "dvc.lock").read_text() == expected
    assert not (tmp_path / ".dvc/tmp/rwlock").exists()
    assert not list((tmp_path / ".dvc/tmp").glob("dvc.lock*"))


def test_what_another_wrote_after_the_kill_stays(tmp_path: Path) -> None:
    less, lock = WHOLE[: WHOLE.index("  imdb")], tmp_path / "dvc.lock"
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    lock.write_text(WHOLE)

    def check_out() -> None:  # as Git does, of a commit that has fewer stages
        lock.write_text(less)
        os.utime(lock, (time.time() + 1,) * 2)

    assert killed(tmp_path, WHOLE, check_out) == ""
    assert lock.read_text() == less


def test_a_workspace_that_is_gone_is_no_error(tmp_path: Path) -> None:
    root = tmp_path / "temporary"
    (root / ".dvc/tmp").mkdir(parents=True)
    (root / "dvc.lock").write_text(WHOLE)
    assert killed(root, WHOLE, lambda: shutil.rmtree(root)) == ""


def killed(root: Path, left: str, then: Callable[[], object]) -> str:
    """Kills a DVC that has written this as dvc.lock, does something at once, and waits; what was said on stderr."""
    (root / "dvc").write_text(DVC)
    with subprocess.Popen(
        [sys.executable, "dvc", left],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as dvc:
        assert dvc.stdout is not None
        assert dvc.stderr is not None
        dvc.stdout.readline()
        os.killpg(dvc.pid, signal.SIGKILL)
        then()
        return dvc.stderr.read()  # until the last that may write has ended


def user(process: int) -> str:
    return json.dumps({"/a project/data": {"write": {"pid": process, "cmd": "dvc repro"}}})


@pytest.mark.parametrize(
    ("left", "began", "stays"),
    [
        ("", 0, False),
        ('{"write": {', 0, False),
        ('{"write": {}}', 0, True),
        (user(os.getpid()), 0, True),
        (user(os.getpid()), -86400, False),
        (user(2**22 + 1), 0, False),
    ],
    ids=["empty", "half", "of nobody", "of a process", "written before it began", "of none that is there"],
)
def test_a_useless_list_of_who_reads_what_is_removed_by_the_next_stage_without_dvc(
    tmp_path: Path, left: str, began: int, stays: bool
) -> None:
    users = tmp_path / ".dvc/tmp/rwlock"
    users.parent.mkdir(parents=True)
    users.write_text(left)
    os.utime(users, (time.time() + began,) * 2)
    done = subprocess.run(
        [sys.executable, "-c", STAGE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert users.exists() == stays
    said = ".dvc/tmp/rwlock was cut off, or of a DVC that is gone, and is removed.\n"
    assert done.stderr == ("" if stays else said)


@pytest.mark.parametrize(
    ("left", "held", "expected"),
    [
        (WHOLE[:30], False, WHOLE),
        (WHOLE[:30], True, WHOLE[:30]),
        (f"<<<<<<< HEAD\n{WHOLE}", False, f"<<<<<<< HEAD\n{WHOLE}"),
        (WHOLE[: WHOLE.index("  imdb")], False, WHOLE[: WHOLE.index("  imdb")]),
        (None, False, None),
    ],
    ids=["cut off", "by a DVC that may yet end it", "in conflict", "checked out from Git since", "removed since"],
)
def test_killed_as_it_writes_with_all_that_would_have_mended_it(
    tmp_path: Path, left: str | None, held: bool, expected: str | None
) -> None:
    lock, copy = tmp_path / "dvc.lock", tmp_path / ".dvc/tmp/dvc.lock.123"
    copy.parent.mkdir(parents=True)
    copy.write_text(WHOLE)
    if left is not None:
        lock.write_text(left)
    with copy.open("rb") as file:
        if held:
            fcntl.flock(file, fcntl.LOCK_EX)
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", STAGE], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
    said = "dvc.lock was cut off, and is now as it was before the last stage.\n"
    assert (done.returncode, done.stderr) == (0, said if expected == WHOLE else "")
    assert (lock.read_text() if lock.exists() else None) == expected
    assert copy.exists() == held


def test_a_dvc_that_has_ended_and_that_nobody_waits_for_blocks_no_other(tmp_path: Path) -> None:
    """In a container whose first process does not look after orphans."""
    users = tmp_path / ".dvc/tmp/rwlock"
    users.parent.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        users.write_text(user(ended.pid))
        subprocess.run(
            [sys.executable, "-c", STAGE], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True
        )
        assert not users.exists()


def test_who_reads_all_that_dvc_says_is_not_kept_waiting(tmp_path: Path) -> None:
    """Until the pipe closes the caller reads, and the DVC that has ended is a zombie."""
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    (tmp_path / "dvc.lock").write_text(WHOLE)
    (tmp_path / "dvc").write_text(DVC)
    done = subprocess.run(
        [sys.executable, "dvc", WHOLE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input=b"",
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""

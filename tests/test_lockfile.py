"""dvc.lock is whole again after a DVC that was killed while it wrote it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHOLE = "schema: '2.0'\nstages:\n  demo:\n    cmd: python -m stages.demo\n  imdb:\n    cmd: python -m stages.imdb\n"
LONGER = WHOLE + "  glove:\n    cmd: python -m stages.glove\n"
STAGE = "from pipeline.lockfile import guard; guard()"
DVC = f"""
import subprocess, sys
from pathlib import Path
for _ in range(2):
    subprocess.run([sys.executable, "-c", {STAGE!r}], check=True)
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
    (tmp_path / "dvc").write_text(DVC)
    dvc = subprocess.Popen(
        [sys.executable, "dvc", left],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert dvc.stdout is not None
    assert dvc.stdin is not None
    dvc.stdout.readline()
    os.killpg(dvc.pid, signal.SIGKILL)
    dvc.wait()
    deadline = time.monotonic() + 60
    while (tmp_path / f".dvc/tmp/dvc.lock.{dvc.pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (tmp_path / "dvc.lock").read_text() == expected
    assert not (tmp_path / ".dvc/tmp/rwlock").exists()
    assert not list((tmp_path / ".dvc/tmp").glob("dvc.lock*"))
    dvc.stdout.close()
    dvc.stdin.close()


@pytest.mark.parametrize(("left", "stays"), [("", False), ('{"write": {', False), ('{"write": {}}', True)])
def test_half_a_list_of_who_reads_what_is_removed_by_the_next_stage_without_dvc(
    tmp_path: Path, left: str, stays: bool
) -> None:
    users = tmp_path / ".dvc/tmp/rwlock"
    users.parent.mkdir(parents=True)
    users.write_text(left)
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
    assert done.stderr == ("" if stays else ".dvc/tmp/rwlock was cut off and is removed: DVC makes it anew.\n")


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

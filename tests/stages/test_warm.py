"""Stages that start warm are the same stages: the same bits, the same errors, and they end with whoever asked."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from small_project import Project, wait

SHELL = ["python3", "-IS", "stages/shell.py", "-c"]
COLD = [sys.executable, "-m", "stages.warm", "--"]
UNTIL_WARM = """
import os, socket, sys, time
while socket.socket(socket.AF_UNIX).connect_ex(os.environ["ATTENTION_WARM"]):
    time.sleep(0.1)
os.execvp(sys.argv[1], sys.argv[1:])
"""
WARM = [*COLD, "python3", "-IS", "-c", UNTIL_WARM]


@pytest.fixture
def cold(project: Project, tmp_path: Path) -> Iterator[Project]:
    """The small project, where a stage that is not forked cannot start: there is no `python`."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho cold\nexit 99\n")
    python.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), project.environment["PATH"]])
    yield Project(project.root, project.environment | {"PATH": path})
    project.restore()


def test_dvc_runs_forks_and_they_make_the_same_bits(cold: Project) -> None:
    stages = ("train@demo-lstm_attention", "evaluate@demo-lstm_attention")
    assert "cold" in cold.run("dvc", "repro", "--force", "--single-item", stages[0], check=False).stdout
    cold.restore()
    done = cold.run(*WARM, *SHELL, "dvc repro --force --single-item", *stages)
    assert "git add" not in done.stdout + done.stderr, "that is for the last of many"
    changed = cold.run("git", "diff", "--name-only").stdout.split()
    assert set(changed) <= {"dvc.lock", "results/demo/timing/lstm_attention.json"}
    results = [line for line in cold.run("git", "diff", "-U0", "dvc.lock").stdout.splitlines() if line[:2] == "+ "]
    assert len(results) <= 2, "the digest and the size of the durations"


def test_a_long_folder_for_temporary_files_is_no_hindrance(project: Project, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    elsewhere = Project(project.root, project.environment | {"TMPDIR": str(long)})
    assert elsewhere.run(*WARM, *SHELL, "echo started").stdout == "started\n"


def test_before_all_is_imported_a_stage_starts_by_itself(cold: Project) -> None:
    assert cold.run(*COLD, *SHELL, "python -m stages.check_params", check=False).stdout == "cold\n"


@pytest.mark.parametrize("warm", [WARM, COLD, []], ids=["warm", "not yet warm", "nobody there"])
def test_what_is_no_stage_goes_to_the_shell(project: Project, warm: list[str]) -> None:
    shell = shlex.join(SHELL)
    both = f"{shell} \"printf '%s;'\" 'a b' c; exec {shell} 'echo $((1 + 1)) && exit 3'"
    done = project.run(*warm, "sh", "-c", both, check=False)
    assert (done.stdout, done.returncode) == ("a b;c;2\n", 3)


def test_a_wrong_option_is_said_as_ever(cold: Project) -> None:
    expected = cold.run(sys.executable, "-m", "stages.train", "--corpus", "demo", check=False)
    done = cold.run(*WARM, *SHELL, "python -m stages.train --corpus demo", check=False)
    assert "Usage: python -m stages.train [OPTIONS]" in done.stderr
    assert (done.returncode, done.stderr) == (expected.returncode, expected.stderr)


@pytest.fixture(scope="module")
def endless(project: Project) -> Iterator[Project]:
    """The small project with a training of many epochs ahead."""
    project.edit(corpora__demo__training={"epochs": 1000, "patience": 900, "batch_size": 16})
    project.run("dvc", "repro", "code")
    yield project
    project.restore()


@pytest.fixture
def training(endless: Project) -> Iterator[subprocess.Popen[str]]:
    """A warm DVC in the midst of that training."""
    project = endless
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{project.root / 'data/warm.db'}"}
    dvc = shlex.join([*SHELL, "dvc repro --single-item train@demo-lstm_attention"])
    process = subprocess.Popen(
        [*WARM, "sh", "-c", f"{dvc}; exit 7"],
        cwd=project.root,
        env=project.environment | store,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "epoch 3" in line:
            break
    yield process
    process.stderr.close()
    process.wait(60)


def ended(processes: list[psutil.Process], seconds: float = 30) -> bool:
    """Whether none of them is at work after so long; a recorder may take its time to write down how its stage ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
            return True
        time.sleep(0.2)
    return False


def test_ctrl_c_ends_them_all(training: subprocess.Popen[str]) -> None:
    family = psutil.Process(training.pid).children(recursive=True)
    os.killpg(training.pid, signal.SIGINT)
    assert training.wait(60) != 0
    assert ended(family)


def test_a_lock_file_that_a_forked_dvc_leaves_cut_off_is_mended(
    training: subprocess.Popen[str], project: Project
) -> None:
    lock = project.root / "dvc.lock"
    (copy,) = lock.parent.glob(".dvc/tmp/dvc.lock.*")
    assert psutil.Process(int(copy.suffix[1:])).ppid() == training.pid
    whole = lock.read_text("utf-8")
    lock.write_text(whole[: len(whole) // 2], "utf-8")
    os.killpg(training.pid, signal.SIGKILL)
    wait(lambda: lock.read_text("utf-8") == whole, 30)


@pytest.mark.parametrize("victim", ["stages.warm", "/stages/shell.py"])
def test_a_stage_ends_with_whoever_asked_for_it(training: subprocess.Popen[str], victim: str) -> None:
    warm = psutil.Process(training.pid)
    family = warm.children(recursive=True)
    next(one for one in [warm, *family] if "".join(one.cmdline()[2:3]).endswith(victim)).kill()
    assert ended(family)
    assert training.wait(60) == (-signal.SIGKILL if victim == "stages.warm" else 7), "others go on, if they can"

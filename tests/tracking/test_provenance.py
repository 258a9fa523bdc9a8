"""Where a run comes from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.tracking.provenance import provenance

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _outside_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DVC_EXP_NAME", "DVC_STAGE", "ATTENTION_REPRO"):
        monkeypatch.delenv(name, raising=False)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_commit_and_changes(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "first")
    clean = provenance(tmp_path, os.getpid())
    (tmp_path / "file").write_text("two")
    dirty = provenance(tmp_path, os.getpid())
    assert (clean["git.dirty"], dirty["git.dirty"]) == ("false", "true")
    assert len(clean["git.commit"]) == 40


def test_outside_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance(tmp_path, os.getpid()).keys() == {"pipeline.repro_id"}


def test_stages_of_one_dvc_share_an_id(tmp_path: Path) -> None:
    dvc = tmp_path / "dvc"
    dvc.write_text("#!/bin/sh\nsleep 60 & echo $!; sleep 60 & echo $!; wait\n")
    dvc.chmod(0o755)
    with subprocess.Popen([dvc], stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        stages = [int(process.stdout.readline()) for _ in range(2)]
        first, second = (provenance(tmp_path, pid)["pipeline.repro_id"] for pid in stages)
        os.killpg(process.pid, 9)
    assert first == second
    assert first.endswith(f"-{process.pid}")


def test_all_that_starts_warm_shares_an_id(tmp_path: Path) -> None:
    tell = "import os; print(os.environ['ATTENTION_REPRO'])"
    command = [sys.executable, "-m", "stages.warm", "--", sys.executable, "-c", tell]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    given = provenance(tmp_path, os.getpid())["pipeline.repro_id"]
    code = "from pipeline.tracking.provenance import invocation; print(invocation(1))"
    environment = os.environ | {"ATTENTION_REPRO": said}
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert found.stdout.strip() == said != given


def test_an_experiment_is_its_own_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "tidy-gnu")
    tags = provenance(tmp_path, os.getpid())
    assert (tags["pipeline.repro_id"], tags["dvc.experiment"]) == ("tidy-gnu", "tidy-gnu")

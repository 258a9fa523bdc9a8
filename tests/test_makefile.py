"""What the targets of the Makefile say: how far the set-up is, and at the end where to look."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
COLLECTED = """Collecting dvc<4,>=3.67 (from attention-benchmark==0.1.0)
  Downloading dvc-3.67.0-py3-none-any.whl (467 kB)
Collecting torch (from attention-benchmark==0.1.0)
Installing collected packages: dvc, torch
  Attempting uninstall: setuptools
      Successfully uninstalled setuptools-65.5.0
"""


def set_up(folder: Path, pip: str) -> subprocess.CompletedProcess[str]:
    """The first rule of the Makefile, with another pip and nothing that it would need."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (folder / name).write_text((ROOT / name).read_text("utf-8"), encoding="utf-8")
    for name in (".venv/bin", ".git"):
        (folder / name).mkdir(parents=True)
    for name, script in (("pip", f"cat <<END\n{pip}\nEND\n"), (".venv/bin/dvc", 'echo "$@" >> asked\n')):
        (folder / name).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        (folder / name).chmod(0o755)
    command = ["make", "--no-print-directory", "PYTHON=true", "PIP=./pip --quiet", ".venv/installed"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_set_up_says_in_one_line_how_far_it_is(tmp_path: Path) -> None:
    done = set_up(tmp_path, f"{COLLECTED}Successfully installed dvc-3.67.0 torch-2.9.0")
    assert done.returncode == 0, done.stderr
    shown = [line.rstrip() for line in done.stdout.splitlines()]
    assert shown[-4:-1] == [
        "packages: 1, now dvc<4,>=3.67",
        "packages: 2, now torch",
        "packages: 2, installing them ...",
    ]
    assert (tmp_path / ".venv/installed").exists()
    pickles = tmp_path / ".dvc/tmp/site"
    assert (tmp_path / "asked").read_text() == f"config --local core.site_cache_dir {pickles}\n"
    assert pickles.stat().st_mode & 0o777 == 0o700, "DVC makes the folders in it open to all"


def test_a_set_up_that_fails_is_tried_again(tmp_path: Path) -> None:
    assert set_up(tmp_path, COLLECTED).returncode == 2
    assert not (tmp_path / ".venv/installed").exists()


def demo(stages: str) -> subprocess.CompletedProcess[str]:
    """The recipe itself, with stages and a DVC that only say their names."""
    command = ["make", "--no-print-directory", "DVC=echo", "SINGLE=echo single", "CORES=1", f"STAGES={stages}"]
    return subprocess.run([*command, "stages-of-demo"], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_demo_is_refused_before_any_work_where_it_is_no_benchmark() -> None:
    done = demo("printf '%s  \\n' tensors@demo compare@imdb")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: params.yaml: benchmark lacks demo, which this runs: name it there, or try")


def test_no_stage_to_run_is_not_every_stage() -> None:
    done = demo("printf '%s  \\n' tensors@demo train@demo-mean compare@demo")
    assert done.stdout.splitlines() == ["repro tensors@demo", "single train@demo-mean", "repro compare@demo"]


def test_every_stage_says_how_many_there_are() -> None:
    """The recipe itself, with stages and a DVC that only say their names."""
    stages = "STAGES=printf '%s  \\n' train@imdb-mean nulls@imdb-best-random train@demo-mean evaluate@imdb-mean"
    command = ["make", "--no-print-directory", "DVC=true", "SINGLE=echo", "CORES=1", stages, "stages-of-all"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if "@imdb" in line]
    assert lines == [
        *("stage 1 of 2: nulls@imdb-best-random", "nulls@imdb-best-random"),
        *("stage 2 of 2: train@imdb-mean", "train@imdb-mean"),
        *("stage 1 of 1: evaluate@imdb-mean", "evaluate@imdb-mean"),
    ]

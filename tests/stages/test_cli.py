import importlib
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from stages import cli

ROOT = Path(__file__).parents[2]
STAGE = """
from pathlib import Path
from stages import cli

def main(kind: str, count: int = 1) -> None:
    if kind == "user":
        raise ValueError("params.yaml: it is wrong; do this")
    if kind == "hostile":
        raise ValueError("row 3: a\\x1b[2Jb\\x07\\u202ec\\nrow 4")
    if kind == "system":
        Path("/nowhere/file").read_text()
    if kind == "loss":
        raise FloatingPointError("the loss became nan: lower training.learning_rate")
    if kind == "numpy's memory":
        import numpy
        numpy.ones(2**50)
    if kind == "torch's memory":
        import torch
        torch.ones(2**50)
    if kind == "a GPU's memory":
        import torch
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    if kind == "torch":
        import torch
        torch.ones(2) @ torch.ones(3)
    if kind == "bug":
        raise KeyError(count)
    print("done", count)

cli.run(main)
"""


def stage(*arguments: str, dev: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(["-X", "dev"] if dev else []), "-c", STAGE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)


def test_a_stage_that_works_says_what_it_did() -> None:
    done = stage("good", "--count", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done 3\n", "")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("user", "error: params.yaml: it is wrong; do this\n"),
        ("hostile", "error: row 3: a\ufffd[2Jb\ufffd\ufffdc\nrow 4\n"),
        ("loss", "error: the loss became nan: lower training.learning_rate\n"),
        ("system", "error: /nowhere/file is not there: `dvc repro` makes what a stage reads\n"),
    ],
)
def test_what_a_user_can_mend_is_one_line(kind: str, message: str) -> None:
    failed = stage(kind)
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", message)


@pytest.mark.parametrize("kind", ["numpy's memory", "torch's memory", "a GPU's memory"])
def test_too_little_memory_is_one_line_that_names_what_needs_less(kind: str) -> None:
    failed = stage(kind)
    assert failed.returncode == 1
    assert failed.stderr == (
        "error: not enough memory: `max_tokens` of the corpus leaves out the longest reviews, a smaller `batch_size` "
        "under `training` reads fewer at once\n"
    )


@pytest.mark.parametrize("kind", ["bug", "torch"])
def test_a_bug_keeps_its_traceback(kind: str) -> None:
    failed = stage(kind)
    assert failed.returncode == 1
    assert "Traceback" in failed.stderr


def test_development_mode_shows_every_traceback() -> None:
    assert "Traceback" in stage("user", dev=True).stderr


def test_a_wrong_option_is_explained() -> None:
    failed = stage("good", "--count", "many")
    assert failed.returncode == 2
    assert "--count" in failed.stderr


PROGRAMS = [path.stem for path in sorted((ROOT / "stages").glob("*.py")) if "cli.run(main)" in path.read_text("utf-8")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_help_of_every_stage_has_an_example_with_options_that_it_has(name: str) -> None:
    main = importlib.import_module(f"stages.{name}").main
    example = " ".join(main.__doc__.split("Example")[1].split())
    assert re.search(rf"(python -m stages\.|attention ){name}\b", example)
    app = typer.Typer()
    app.command()(main)
    options = {flag for parameter in typer.main.get_command(app).params for flag in parameter.opts}
    assert set(re.findall(r" (--[a-z-]+)", example)) - {"--nproc-per-node"} <= options


def test_the_help_of_the_command_has_an_example_of_each_of_its_own() -> None:
    shown = subprocess.run([sys.executable, "-m", "stages.app", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    named = re.findall(r"^. (\w+) ", shown.stdout.split("Commands")[1], re.MULTILINE)
    assert set(named) == {"check", "experiments", "explain"}
    assert set(re.findall(r"^ +attention (\w+) ", shown.stdout, re.MULTILINE)) == set(named)


@pytest.mark.parametrize(
    ("variant", "weight", "message"),
    [
        ("tfidf", 0.1, "'tfidf': it learns no attention"),
        ("mean", 0.1, "'mean': it learns no attention"),
        ("attention", math.nan, "--weight nan: a finite number other than 0 is needed"),
        ("attention", -math.inf, "--weight -inf: a finite number"),
        ("attention", 0.0, "--weight 0.0: a finite number"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str, weight: float, message: str
) -> None:
    monkeypatch.chdir(ROOT)
    sweep = importlib.import_module("stages.sweep").main
    none = tmp_path / "none"  # to read it would be another error
    with pytest.raises(ValueError, match=message):
        sweep(corpus="demo", variant=variant, weight=weight, tensors=none, states=none, out=none)
    assert not none.exists()


NO_PARAMS = {"code", "experiments", "explain", "warm"}  # they read none


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - NO_PARAMS))
def test_every_stage_called_by_hand_says_the_same_of_a_mistake_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text.replace("  epochs: 8", "  epochs: eight", 1), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main = importlib.import_module(f"stages.{name}").main
    app = typer.Typer()
    app.command()(main)
    options = [parameter.opts[0] for parameter in typer.main.get_command(app).params if parameter.required]
    given = {option: {"--weight": "1", "--kind": "uniform"}.get(option, "none") for option in options}
    monkeypatch.setattr(sys, "argv", [name, *(word for pair in given.items() for word in pair)])
    monkeypatch.setattr(cli.lockfile, "guard", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    said = "error: params.yaml: training.epochs = 'eight': Input should be a valid integer\n"
    assert (ended.value.code, *capsys.readouterr()) == (1, "", said)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]

"""dvc.yaml lists exactly what each stage imports; what it reads of params.yaml: stages/test_params_read.py."""

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.source import PACKAGES, ROOT
from stages.code import main

_TEXT = (
    "code imdb glove pairs demo reviews vectors tensors train evaluate exchange nulls sweep replicate published "
    "counterfactual compare"
)
NAMES = tuple(_TEXT.split())
ALONGSIDE = {"check_params"}  # a first command of a stage
BY_HAND = {"experiments", "explain", "publish", "warm"}  # what people or the Makefile ask for


@pytest.fixture(scope="module")
def stages() -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
    return {name: entry.get("do", entry) for name, entry in content.items()}


def test_every_stage_has_its_file_and_every_file_its_stage(stages: dict[str, Any]) -> None:
    assert tuple(stages) == NAMES
    programs = {path.stem for path in (ROOT / "stages").glob("*.py") if "cli.run(main)" in path.read_text("utf-8")}
    assert programs == {*NAMES, *ALONGSIDE, *BY_HAND}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code")
    main(folder)
    return folder


def commands(entry: dict[str, Any]) -> list[str]:
    return [entry["cmd"]] if isinstance(entry["cmd"], str) else entry["cmd"]


def test_every_command_is_one_of_the_stages(stages: dict[str, Any]) -> None:
    run = {command.split()[2].removeprefix("stages.") for entry in stages.values() for command in commands(entry)}
    assert run == {*NAMES, *ALONGSIDE}


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_stage_depends_on_the_list_of_its_code(stages: dict[str, Any], name: str, lists: Path) -> None:
    deps = stages[name]["deps"]
    assert f"data/code/{name}.txt" in deps
    assert not [dep for dep in deps if dep.endswith(".py")]
    listed = dict(reversed(line.split("  ")) for line in (lists / f"{name}.txt").read_text("utf-8").splitlines())
    assert ("pipeline/evaluation/page" in deps) == ("pipeline/evaluation/report.py" in listed)
    for path, digest in listed.items():
        assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == digest
    code = f"import sys, stages.{name}; print(*(getattr(module, '__file__', '') for module in sys.modules.values()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    own = tuple(f"{ROOT / package}/" for package in PACKAGES)
    loaded = {Path(file) for file in done.stdout.split() if file.startswith(own) and Path(file).name != "__init__.py"}
    assert {file.relative_to(ROOT).as_posix() for file in loaded} <= set(listed)


def test_a_list_follows_imports_and_nothing_else(lists: Path) -> None:
    train = (lists / "train.txt").read_text("utf-8")
    assert "pipeline/training/fit.py" in train, "imported inside a function"
    assert "pipeline/models/queries.py" in train
    assert "pipeline/evaluation/report.py" not in train
    assert "pipeline/data/download.py" not in train


@pytest.mark.parametrize("name", NAMES)
def test_paths_of_the_command_are_deps_or_outs(stages: dict[str, Any], name: str) -> None:
    entry = stages[name]
    words = " ".join(commands(entry)).split()
    given = {word for flag, word in itertools.pairwise(words) if flag.startswith("--") and "/" in word}
    declared = set(entry["deps"]) | set(_outs(entry))
    scratch = {"data/downloads", ".dvc/tmp/training"}  # kept between runs, and no result
    results = {path for path in given if path in {"results/${item}"}}  # a folder whose files are declared one by one
    assert given - scratch - results <= declared


def _outs(entry: dict[str, Any]) -> Iterator[str]:
    for kind in ("outs", "metrics", "plots"):
        for out in entry.get(kind, []):
            yield out if isinstance(out, str) else next(iter(out))


def test_paths_are_written_in_dvc_yaml_alone() -> None:
    for file in [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "stages").glob("*.py")]:
        for line in Path(file).read_text("utf-8").splitlines():
            code = line.split("#")[0]
            assert 'Path("data' not in code, file
            assert 'Path("models' not in code, file
            assert 'Path("results' not in code, file

"""dvc.yaml lists exactly what each stage imports; what it reads of params.yaml: stages/test_params_read.py."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from closure import ROOT, closure
from ruamel.yaml import YAML

NAMES = ("imdb", "glove", "pairs", "demo", "tensors", "train", "evaluate", "explain", "counterfactual", "compare")


@pytest.fixture(scope="module")
def stages() -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
    return {name: entry.get("do", entry) for name, entry in content.items()}


def test_every_stage_has_its_file_and_every_file_its_stage(stages: dict[str, Any]) -> None:
    assert tuple(stages) == NAMES
    programs = {path.stem for path in (ROOT / "stages").glob("*.py") if "cli.run(main)" in path.read_text("utf-8")}
    assert programs == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_code_deps_are_the_import_closure(stages: dict[str, Any], name: str) -> None:
    listed = {dep for dep in stages[name]["deps"] if dep.endswith(".py")}
    needed = {path.relative_to(ROOT).as_posix() for path in closure(ROOT / f"stages/{name}.py")}
    assert listed == needed
    assert ("pipeline/evaluation/page" in stages[name]["deps"]) == ("pipeline/evaluation/report.py" in needed)


@pytest.mark.parametrize("name", NAMES)
def test_paths_of_the_command_are_deps_or_outs(stages: dict[str, Any], name: str) -> None:
    entry = stages[name]
    words = entry["cmd"].split()
    given = {word for flag, word in itertools.pairwise(words) if flag.startswith("--") and "/" in word}
    declared = set(entry["deps"]) | set(_outs(entry))
    scratch = {"data/downloads", ".dvc/tmp/training"}  # kept between runs, and no result
    results = {path for path in given if path in {"results/${key}"}}  # a folder whose files are declared one by one
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

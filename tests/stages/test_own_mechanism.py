"""The mechanism of docs/own.md, put into a copy of the project as the page says: every law holds, and it trains."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from small_project import ROOT, Project, make_project

SECTION = (ROOT / "docs/own.md").read_text(encoding="utf-8").split("## Your mechanism")[1]


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the patch and the entry of the page."""
    project = make_project(tmp_path_factory.mktemp("gated") / "project")
    shutil.copytree(ROOT / "tests", project.root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", project.root)
    (project.root / "gated.diff").write_text(block("diff"), encoding="utf-8")
    project.run("git", "apply", "gated.diff")
    ((name, entry),) = YAML(typ="safe").load(block("yaml"))["variants"].items()
    project.edit(**{f"variants__{name}": entry})
    return project


def block(language: str) -> str:
    (content,) = re.findall(rf"```{language}\n(.*?)```", SECTION, flags=re.DOTALL)
    return str(content)


def test_it_keeps_every_law(gated: Project) -> None:
    done = gated.run(sys.executable, "-m", "pytest", "tests/models", "-k", "gated", "-p", "no:cacheprovider")
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 5


def test_it_trains_from_its_entry(gated: Project) -> None:
    gated.run("dvc", "repro", "evaluate@demo-attention_gated")
    metrics = json.loads(Path(gated.root, "results/demo/variants/attention_gated.json").read_text("utf-8"))
    assert metrics["seeds"] == 2
    assert metrics["accuracy_mean"] > 0.6
    assert 0 < metrics["entropy_nats_mean"] < 6

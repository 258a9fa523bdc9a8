"""A stage reads exactly the keys listed for it: without the others it runs, without one of them it does not."""

import importlib
import itertools
import shutil
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML
from small_project import Project

from pipeline.params import Params, load_params
from stages.params_read import keys_read

ROOT = Path(__file__).parents[2]
ITEM = dict.fromkeys(("key", "item", "item.corpus", "item.reviews", "item.vectors"), "demo") | {
    "item.variant": "attention",
    "item.weight": "0.5",
    "item.kind": "uniform",
}
OWN = {"reviews": {"path": "own.csv"}, "vectors": {"path": "own.txt"}}  # by the stage that reads such a file
KEYS = "data/params/"
PLAIN = dict.fromkeys(("corpus", "variant", "kind", "row", "source"), str) | {"weight": float}  # no paths
DOWNLOADS = {"imdb", "glove", "pairs"}
ENTRIES = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
STAGES: dict[str, Any] = {name: entry for name, entry in ENTRIES.items() if name != "code"}  # reads nothing but code


class Unread:
    """What stands in the place of a param that the stage must not read."""

    def __getattribute__(self, name: str) -> Any:
        raise LookupError(f"a param that is not listed for this stage was asked for {name}")


def filled(text: str, stage: str) -> str:
    for name, value in (ITEM | ({"key": "own", "item.path": ""} if stage in OWN else {})).items():
        text = text.replace(f"${{{name}}}", value)
    return text


def files(stage: str) -> list[str]:
    """Names of the files of params that the stage depends on."""
    deps = [filled(dep, stage) for dep in STAGES[stage].get("do", STAGES[stage])["deps"]]
    return [dep[len(KEYS) : -len(".json")] for dep in deps if dep.startswith(KEYS)]


@cache
def listed(stage: str) -> list[str]:
    """The keys of that stage of the demo corpus, or of sources of one's own."""
    params = load_params(ROOT / "params.yaml")
    for section in ("reviews", "vectors"):
        getattr(params.sources, section)["own"] = None  # its name is all that is asked for
    everywhere = {
        name: getattr(params, name).model_copy(update={"corpora": ("demo",)}) for name in ("nulls", "frontier")
    }
    edited = params.sources.counterfactual.model_copy(update={"corpora": ("demo",)})
    everywhere["sources"] = params.sources.model_copy(update={"counterfactual": edited})
    published = dict.fromkeys(("demo",), next(iter(params.published.values())).model_copy(update={"corpus": "demo"}))
    keys = dict(keys_read(params.model_copy(update={**everywhere, "published": published})))
    (name,) = files(stage)
    assert name.partition("@")[0] == stage
    return list(keys[name])


def restricted(part: Any, keys: list[list[str]]) -> Any:
    """The part with nothing in it but what the keys name."""
    if [] in keys:
        return part
    inside = {first: [key[1:] for key in keys if key[0] == first] for first in {key[0] for key in keys}}
    entries = dict(part) if isinstance(part, BaseModel) else part
    kept = {name: restricted(value, inside[name]) if name in inside else Unread() for name, value in entries.items()}
    return type(part).model_construct(**kept) if isinstance(part, BaseModel) else kept


class Reached(Exception):
    """The stage has read its params and begins to download."""


@pytest.fixture(scope="module")
def folder(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project, for stages to write to."""
    copy = tmp_path_factory.mktemp("params") / "project"
    pairs = {"pair": [0], "label": [0], "text": ["bad"], "edited_label": [1], "edited_text": ["good"]}
    shutil.copytree(project.root, copy, ignore=shutil.ignore_patterns(".git", ".dvc", "mlruns", "mlflow.db*"))
    Project(copy).edit(**{f"sources__{part}": {"own": entry} for part, entry in OWN.items()})
    (copy / "own.csv").write_text("text,label\na good one,1\na bad one,0\ngood,1\nbad,0\n", encoding="utf-8")
    (copy / "own.txt").write_text("2 2\ngood 1 0\nbad 0 1\n", encoding="utf-8")
    (copy / "data/counterfactual").mkdir()
    pd.DataFrame(pairs).to_parquet(copy / "data/counterfactual/pairs.parquet")
    return copy


def run(stage: str, keys: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls the stage's commands with the arguments of dvc.yaml and the params of those keys alone."""
    monkeypatch.chdir(folder)
    params: Params = restricted(load_params("params.yaml"), [key.split(".") for key in keys])
    commands = STAGES[stage].get("do", STAGES[stage])["cmd"]
    for command in [commands] if isinstance(commands, str) else commands:
        _, _, name, *words = filled(command, stage).split()
        module = importlib.import_module(name)
        monkeypatch.setattr(module, "load_params", lambda path: params)
        if stage in DOWNLOADS:
            monkeypatch.setattr(module.sources, "fetch", MagicMock(side_effect=Reached))
        if hasattr(module, "Tracker"):
            monkeypatch.setattr(module, "Tracker", MagicMock())
        given = {flag[2:]: word for flag, word in itertools.pairwise(words) if flag.startswith("--")}
        module.main(**{name: PLAIN.get(name, Path)(word) for name, word in given.items()})


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_no_other_params(stage: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        run(stage, listed(stage), folder, monkeypatch)
    except Reached:
        assert stage in DOWNLOADS


@pytest.mark.parametrize(("stage", "param"), [(stage, param) for stage in STAGES for param in listed(stage)])
def test_a_stage_reads_each_of_its_params(
    stage: str, param: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [key for key in listed(stage) if key != param]
    with pytest.raises((LookupError, AttributeError, TypeError, ValueError, UserWarning)):
        run(stage, others, folder, monkeypatch)

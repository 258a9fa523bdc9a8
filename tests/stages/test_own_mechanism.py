"""The mechanism of docs/own/mechanism.md, put into a project as the page says: every law holds, and it is compared."""

import json
import re
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from small_project import ROOT, VARIANTS, Project

PAGE = (ROOT / "docs/own/mechanism.md").read_text(encoding="utf-8")
ASK = ("python", "-m", "stages.explain", "--corpus", "demo", "--variant", "attention_gated", "a good film")
COPY = "import shutil, sys; from pipeline.tracking.model import _code; shutil.copytree(_code().name, sys.argv[1])"
LOAD = """
import sys
from pathlib import Path
import numpy
from pipeline.evaluation.predict import load_predictor
load_predictor(Path(sys.argv[1]), numpy.load(sys.argv[2]))
print(sys.modules["pipeline.mechanisms.gated"].__file__)
"""


@pytest.fixture(scope="module")
def gated(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has its results, with the file and the entry of the page."""
    root = shutil.copytree(project.root, tmp_path_factory.mktemp("gated") / "project", symlinks=True)
    project = replace(project, root=root)
    (name,) = re.findall(r"`(pipeline/mechanisms/\w+\.py)`:\n", PAGE)
    (project.root / name).write_text(block("python"), encoding="utf-8")
    ((name, entry),) = YAML(typ="safe").load(block("yaml"))["variants"].items()
    project.edit(**{f"variants__{name}": entry})
    return project


@pytest.fixture(scope="module")
def ran(gated: Project) -> set[str]:
    """What DVC runs then; it leaves the variant trained, questioned and compared."""
    (command,) = re.findall(r"^dvc repro .*", block("console"), flags=re.MULTILINE)
    return set(re.findall(r"^Running stage '(.*)'", gated.run(*command.split()).stdout, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def trained(gated: Project, ran: set[str]) -> Project:
    return gated


def block(language: str) -> str:
    """The first of that language."""
    content, *_ = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return str(content)


def dependencies(project: Project, folder: Path) -> dict[str, bytes]:
    """The files by which DVC knows what to run again."""
    project.run("python", "-m", "stages.check_params", "params.yaml", "--out", str(folder / "params"))
    project.run("python", "-m", "stages.code", "--out", str(folder / "code"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_it_keeps_every_law(gated: Project) -> None:
    shutil.copytree(ROOT / "tests", gated.root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", gated.root)
    (row,) = re.findall(r'`("attention_gated": .*,)`', PAGE)
    tiny = gated.root / "tests/tiny.py"
    tiny.write_text(tiny.read_text("utf-8").replace("VARIANTS = {\n", f"VARIANTS = {{\n    {row}\n"), "utf-8")
    (chosen,) = re.findall(r'pytest tests/models -k "(.*)"', PAGE)
    done = gated.run(sys.executable, "-m", "pytest", "tests/models", "-k", chosen, "-p", "no:cacheprovider")
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 5


def test_its_entry_trains_it_and_no_other_variant(ran: set[str]) -> None:
    own = {"train@demo-attention_gated", "evaluate@demo-attention_gated"}
    assert ran == {"code", *own, "exchange@demo", "compare@demo"}


def test_it_stands_in_the_table_beside_the_others(trained: Project) -> None:
    metrics = json.loads((trained.root / "results/demo/variants/attention_gated.json").read_text("utf-8"))
    assert metrics["seeds"] == 2
    assert metrics["accuracy_mean"] > 0.6
    assert 0 < metrics["entropy_nats_mean"] < 6
    table = (trained.root / "results/demo/comparison.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \**(\w+)\** \| \**([\d.]+)", table, flags=re.MULTILINE))
    assert rows.keys() == {*VARIANTS, "attention_gated"}
    assert float(rows["attention_gated"]) == pytest.approx(100 * metrics["accuracy_mean"], abs=0.05)


def test_the_page_asks_it(trained: Project) -> None:
    (command,) = re.findall(r"^attention explain .*", block("console"), flags=re.MULTILINE)
    said = trained.run("python", "-m", "stages.app", *shlex.split(command)[1:]).stdout
    assert re.match(r"demo attention_gated, seed \d: (negative|positive) \(.*\na good film\n", said)


def test_its_model_answers_where_only_the_logged_code_is(trained: Project, tmp_path: Path) -> None:
    trained.run("python", "-c", COPY, str(tmp_path / "code"))
    elsewhere = Project(tmp_path / "code", trained.environment)
    checkpoint = trained.root / "models/demo/attention_gated/seed-0.safetensors"
    done = elsewhere.run("python", "-c", LOAD, str(checkpoint), str(trained.root / "data/tensors/demo/embeddings.npy"))
    assert done.stdout.strip() == str(tmp_path / "code/pipeline/mechanisms/gated.py")


def test_a_change_of_its_file_trains_it_again_and_no_other(trained: Project, tmp_path: Path) -> None:
    before = dependencies(trained, tmp_path / "before")
    file = trained.root / "pipeline/mechanisms/gated.py"
    text = file.read_text("utf-8")
    file.write_text(text.replace("torch.sigmoid", "torch.tanh"), "utf-8")
    after = dependencies(trained, tmp_path / "after")
    said = trained.run(*ASK, check=False).stderr
    file.write_text(text, "utf-8")
    changed = {name for name in before if before[name] != after[name]}
    together = {f"{stage}@{corpus}" for stage in ("exchange", "compare") for corpus in ("imdb", "demo")}
    together |= {"counterfactual@imdb"}
    own = {f"train@{corpus}-attention_gated" for corpus in ("imdb", "demo")}
    assert changed == {f"params/{name}.json" for name in own | together}
    assert re.fullmatch(r"error: .*seed-0.safetensors: the code of gated.GatedQuery is not what it was: .*\n", said)

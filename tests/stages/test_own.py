"""What docs/own/ promises: files and entries, as they stand on its pages, run from the table to the results."""

import dataclasses
import importlib
import json
import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest
import typer
from in_process import in_process
from mlflow import MlflowClient
from ruamel.yaml import YAML
from small_project import ROOT, Project, make_project

from pipeline.data.tensors import read_tensors
from pipeline.formats import read_results_json
from stages import app, compare, published, train

pytestmark = pytest.mark.filterwarnings(
    "ignore:_NoneStep:DeprecationWarning",  # of DVC's own
    *("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning"),
)

PAGES = {name: (ROOT / f"docs/own/{name}.md").read_text("utf-8") for name in ("corpus", "vectors", "language")}
SMALL = {
    "seeds": [0],
    "training": {"epochs": 2, "batch_size": 4},
    "evaluation": {"bootstrap": 100},
    "explanation": {"permutations": 5},
    "variants": {
        "attention": {"query": {"kind": "global"}},
        "tfidf": {"family": "tfidf", "ngrams": 1, "min_count": 1, "regularisation": 1.0},
    },
    "nulls": {"variants": ["attention"]},
    "frontier": {"variants": ["attention"]},
}
GLOVE = "good 1 0\nbad -1 0\nfilm 0 1\nstory 0 2\nbread 0 3\n"  # in the place of the download


def merged(content: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in change.items():
        nested = isinstance(value, Mapping) and isinstance(content.get(key), dict) and key != "variants"
        content[key] = merged(content[key], value) if nested else value
    return content


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[name], flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all files and entries of the pages."""
    project = make_project(tmp_path_factory.mktemp("own") / "project")
    (project.root / "mine").mkdir()
    yaml = YAML()
    params = merged(yaml.load(ROOT / "params.yaml"), SMALL)
    benchmark: list[str] = []
    for name, page in PAGES.items():
        for path, content in re.findall(r"`(mine/[\w.]+)`:\n\n```\w+\n(.*?)```", page, flags=re.DOTALL):
            (project.root / path).write_text(content, encoding="utf-8")
        for code in blocks(name, "python"):
            project.run("python", "-c", code)
        for entries in map(yaml.load, blocks(name, "yaml")):
            if "benchmark" in entries:
                benchmark += entries["benchmark"]
                params = merged(params, entries)
    params["benchmark"] = list(dict.fromkeys(benchmark))
    yaml.dump(params, project.root / "params.yaml")
    return project


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's is the project's own."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)


def run(project: Project, target: str, monkeypatch: pytest.MonkeyPatch, *, tracked: bool = False) -> set[str]:
    """All that DVC would run for the target, in its order, in this process; gives the names of the stages.

    Unless asked for, nothing is written to MLflow, which takes as long as all the rest.
    """
    import networkx
    from dvc.repo import Repo

    monkeypatch.chdir(project.root)
    if not tracked:
        for stage in (compare, published, train):
            monkeypatch.setattr(stage, "Tracker", MagicMock())
    with Repo() as repo:
        (last,) = repo.stage.collect(target)
        stages = {stage.addressing: stage.cmd for stage in networkx.dfs_postorder_nodes(repo.index.graph, last)}
    for name, cmd in stages.items():
        if name == "glove":
            (project.root / "data/glove").mkdir(parents=True, exist_ok=True)
            (project.root / "data/glove/vectors.txt").write_text(GLOVE, encoding="utf-8")
        elif name != "code" or not (project.root / "data/code").exists():
            for command in [cmd] if isinstance(cmd, str) else cmd:
                _, _, module_name, *words = shlex.split(command)
                module = importlib.import_module(module_name)
                app = typer.Typer()
                app.command()(module.main)
                app(words, standalone_mode=False)
    return set(stages)


def attention(project: Project, *words: str) -> str:
    """What the command says to a pipe."""
    code, out, err = in_process(project.root, app.main, *words)
    assert code == 0, err
    return out


def asked(page: str, corpus: str) -> list[str]:
    """The words of the command that asks the models of a corpus of a page."""
    (command,) = re.findall(rf"^`?attention (explain --corpus {corpus} [^`\n]*)", PAGES[page], flags=re.MULTILINE)
    return shlex.split(command)


def table(project: Project, corpus: str) -> list[str]:
    """The variants of a corpus, from the table that a person reads; its numbers are accuracies in percent."""
    lines = (project.root / f"results/{corpus}/comparison.md").read_text("utf-8").splitlines()
    rows = [[cell.strip(" *") for cell in line.split("|")[1:3]] for line in lines if line.startswith("| ")][2:]
    assert all(0 <= float(accuracy.split()[0]) <= 100 for _, accuracy in rows)
    return sorted(variant for variant, _ in rows)


def runs(project: Project, corpus: str) -> dict[str, str]:
    """How the runs of a corpus ended in MLflow, by name."""
    client = MlflowClient(f"sqlite:///{project.root}/mlflow.db")
    experiment = client.get_experiment_by_name(corpus)
    assert experiment is not None
    return {run.info.run_name: run.info.status for run in client.search_runs([experiment.experiment_id])}


def plots(project: Project) -> dict[str, Any]:
    """What DVC draws, with the entry of the page at the end of dvc.yaml."""
    (entry,) = [block for block in blocks("corpus", "yaml") if "template" in block]
    with (project.root / "dvc.yaml").open("a", encoding="utf-8") as file:
        file.write(entry)
    return dict(json.loads(project.run("dvc", "plots", "show", "--json").stdout)["data"])


def test_two_classes_become_a_table_of_results(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(own, "compare@mine", monkeypatch, tracked=True)
    assert {"code", "reviews@mine", "glove", "train@mine-tfidf", "compare@mine"} <= ran
    assert table(own, "mine") == ["attention", "tfidf"]
    assert read_tensors(own.root / "data/tensors/mine").classes == ("neg", "pos")
    assert "of pos" in (own.root / "reports/mine.html").read_text("utf-8")
    examples = read_results_json(own.root / "evaluation/mine/attention/examples.json")
    assert {example["name"] for example in examples} <= {f"row {number}" for number in range(1, 13)}
    said = attention(own, *asked("corpus", "mine"))
    assert re.match(r"mine attention, seed 0: (neg|pos) \(.*\na good year\.\n", said)
    assert runs(own, "mine") == {"attention seed 0": "FINISHED", "tfidf seed 0": "FINISHED", "comparison": "FINISHED"}
    (curves,) = plots(own)["accuracy by epoch, mine"]
    points = curves["content"]["data"]["values"]
    assert {point["variant"] for point in points} == {"attention", "tfidf"}


def test_a_parquet_file_says_which_of_its_rows_are_for_the_test(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(own, "compare@held_out", monkeypatch)
    assert table(own, "held_out") == ["attention", "tfidf"]
    assert read_tensors(own.root / "data/tensors/held_out").splits["test"].rows.tolist() == [2, 5, 8, 11]
    rows = pd.read_parquet(own.root / "mine/reviews.parquet")
    assert list(rows.columns) == ["text", "label", "split"]


def test_three_classes_become_one_too_whole_groups_at_a_time(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(own, "compare@stars", monkeypatch)
    assert table(own, "stars") == ["attention", "tfidf"]
    corpus = read_tensors(own.root / "data/tensors/stars")
    assert corpus.classes == ("bad", "middling", "good")
    products = pd.read_csv(own.root / "mine/stars.csv", sep=";")["product"]
    splits = [set(products[reviews.rows]) for reviews in corpus.splits.values()]
    assert not splits[0] & splits[1] | splits[0] & splits[2] | splits[1] & splits[2]
    for variant in ("attention", "tfidf"):
        rows = pd.read_parquet(own.root / f"evaluation/stars/{variant}/predictions.parquet")
        assert rows["probability"].between(1 / 3, 1).all(), "of the answer"
        metrics = json.loads((own.root / f"results/stars/variants/{variant}.json").read_text("utf-8"))
        assert metrics["accuracy_mean"] == pytest.approx((rows["label"] == rows["predicted"]).mean(), abs=1e-6)
        assert "confusion_2_0_mean" in metrics
    evaluation = own.root / "evaluation/stars/attention"
    assert not (evaluation / "explanation/lexicon.png").exists()
    assert set(pd.read_csv(evaluation / "top_words.csv")["pushes_to"]) <= {"bad", "middling", "good"}
    page = (own.root / "reports/stars.html").read_text("utf-8")
    assert '"classes":["bad","middling","good"]' in page
    assert 'id="lexicon"' not in page
    assert "mean over the classes" in page
    rows = pd.read_parquet(evaluation / "explanation/reviews.parquet")
    assert rows["comprehensiveness_leave_one_out"].notna().any()
    said = attention(own, "explain", "--corpus", "stars", "--variant", "all", "A good year.")
    assert re.findall(r"^stars (\w+), seed 0: (?:bad|middling|good) \(", said, flags=re.MULTILINE) == [
        "attention",
        "tfidf",
    ]


def test_five_reviews_and_a_test_review_of_one_word_become_a_report(
    own: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one word there is nothing to rank: no measure of the attention is defined for any variant."""
    small = dataclasses.replace(own, root=Path(shutil.copytree(own.root, tmp_path / "small")))
    rows = ["text,label,split", "good film,1,train", "bad film,0,train", "good story,1,train", "bad story,0,train"]
    (small.root / "mine/reviews.csv").write_text("\n".join([*rows, "good,1,test"]) + "\n", encoding="utf-8")
    small.edit(
        sources__reviews__mine__split="split",
        corpora__mine__validation_fraction=0.5,
        corpora__mine__validation_seed=1,
    )
    run(small, "compare@mine", monkeypatch)
    reasons = pd.read_csv(small.root / "results/mine/faithfulness.csv")
    assert reasons.empty
    assert 'id="reasons"' not in (small.root / "reports/mine.html").read_text("utf-8")


def test_own_vectors_become_the_embeddings(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(own, "compare@mine_own_vectors", monkeypatch)
    assert table(own, "mine_own_vectors") == ["attention", "tfidf"]
    corpus = read_tensors(own.root / "data/tensors/mine_own_vectors")
    place = corpus.vocabulary.words.index("bad")
    assert corpus.embeddings[place].tolist() == pytest.approx([-0.8, 0.1, 0.3])


def test_a_corpus_in_chinese_is_trained_and_read(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(own, "compare@chinese", monkeypatch)
    assert table(own, "chinese") == ["attention", "tfidf"]
    assert read_tensors(own.root / "data/tensors/chinese").classes == ("坏", "好")
    words = pd.read_csv(own.root / "evaluation/chinese/attention/top_words.csv")
    assert set("好坏") <= set(words["word"])
    examples = read_results_json(own.root / "evaluation/chinese/attention/examples.json")
    assert all(len(token) == 1 for example in examples for token in example["tokens"])
    assert re.match(r"chinese attention, seed 0: [坏好] \(.*\n我", attention(own, *asked("language", "chinese")))


def test_words_that_another_tokeniser_has_parted_stay_words(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(own, "train@chinese_words-attention", monkeypatch)
    assert {"喜欢", "不好"} <= set(read_tensors(own.root / "data/tensors/chinese_words").vocabulary.words)
    said = attention(own, *asked("language", "chinese_words"))
    assert re.match(r"chinese_words attention, seed 0: [坏好] \(.* of 4 words\n", said)
    assert '"喜欢" 0.' in said


def test_what_is_trained_on_two_corpora_is_listed_and_on_one_of_them_alone(
    own: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(own, "train@mine-tfidf", monkeypatch)
    run(own, "train@stars-tfidf", monkeypatch)
    lines = attention(own, "explain", "--list").splitlines()
    assert {"mine  tfidf  seed 0", "stars  tfidf  seed 0"} <= set(lines)
    of_one = attention(own, "explain", "--list", "--corpus", "stars").splitlines()
    assert of_one == [line for line in lines if line.startswith("stars  ")]


@pytest.mark.parametrize(
    ("file", "reader", "corpora"),
    [
        ("mine/reviews.csv", "reviews@mine", {"mine", "mine_own_vectors"}),
        ("mine/vectors.vec", "vectors@own", {"mine_own_vectors"}),
    ],
)
def test_a_changed_file_runs_the_corpora_that_hold_it_and_no_other(
    own: Project, monkeypatch: pytest.MonkeyPatch, file: str, reader: str, corpora: set[str]
) -> None:
    import networkx
    from dvc.repo import Repo

    monkeypatch.chdir(own.root)
    with Repo() as repo:
        (first,) = (stage for stage in repo.index.stages if any(str(dep) == file for dep in stage.deps))
        after = {stage.addressing for stage in networkx.ancestors(repo.index.graph, first)}
    assert first.addressing == reader
    assert {name.split("@")[1].split("-")[0] for name in after} == corpora
    assert {f"compare@{corpus}" for corpus in corpora} <= after


def test_a_file_that_is_not_there_is_named_before_any_work(own: Project) -> None:
    path = own.root / "mine/stars.csv"
    path.rename(path.with_suffix(".old"))
    done = own.run("python", "-m", "stages.check_params", check=False)
    path.with_suffix(".old").rename(path)
    message = "params.yaml: sources.reviews.stars.path = 'mine/stars.csv': there is no such file"
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr

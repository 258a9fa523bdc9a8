"""What DVC shows of results and experiments, to a person and to an editor."""

import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from small_project import Project, wait

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning")


def test_metrics_plots_and_params_read_well(project: Project) -> None:
    shown = json.loads(project.run("dvc", "metrics", "show", "--json").stdout)
    values = shown[""]["data"]["results/demo/variants/attention.json"]["data"]
    assert 0 < values["accuracy_mean"] <= 1
    assert project.run("dvc", "metrics", "diff").returncode == 0
    assert project.run("dvc", "params", "diff").stdout == ""
    page = project.run("dvc", "plots", "show").stdout.strip().removeprefix("file://")
    assert "accuracy.png" in Path(page.replace("%20", " ")).read_text("utf-8")


def test_an_experiment_runs_and_is_shown(project: Project) -> None:
    settings = "corpora.demo.training.epochs=1"
    project.run("dvc", "exp", "run", "--name", "quick", "-S", settings, "evaluate@demo-attention")
    wanted = "Experiment|.*/attention.json:accuracy_mean|corpora.demo.training.epochs"
    table = project.run("dvc", "exp", "show", "--csv", "--drop", ".*", "--keep", wanted).stdout.splitlines()
    assert table[0] == "Experiment,results/demo/variants/attention.json:accuracy_mean,corpora.demo.training.epochs"
    assert [row.split(",")[2] for row in table if row.startswith("quick,")] == ["1"]
    project.restore()
    head, *rows = project.run("python", "-m", "stages.experiments", "attention").stdout.splitlines()
    assert head.split("  ")[0] == "experiment"
    assert head.split()[-1] == "corpora.demo.training.epochs", "the one param that is not the same"
    accuracy = json.loads((project.root / "results/demo/variants/attention.json").read_text("utf-8"))["accuracy_mean"]
    found = {row.split()[0]: row.split()[1:] for row in rows}
    assert [found[name][-1] for name in ("workspace", "quick")] == ["2", "1"]
    assert float(found["workspace"][0]) == pytest.approx(accuracy, abs=1e-4)


def test_experiments_of_what_was_not_tested_are_an_error_that_says_what_was(project: Project) -> None:
    done = project.run("python", "-m", "stages.experiments", "bets", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: 'bets' was not tested on 'demo': there are attention, attention_entropy, ")


def test_without_git_there_are_no_experiments_and_one_line_says_so(project: Project, tmp_path: Path) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(project.root / name, tmp_path / name)
    shutil.copytree(project.root / "results", tmp_path / "results")
    environment = project.environment | {
        "PYTHONPATH": str(project.root),
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
    }
    unpacked = Project(tmp_path, environment)
    unpacked.run("dvc", "init", "--no-scm")
    done = unpacked.run("python", "-m", "stages.experiments", "attention", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: DVC shows no experiments: Only supported for Git repositories."), done.stderr


def test_dvcs_extension_for_vs_code_reads_the_project(project: Project) -> None:
    """The extension runs these three commands, and shows what they say."""

    def said(*words: str) -> Any:
        return json.loads(project.run("dvc", *words, "--json").stdout)

    files = said("data", "status", "--granular", "--unchanged")
    assert files.keys() == {"unchanged"}
    assert "models/demo/attention/seed-0.safetensors" in files["unchanged"]
    workspace, commit = said("exp", "show", "--num", "1")
    for revision in (workspace, commit):
        metrics = revision["data"]["metrics"]["results/demo/variants/attention.json"]["data"]
        assert 0 < metrics["accuracy_mean"] <= 1
        assert revision["data"]["params"]["params.yaml"]["data"]["seeds"] == [0, 1]
    plots = said("plots", "diff", "HEAD", "--out", ".dvc/tmp/plots", "--split")["data"]
    (curves,) = plots["accuracy by epoch, demo"]
    points = curves["anchor_definitions"]["<DVC_METRIC_DATA>"]
    assert {"attention", "mean"} <= {point["variant"] for point in points}
    assert Path(plots["results/demo/accuracy.png"][0]["url"]).read_bytes().startswith(b"\x89PNG")


def test_a_queued_experiment_and_its_mlflow_runs_name_each_other(project: Project, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    store = f"sqlite:///{shutil.copy(project.root / 'mlflow.db', tmp_path)}"
    project = replace(project, environment=project.environment | {"MLFLOW_TRACKING_URI": store})
    before = project.run("git", "status", "--porcelain").stdout
    setting = "variants.attention_entropy.training.entropy_weight=0.2"
    project.run("dvc", "exp", "run", "--queue", "--name", "tried", "-S", setting, "compare@demo")
    project.run("dvc", "queue", "start", "--jobs", "1")
    over = re.compile(r"tried .*(Success|Failed)")
    wait(lambda: over.search(project.run("dvc", "queue", "status").stdout) is not None, every=5)
    project.run("dvc", "queue", "stop")
    said = project.run("dvc", "queue", "logs", "tried").stdout
    assert project.run("git", "status", "--porcelain").stdout == before, "the workspace is as it was"
    (address,) = re.findall(r"^MLflow runs of tried: (http\S+)$", said, flags=re.MULTILINE)
    place, query = urlsplit(address).fragment.split("?")
    (condition,) = parse_qs(query)["searchFilter"]
    runs = MlflowClient(store).search_runs([place.split("/")[2]], condition)
    trained = {"attention_entropy seed 0", "attention_entropy seed 1"}
    assert {run.info.run_name for run in runs} == {*trained, "comparison"}
    assert len(runs) == 3
    (name,) = {run.data.tags["dvc.experiment"] for run in runs}
    shown = (
        pd.read_csv(io.StringIO(project.run("dvc", "exp", "show", "--csv").stdout)).set_index("Experiment").loc[name]
    )
    assert shown["variants.attention_entropy.training.entropy_weight"] == 0.2
    measured = [run.data.metrics["test/accuracy"] for run in runs if run.info.run_name in trained]
    accuracy = shown["results/demo/variants/attention_entropy.json:accuracy_mean"]
    assert sum(measured) / 2 == pytest.approx(accuracy, abs=1e-5)

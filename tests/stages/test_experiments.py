"""What DVC shows of results and experiments, to a person and to an editor."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_project import Project

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

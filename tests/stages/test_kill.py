"""A training that was killed goes on from its last epoch and ends with the same bits."""

import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from small_project import Project

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning")


def command(name: str) -> list[str]:
    options = {
        "corpus": "demo",
        "variant": "lstm_attention",
        "tensors": "data/tensors/demo",
        "states": ".dvc/tmp/training",
        "out": f"data/killed/{name}",
        "clock": f"data/killed/{name}.json",
    }
    return ["python", "-m", "stages.train", *(word for key, value in options.items() for word in (f"--{key}", value))]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def patient(project: Project) -> Project:
    """The small project with a store of its own and many epochs, ended by patience, which MLflow follows live."""
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{project.root / 'data/killed.db'}"}
    project.edit(corpora__demo__training={"epochs": 1000, "patience": 7, "batch_size": 16})
    yield Project(project.root, project.environment | store)
    project.restore()


def test_killed_in_the_middle_and_run_again(patient: Project) -> None:
    from mlflow import MlflowClient

    patient.run(*command("undisturbed"))
    process = subprocess.Popen(
        command("killed"), cwd=patient.root, env=patient.environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "epoch 3" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.stderr.close()
    process.wait()
    assert not (patient.root / "data/killed/killed.json").exists()

    again = patient.run(*command("killed"))
    assert files(patient.root / "data/killed/killed") == files(patient.root / "data/killed/undisturbed")
    assert "epoch 8" in again.stderr
    over = (patient.root / ".dvc/tmp/training").glob("*/finished")
    marks = [mark.read_text("utf-8") for mark in over]
    assert sum('"stage": null' in mark for mark in marks) == 1, "that of the last training which DVC did not start"

    client = MlflowClient(patient.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("demo")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        states = {run.info.status for run in client.search_runs([experiment.experiment_id])}
        if "RUNNING" not in states:
            break
        time.sleep(1)
    assert states <= {"FINISHED", "KILLED", "FAILED"}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--variant", "lstm_atention", "error: params.yaml: variants has no entry 'lstm_atention'; it has mean,"),
        ("--corpus", "imbd", "error: params.yaml: corpora has no entry 'imbd'; it has imdb, imdb_short, demo"),
    ],
)
def test_a_wrong_name_is_one_line_with_the_right_ones(project: Project, option: str, value: str, message: str) -> None:
    words = command("wrong")
    words[words.index(option) + 1] = value
    done = project.run(*words, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (project.root / "data/killed/wrong").exists()


def test_wrong_params_stop_dvc_with_the_reason_and_no_traceback(project: Project) -> None:
    project.edit(variants__attention__training={"learning_rate": -1})
    done = project.run("dvc", "repro", "train@demo-attention", check=False)
    project.restore()
    assert done.returncode != 0
    assert "variants.attention.training.learning_rate = -1: Input should be greater than 0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("repro", "compare@demo"), ("exp", "run", "--quiet")], ids=" ".join)
@pytest.mark.parametrize(
    ("old", "new"),
    [("\nseeds:", "\nseeds: [7]\nseeds:"), ("\nbenchmark:", "\nbench:"), ("\nvariants:", "\nvariants: {\nold:")],
    ids=["a key twice", "a key that is not there", "no YAML"],
)
def test_what_dvc_itself_would_refuse_is_said_with_its_place(
    project: Project, command: tuple[str, ...], old: str, new: str
) -> None:
    """DVC reads params.yaml for dvc.yaml before any stage runs, and its message would name no place."""
    path = project.root / "params.yaml"
    before = path.read_text("utf-8")
    path.write_text(before.replace(old, new), "utf-8")
    done = project.run("dvc", *command, check=False)
    check = project.run("python", "-m", "stages.check_params", check=False)
    path.write_text(before, "utf-8")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == check.stderr
    assert re.fullmatch(r"error: params\.yaml.*\n", check.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("exp", "run", "-S", "training.epochs=eight"), "training.epochs = 'eight': Input should be a valid integer"),
        (("exp", "run", "--queue", "-Straining.epochs=0,2"), "training.epochs = 0: Input should be greater than or"),
        (("--cd", ".", "exp", "run", "--set-param=benchmark=[imbd]"), "corpora has no entry 'imbd'; it has"),
    ],
    ids=["a value", "a point of a sweep", "a name"],
)
def test_what_an_experiment_would_set_wrongly_is_refused_before_it_is_set(
    project: Project, words: tuple[str, ...], said: str
) -> None:
    done = project.run("dvc", *words, "evaluate@demo-mean", check=False)
    assert done.returncode == 1
    assert re.fullmatch(rf"error: params\.yaml: .*{re.escape(said)}.*\n", done.stderr)
    assert project.run("git", "status", "--porcelain", "params.yaml").stdout == ""


def test_dvc_starts_after_a_kill_that_cut_off_its_list_of_processes(project: Project) -> None:
    (project.root / ".dvc/tmp/rwlock").write_text('{"data', "utf-8")
    done = project.run("dvc", "repro", "--dry", "compare@demo")
    assert done.stderr == ".dvc/tmp/rwlock was cut off, or of a DVC that is gone, and is removed.\n"


def test_another_projects_params_are_its_own_affair(project: Project, tmp_path: Path) -> None:
    """It may be run with the same `dvc`."""
    (tmp_path / "params.yaml").write_text("benchmrk: 1\n", "utf-8")
    (tmp_path / "dvc.yaml").write_text("stages: {one: {cmd: 'echo ${benchmrk} > two', outs: [two]}}\n", "utf-8")
    other = replace(project, root=tmp_path)
    other.run("dvc", "init", "-q", "--no-scm")
    other.run("dvc", "repro", "-q")
    assert (tmp_path / "two").read_text("utf-8") == "1\n"


def test_without_a_source_imdb_says_what_to_do(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    urls = ["http://127.0.0.1:9/aclImdb_v1.tar.gz"]
    before = (project.root / "params.yaml").read_text("utf-8")
    project.edit(sources__imdb__urls=urls)
    environment = project.environment | {"ATTENTION_DATA_MIRROR": str(tmp_path / "mirror")}
    words = [
        "python",
        "-m",
        "stages.imdb",
        "--downloads",
        "data/killed/downloads",
        "--out",
        "data/killed/reviews.parquet",
    ]
    done = subprocess.run(
        words, cwd=project.root, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    (project.root / "params.yaml").write_text(before, "utf-8")
    assert done.returncode == 1
    assert "ATTENTION_DATA_MIRROR" in done.stderr
    assert "127.0.0.1:9" in done.stderr
    assert "compare@demo" in done.stderr or "make demo" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.root / "data/killed/reviews.parquet").exists()
    assert os.listdir(tmp_path / "mirror") == []

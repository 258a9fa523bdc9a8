"""What docs/scale.md says of many processes and machines, done: torchrun, DVC's queue, an MLflow server, a remote."""

import io
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from small_project import Project, wait

from pipeline.formats import read_results_json

UP_TO_DATE = "Data and pipelines are up to date."


def test_two_processes_train_a_variant_and_dvc_takes_it(project: Project) -> None:
    before = read_results_json(project.root / "models/demo/attention/seed-1.json")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    stage = "stages.train --corpus demo --variant attention --tensors data/tensors/demo --states .dvc/tmp/training"
    done = project.run(
        *[*torchrun, "-m", *stage.split(), "--out", "models/demo/attention"],
        *["--clock", "results/demo/timing/attention.json"],
    )
    assert done.stderr.count("seed 1  epoch 2") == 1, "one process speaks for all"
    after = read_results_json(project.root / "models/demo/attention/seed-1.json")
    for one, other in zip(before, after, strict=True):
        assert other["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
        assert other["validation_loss"] == pytest.approx(one["validation_loss"], rel=1e-4)
    project.run("dvc", "commit", "-f", "train@demo-attention")
    assert UP_TO_DATE in project.run("dvc", "status", "train@demo-attention").stdout
    project.restore()


def test_two_workers_take_a_queue_of_experiments(project: Project) -> None:
    clips = {"half": 0.5, "quarter": 0.25}
    for name, clip in clips.items():
        setting = f"training.gradient_clip={clip}"
        project.run("dvc", "exp", "run", "--queue", "--name", name, "-S", setting, "evaluate@demo-mean")
    project.run("dvc", "queue", "start", "--jobs", "2")
    done = re.compile(r"(half|quarter) .*Success")  # other tests may have queued some too
    wait(lambda: len(done.findall(project.run("dvc", "queue", "status").stdout)) == 2, every=4)
    project.run("dvc", "queue", "stop")
    table = pd.read_csv(io.StringIO(project.run("dvc", "exp", "show", "--csv").stdout)).set_index("Experiment")
    assert table.loc[list(clips), "training.gradient_clip"].to_dict() == clips
    assert table.loc[list(clips), "results/demo/variants/mean.json:accuracy_mean"].between(0, 1).all()
    project.restore()


@pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning")
def test_a_shared_server_holds_runs_and_artifacts(project: Project, database: str, tmp_path: Path) -> None:
    with server(tmp_path, database, project) as address:
        there = replace(project, environment=project.environment | {"MLFLOW_TRACKING_URI": address})
        done = there.run("dvc", "repro", "--single-item", "--force", "compare@demo")
        assert "warning" not in done.stderr
        client = MlflowClient(address)
        experiment = client.get_experiment_by_name("demo")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id], "tags.variant = 'attention' and tags.seed = '0'")
        run = next(run for run in runs if run.data.tags["pipeline.role"] == "variant")
        assert "examples.html" in {item.path for item in client.list_artifacts(run.info.run_id)}
    assert any((tmp_path / "artifacts").rglob("examples.html"))
    kept = MlflowClient(database).get_run(run.info.run_id)
    assert kept.info.status == "FINISHED"
    assert 0 < kept.data.metrics["test/accuracy"] <= 1
    project.restore()


def test_what_one_clone_pushed_another_has_nothing_to_do_for(project: Project, tmp_path: Path) -> None:
    project.run("dvc", "remote", "add", "--local", "--default", "shared", str(tmp_path / "remote"))
    project.run("dvc", "push", "-q", "compare@demo", "published", "--with-deps")
    project.run("git", "clone", "-q", ".", str(tmp_path / "clone"))
    clone = replace(project, root=tmp_path / "clone")
    clone.run("dvc", "remote", "add", "--local", "--default", "shared", str(tmp_path / "remote"))
    clone.run("dvc", "pull", "-q", "compare@demo", "published", "--with-deps")
    done = clone.run("dvc", "repro", "compare@demo", "published")
    assert UP_TO_DATE in done.stdout
    assert "Running stage" not in done.stdout
    for name in ("reports/demo.html", "models/demo/attention/seed-0.safetensors"):
        assert (clone.root / name).read_bytes() == (project.root / name).read_bytes()
    project.run("dvc", "remote", "remove", "--local", "shared")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database: PostgreSQL's, where that is installed, with the user whom root needs for it."""
    users = {entry.pw_name for entry in pwd.getpwall()}
    if shutil.which("initdb") and (os.geteuid() or "postgres" in users):
        with postgresql() as address:
            yield address
    else:
        yield f"sqlite:///{tmp_path / 'runs.db'}"


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL that listens on a socket in its folder. It refuses to be root, who starts it as another user."""
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user)

        def run(*command: str) -> None:
            subprocess.run(command, cwd=folder, user=user, stdout=subprocess.DEVNULL, check=True)

        data = f"{folder}/data"
        run("initdb", "--pgdata", data, "--username", "mlflow", "--auth", "trust")
        run("pg_ctl", "--pgdata", data, "--log", f"{folder}/log", "--options", f"-h '' -k {folder}", "--wait", "start")
        try:
            yield f"postgresql://mlflow@/postgres?host={folder}"
        finally:
            run("pg_ctl", "--pgdata", data, "--mode", "fast", "stop")


@contextmanager
def server(folder: Path, database: str, project: Project) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", database, "--artifacts-destination", "./artifacts"]
    environment = project.environment | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w") as log:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait(lambda: running.poll() is not None or healthy(f"http://127.0.0.1:{port}/health"))
        assert running.poll() is None, (folder / "server.log").read_text()[-3000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        if running.poll() is None:
            os.killpg(running.pid, 15)
            running.wait(30)


def healthy(address: str) -> bool:
    try:
        with urlopen(address) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False

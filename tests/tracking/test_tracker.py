"""What a stage sends is read back from a real store, however the stage ends."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psutil
import pytest

from chaos.stores import answering, free_port
from pipeline.tracking.run import Run
from pipeline.tracking.tracker import Tracker

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning")

WHOLE = """
with Tracker("compare@demo") as tracker:
    tracker.publish(run("removed"), "d0").finish()
report = Path("report.html")
report.write_text("<p>it</p>")
with Tracker("compare@demo") as tracker:
    started = time.perf_counter()
    new = tracker.start(run("whole"))
    new.epoch({"epoch": 1, "train_loss": 0.5, "validation_accuracy": 0.7, "entropy_p50": 1.5})
    new.histogram({"epoch": 1, "entropy_histogram": [0, 5, 5]})
    new.table({"rank": ["01", "02"], "word": ["good", "bad"]}, "words.json")
    new.dataset("demo", "d1", "data/demo", "training", {"rows": 3})
    new.finish()
    history = [{"epoch": epoch, "train_loss": 0.5 / epoch, "validation_accuracy": 0.7} for epoch in (1, 2)]
    again = tracker.publish(run("whole"), "d1")
    for record in history:
        again.epoch(record)
        again.histogram({**record, "entropy_histogram": [1, 8, 1]})
    again.metrics({"test/accuracy": 0.8})
    again.metrics({"test/accuracy": 0.9})
    again.table({"rank": ["01"], "word": ["fine"]}, "words.json")
    again.artifact(report)
    again.finish()
    tracker.publish(run("whole"), "d1").metrics({"test/accuracy": 0.1})
    tracker.retire_others("demo", "variant")
    tracker.print_links("demo")
    made = tracker.publish(run("made"), "d2", seconds=7.5)
    made.epoch(history[0])
    tracker.start(run("whole", role="comparison")).metrics({"best": 0.9})
    tracker.start(run("twice")).finish()
    time.sleep(0.01)  # MLflow's clock has milliseconds
    tracker.start(run("twice"))
    tracker.start(run("over")).finish()
    tracker.start(run("over"), over=True).epoch(history[0])
    assert time.perf_counter() - started < 1, "the stage had to wait"
"""
FAILED = """
with Tracker("compare@demo") as tracker:
    tracker.start(run("half")).finish()
    tracker.publish(run("half"), "d3").metrics({"test/accuracy": 0.5})
    tracker.start(run("failed")).metrics({"train/loss": 1.0}, step=1)
    raise RuntimeError("this stage fails")
"""
KILLED = """
with Tracker("compare@demo") as tracker:
    tracker.start(run("killed")).metrics({"train/loss": 1.0}, step=1)
    print("ready", file=sys.stderr, flush=True)
    time.sleep(600)
"""
INTERRUPTED = KILLED.replace('run("killed")', 'run("interrupted")')
CONTINUED = """
with Tracker("compare@demo") as tracker:
    tracker.start(run("killed")).metrics({"train/loss": 9.0}, step=1)
"""


FIRST = """
with Tracker("compare@demo", Path(".")) as tracker:
    tracker.start(run("{name}")).finish()
    same = tracker.publish(run("same"), "d1")
    for epoch in range(1, 21):
        same.epoch({{"epoch": epoch, "train_loss": 0.5}})
"""
UNREACHABLE = """
with Tracker("compare@demo") as tracker:
    for name in "abc":
        tracker.start(run(name)).metrics({"train/loss": 1.0}, step=1)
"""
SEVERAL = """
for name in ("train@demo-mean", "train@demo-attention", "compare@demo"):
    os.environ["DVC_STAGE"] = name
    with Tracker("compare@demo") as tracker:
        tracker.start(run(name))
"""


@pytest.fixture(scope="module")
def new_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a store that two stages make at once, the other from another folder."""
    return tmp_path_factory.mktemp("new")


@pytest.fixture(scope="module", autouse=True)
def early(stage: Any, new_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Stages that only wait, mostly for the disk, and so run beside the others."""
    port = free_port()
    remote, another = tmp_path_factory.mktemp("remote"), tmp_path_factory.mktemp("another")
    with answering(port, 500):
        yield {
            "one": stage(FIRST.format(name="one"), new_root),
            "two": stage(FIRST.format(name="two"), another, {"MLFLOW_TRACKING_URI": f"sqlite:///{new_root}/mlflow.db"}),
            "unreachable": stage(UNREACHABLE, remote, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}),
            "several": stage(
                SEVERAL, tmp_path_factory.mktemp("several"), {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
            ),
            "broken": stage(UNREACHABLE, remote, {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}),
        }


@pytest.fixture(scope="module")
def store(root: Path, elsewhere: Path, stage: Any, open_store: Any) -> Any:
    """The store after stages that went well, failed, were interrupted and were killed, in another folder."""
    variables = {"DVC_ROOT": str(root), "DVC_STAGE": "train@demo", "DVC_EXP_NAME": "tidy-gnu"}
    whole = stage(WHOLE, elsewhere, variables)
    _, whole_errors = whole.communicate(timeout=100)
    assert whole.returncode == 0, whole_errors
    failed, interrupted, killed = (stage(code, elsewhere, variables) for code in (FAILED, INTERRUPTED, KILLED))
    for process, number in ((interrupted, signal.SIGINT), (killed, signal.SIGKILL)):
        assert process.stderr.readline() == "ready\n"
        os.kill(process.pid, number)
    assert "this stage fails" in failed.communicate(timeout=100)[1]
    assert "KeyboardInterrupt" in interrupted.communicate(timeout=100)[1]
    client = open_store(root)
    killed.communicate(timeout=100)  # its recorder holds the other end until it has taken note
    return client, whole_errors


def find(store: Any, fingerprint: str, role: str = "variant") -> Any:
    """The only run of that fingerprint and role."""
    (found,) = search(store, fingerprint, role)
    return found


def search(store: Any, fingerprint: str, role: str = "variant") -> Any:
    client, _ = store
    experiment = client.get_experiment_by_name("demo")
    query = f"tags.`run.fingerprint` = '{fingerprint}' and tags.`pipeline.role` = '{role}'"
    return client.search_runs([experiment.experiment_id], query)


@pytest.mark.parametrize(
    ("fingerprint", "status"),
    [
        ("whole", "FINISHED"),
        ("made", "FINISHED"),
        ("failed", "FAILED"),
        ("interrupted", "FAILED"),
        ("killed", "KILLED"),
    ],
)
def test_a_run_ends_as_its_stage_does(store: Any, fingerprint: str, status: str) -> None:
    run = find(store, fingerprint)
    assert run.info.status == status
    assert run.info.end_time is not None


def test_names_params_and_tags(store: Any) -> None:
    run = find(store, "whole")
    assert run.info.run_name == "whole seed 0"
    assert run.data.params == {"variant": "whole", "query": "global", "a.b": "1"}
    expected = {"variant": "whole", "corpus": "demo", "dvc.stage": "train@demo", "dvc.experiment": "tidy-gnu"}
    assert expected.items() <= run.data.tags.items()
    assert run.data.tags["pipeline.repro_id"] == "tidy-gnu"
    assert "git.commit" not in run.data.tags, "the stage ran outside Git"


def test_every_variant_has_its_own_colour(store: Any) -> None:
    names = ("whole", "made", "failed", "killed")
    assert len({find(store, name).data.tags["mlflow.runColor"] for name in names}) == len(names)


def test_a_resumed_run_holds_every_epoch_once(store: Any) -> None:
    client, _ = store
    history = client.get_metric_history(find(store, "whole").info.run_id, "train/loss")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.25)]


def test_a_value_of_the_whole_run_is_the_last_one_sent(store: Any) -> None:
    assert find(store, "whole").data.metrics["test/accuracy"] == 0.9
    assert find(store, "whole", "comparison").data.metrics == {"best": 0.9}


def test_results_are_published_once_and_leave_the_clock_of_the_training(store: Any) -> None:
    client, _ = store
    run = find(store, "whole")
    assert run.data.tags["results.digest"] == "d1"
    assert len(client.get_metric_history(run.info.run_id, "test/accuracy")) == 2, "the same digest again is dropped"
    last = client.get_metric_history(run.info.run_id, "train/loss")[-1].timestamp
    assert run.info.start_time <= run.info.end_time
    assert last <= run.info.end_time + 60_000


def test_results_of_a_stage_that_failed_are_not_taken_for_complete(store: Any) -> None:
    run = find(store, "half")
    assert run.info.status == "FINISHED", "as the training left it"
    assert "results.digest" not in run.data.tags


def test_the_run_of_the_settings_as_they_are_is_marked(store: Any) -> None:
    current = {name: [run.data.tags["pipeline.current"] for run in search(store, name)] for name in ("whole", "twice")}
    assert current["whole"] == ["yes"]
    assert sorted(current["twice"]) == ["no", "yes"]
    older, newer = sorted(search(store, "twice"), key=lambda run: run.info.start_time)
    assert (older.data.tags["pipeline.current"], newer.data.tags["pipeline.current"]) == ("no", "yes")


def test_a_variant_that_is_gone_is_no_longer_marked(store: Any) -> None:
    assert find(store, "removed").data.tags["pipeline.current"] == "no"
    assert find(store, "made").data.tags["pipeline.current"] == "yes", "published after the others were retired"


def test_a_run_made_from_results_took_as_long_as_the_training(store: Any) -> None:
    run = find(store, "made")
    assert run.info.end_time - run.info.start_time == pytest.approx(7500, abs=1)


def test_a_run_that_was_never_made_is_filled_from_the_history(store: Any) -> None:
    assert find(store, "made").data.metrics == {"train/loss": 0.5, "validation/accuracy": 0.7}


def test_start_makes_a_new_run_when_the_one_before_finished(store: Any) -> None:
    assert [run.info.status for run in search(store, "twice")] == ["FINISHED", "FINISHED"]


def test_a_finished_run_is_continued_if_its_stage_was_killed_after_it(store: Any) -> None:
    run = find(store, "over")
    assert run.info.status == "FINISHED"
    assert run.data.metrics["train/loss"] == 0.5


def test_images_tables_and_files(store: Any) -> None:
    client, _ = store
    run_id = find(store, "whole").info.run_id
    assert {"report.html", "words.json", "images"} <= {file.path for file in client.list_artifacts(run_id)}
    pictures = [file.path for file in client.list_artifacts(run_id, "images") if file.path.endswith(".png")]
    assert sorted(re.split("[%+]", path)[2] for path in pictures) == ["1", "2"]
    table = json.loads(Path(client.download_artifacts(run_id, "words.json")).read_text())
    assert table == {"columns": ["rank", "word"], "data": [["01", "fine"]]}
    assert json.loads(find(store, "whole").data.tags["mlflow.loggedArtifacts"])[0]["type"] == "table"


def test_datasets(store: Any) -> None:
    (used,) = find(store, "whole").inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, json.loads(used.dataset.profile)) == ("demo", "d1", {"rows": 3})
    assert [tag.value for tag in used.tags] == ["training"]


def test_the_store_lies_under_dvc_root(store: Any, root: Path, elsewhere: Path) -> None:
    assert find(store, "whole").info.artifact_uri.startswith((root / "mlruns" / "demo").as_uri())
    assert (root / "mlflow.db").exists()
    assert sorted(path.name for path in elsewhere.iterdir()) == ["report.html"]


def test_views_and_note_are_on_the_experiment(store: Any) -> None:
    client, errors = store
    experiment = client.get_experiment_by_name("demo")
    assert {"mlflow.sharedViewState.runs", "mlflow.sharedViewState.groups"} <= experiment.tags.keys()
    assert f"#/experiments/{experiment.experiment_id}/runs" in experiment.tags["mlflow.note.content"]
    assert errors.count("http://127.0.0.1:5000/#/experiments/") == errors.count("\n") - 1 == 6, errors
    assert errors.startswith("Results are in MLflow: `make ui`"), "what to do comes before where to look"


def test_the_link_of_a_dvc_experiment_leads_to_its_runs(store: Any) -> None:
    client, errors = store
    (address,) = re.findall(r"MLflow runs of tidy-gnu: \S+\?searchFilter=(\S+)", errors)
    found = client.search_runs([client.get_experiment_by_name("demo").experiment_id], unquote(address))
    assert {"whole seed 0", "made seed 0", "failed seed 0"} <= {run.info.run_name for run in found}


def test_a_killed_run_is_continued_and_one_whose_recorder_was_killed_too_is_ended(
    store: Any, stage: Any, elsewhere: Path, root: Path
) -> None:
    gone = stage(KILLED.replace('run("killed")', 'run("gone")'), elsewhere, {"DVC_ROOT": str(root)})
    while not search(store, "gone"):
        assert gone.poll() is None
        time.sleep(0.2)
    (recorder,) = psutil.Process(gone.pid).children()
    for process in (recorder, gone):
        process.kill()
    gone.communicate(timeout=100)
    assert find(store, "gone").info.status == "RUNNING"
    process = stage(CONTINUED, elsewhere, {"DVC_ROOT": str(root)})
    assert process.communicate(timeout=100)[1] == ""
    assert find(store, "gone").info.status == "KILLED"
    run = find(store, "killed")
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"train/loss": 1.0})


def test_two_stages_may_be_the_first_to_use_a_store(early: Any, new_root: Path, open_store: Any) -> None:
    assert [early[name].communicate(timeout=100)[1] for name in ("one", "two")] == ["", ""]
    client = open_store(new_root)
    runs = client.search_runs([client.get_experiment_by_name("demo").experiment_id])
    assert sorted(run.data.tags["variant"] for run in runs) == ["one", "same", "two"]


def test_two_stages_that_publish_the_same_at_once_publish_it_once(early: Any, new_root: Path, open_store: Any) -> None:
    client = open_store(new_root)
    (run,) = client.search_runs([client.get_experiment_by_name("demo").experiment_id], "tags.variant = 'same'")
    assert [point.step for point in client.get_metric_history(run.info.run_id, "train/loss")] == list(range(1, 21))


@pytest.mark.parametrize(
    ("server", "address", "cause"), [("unreachable", "http://127.0.0.1:9", "refused"), ("broken", "http://", "500")]
)
def test_a_server_that_is_away_or_broken_costs_one_warning_with_the_next_step(
    early: Any, server: str, address: str, cause: str
) -> None:
    process = early[server]
    errors = process.communicate(timeout=100)[1]
    assert process.returncode == 0
    assert errors.count("warning:") == 1
    assert f"MLFLOW_TRACKING_URI (now {address}" in errors
    assert cause in errors
    assert "dvc repro --single-item --force compare@demo" in errors


def test_all_stages_of_a_run_warn_once_and_the_last_says_again_what_to_do(early: Any) -> None:
    warning, *reminder = early["several"].communicate(timeout=100)[1].split("MLflow has not got all of these results.")
    assert warning.count("warning:") == 1
    assert len(reminder) == 1
    for said in (warning, *reminder):
        assert "dvc repro --single-item --force compare@demo" in said


def test_a_recorder_that_dies_costs_one_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    start: Callable[..., Any] = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **settings: start(["true"], **settings))
    with Tracker("compare@demo", tmp_path) as tracker:
        time.sleep(0.5)
        for _ in range(3):
            tracker.start(Run("demo", "name", "variant", "f"))
    assert capfd.readouterr().err.count("warning:") == 1

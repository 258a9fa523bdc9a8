"""The saved views, in MLflow's internal format."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow")


def decoded(text: str) -> dict[str, Any]:
    assert text.startswith("deflate;")
    return json.loads(zlib.decompress(base64.b64decode(text.removeprefix("deflate;"))))


@pytest.mark.parametrize(
    ("key", "role"), [("runs", "variant"), ("groups", "variant"), ("focus", "variant"), ("sweep", "sweep")]
)
def test_a_view_is_written_as_mlflow_reads_it(key: str, role: str) -> None:
    from pipeline.tracking import views

    state = decoded(views.encode(views.states()[key]))
    order = ("metrics.`test/entropy_normalised`", True) if key == "focus" else ("metrics.`test/accuracy`", False)
    assert (state["orderByKey"], state["orderByAsc"]) == order
    assert state["searchFilter"].startswith(f"tags.`pipeline.role` = '{role}' and ")
    grouped = [{"mode": "param", "groupByData": "variant"}]
    assert state.get("groupBy", {}).get("groupByKeys") == (grouped if key == "groups" else None)
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} <= sections
    identities = [chart["uuid"] for chart in state["compareRunCharts"]]
    assert len(identities) == len(set(identities))


def charts(key: str, states: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {chart["uuid"]: chart for chart in states[key]["compareRunCharts"]}


def test_quantiles_and_pictures_are_drawn_for_single_runs_alone() -> None:
    """MLflow adds a chart of its own for a metric that has none, so a chart that is not wanted is marked as deleted."""
    from pipeline.tracking import views

    quantiles, picture = "LINE attention/entropy_p05", "IMAGE entropy_histogram"
    runs, groups = (charts(key, views.states()) for key in ("runs", "groups"))
    assert len(runs[quantiles]["selectedMetricKeys"]) == 5
    assert [uuid for uuid in runs if runs[uuid]["deleted"] != groups[uuid]["deleted"]] == [quantiles, picture]
    assert groups[quantiles]["deleted"]
    assert groups[picture]["deleted"]


def test_the_accuracy_of_groups_begins_at_chance_unless_a_run_is_worse(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from pipeline.tracking import views

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    made = client.create_experiment("demo")

    def ranges() -> list[dict[str, float]]:
        views.save(client, client.get_experiment(made))
        tags = client.get_experiment(made).tags
        states = {key: decoded(tags[f"mlflow.sharedViewState.{key}"]) for key in ("groups", "runs")}
        return [charts(key, states)["LINE validation/accuracy"]["range"] for key in states]

    assert ranges() == [{"yMin": 0.5, "yMax": 1.0}, {}]
    for current, accuracy, lowest in (("yes", 0.6, 0.5), ("no", 0.1, 0.5), ("yes", 0.3, 0.0)):
        run = client.create_run(made, tags={"pipeline.role": "variant", "pipeline.current": current})
        client.log_metric(run.info.run_id, "validation/accuracy", accuracy)
        assert ranges() == [{"yMin": lowest, "yMax": 1.0}, {}]


def test_the_pictures_open_at_the_last_epoch_that_all_runs_have(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from pipeline.tracking import views

    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    made = client.create_experiment("demo")

    def opens_at() -> int:
        views.save(client, client.get_experiment(made))
        (picture,) = decoded(client.get_experiment(made).tags["mlflow.sharedViewState.focus"])["compareRunCharts"]
        return picture["step"]

    assert opens_at() == 1
    tags = {"pipeline.role": "variant", "mlflow.loggedImages": "True"}
    for current, epochs, last in (("yes", 8, 8), ("yes", 5, 5), ("no", 3, 5)):
        run = client.create_run(made, tags={**tags, "pipeline.current": current})
        client.log_param(run.info.run_id, "query", "global")
        for epoch in range(1, epochs + 1):
            client.log_metric(run.info.run_id, "attention/entropy_mean", 2.0, step=epoch)
        assert opens_at() == last


def test_a_view_that_cannot_be_written_costs_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run
    from mlflow.store.entities import PagedList

    from pipeline.tracking import views

    class Refusing(MlflowClient):
        def __init__(self) -> None:
            pass

        def search_runs(self, *_: object, **__: object) -> PagedList[Run]:
            return PagedList([], None)

        def set_experiment_tag(self, experiment_id: str, key: str, value: object) -> None:
            raise OSError("no: http://me:secret@host/\nand more")

        def get_experiment(self, experiment_id: str) -> Experiment:
            if away:
                raise OSError("away")
            return experiment

    away, experiment = False, Experiment("1", "demo", "", "active")
    views.save(Refusing(), experiment)
    assert capsys.readouterr().err == "warning: the saved views of MLflow were not written: no: http://***@host/\n"
    away = True
    with pytest.raises(OSError, match="away"):
        views.save(Refusing(), experiment)
    assert capsys.readouterr().err == "", "the recorder warns of it, once"

"""The saved views, in MLflow's internal format."""

import base64
import json
import zlib

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow")


@pytest.mark.parametrize(
    ("key", "role"), [("runs", "variant"), ("groups", "variant"), ("focus", "variant"), ("sweep", "sweep")]
)
def test_a_view_is_written_as_mlflow_reads_it(key: str, role: str) -> None:
    from pipeline.tracking import views

    text = views.encode(views.states()[key])
    assert text.startswith("deflate;")
    state = json.loads(zlib.decompress(base64.b64decode(text.removeprefix("deflate;"))))
    order = ("metrics.`test/entropy_normalised`", True) if key == "focus" else ("metrics.`test/accuracy`", False)
    assert (state["orderByKey"], state["orderByAsc"]) == order
    assert state["searchFilter"].startswith(f"tags.`pipeline.role` = '{role}' and ")
    grouped = [{"mode": "param", "groupByData": "variant"}]
    assert state.get("groupBy", {}).get("groupByKeys") == (grouped if key == "groups" else None)
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} <= sections
    identities = [chart["uuid"] for chart in state["compareRunCharts"]]
    assert len(identities) == len(set(identities))


def test_the_first_line_of_the_note_leads_to_every_view() -> None:
    """MLflow shows that line alone until one opens the rest."""
    from pipeline.tracking import note, views

    first, *rest = note.text("demo", "7").splitlines()
    assert [name for name in views.LINKS if f"[{name}]({views.link('7', name)})" not in first] == []
    assert "on the `demo` corpus" in rest[1]


def test_a_view_that_cannot_be_written_costs_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

    from pipeline.tracking import views

    class Refusing(MlflowClient):
        def __init__(self) -> None:
            pass

        def set_experiment_tag(self, experiment_id: str, key: str, value: object) -> None:
            raise OSError("no")

    views.save(Refusing(), Experiment("1", "demo", "", "active"))
    assert capsys.readouterr().err == "warning: the saved views of MLflow were not written: no\n"

"""The links of an experiment's description."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mlflow import MlflowClient

pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow")
NOTE = "mlflow.note.content"


@pytest.fixture
def client(tmp_path: Path) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


def test_the_first_line_of_the_note_leads_to_every_view_and_to_the_report_of_today(
    client: "MlflowClient", tmp_path: Path
) -> None:
    from pipeline.tracking import links, note

    made = client.create_experiment("demo", artifact_location=(tmp_path / "runs").as_uri())
    note.write(client, made)
    first, *rest = client.get_experiment(made).tags[NOTE].splitlines()
    assert [name for name, address in links.to_views(made).items() if f"[{name}]({address})" not in first] == []
    assert "report" not in first
    assert "on the `demo` corpus" in rest[1]
    runs = {}
    for current in ("yes", "no"):
        runs[current] = client.create_run(made, tags={"pipeline.role": "comparison", "pipeline.current": current})
        client.log_text(runs[current].info.run_id, "<p>it</p>", "demo.html")
    note.write(client, made)
    first, *same = client.get_experiment(made).tags[NOTE].splitlines()
    page = f"#/experiments/{made}/runs/{runs['yes'].info.run_id}/artifacts/demo.html"
    assert f"[report]({page}?" in first
    assert first.count("[report]") == 1
    assert same == rest


def test_what_somebody_wrote_stays(client: "MlflowClient") -> None:
    from pipeline.tracking import note

    made = client.create_experiment("demo", tags={NOTE: "My runs.\nViews: none"})
    note.write(client, made)
    assert client.get_experiment(made).tags[NOTE] == "My runs.\nViews: none"

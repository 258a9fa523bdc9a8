"""Where to look in MLflow: the addresses of an experiment's saved views and of its report, relative to the server's."""

import os
import sys
from urllib.parse import quote, urlencode

from mlflow import MlflowClient

from pipeline.printable import without_credentials
from pipeline.tracking import views
from pipeline.tracking.provenance import EXPERIMENT
from pipeline.tracking.run import COMPARISON

VIEWS = {
    "table": (views.RUNS, "TABLE"),
    "charts": (views.RUNS, "CHART"),
    "charts by variant": (views.GROUPS, "CHART"),
    "entropy histograms": (views.FOCUS, "CHART"),
    "top words": (views.FOCUS, "ARTIFACT"),
    "entropy sweep": (views.SWEPT, "CHART"),
}
_CLASSICAL = "workflowType=machine_learning"  # else MLflow may show the menu that it has for language models


def to_views(experiment_id: str) -> dict[str, str]:
    """Addresses by name."""
    start = f"#/experiments/{experiment_id}/runs?{_CLASSICAL}"
    return {name: f"{start}&viewStateShareKey={key}&compareRunsMode={mode}" for name, (key, mode) in VIEWS.items()}


def to_report(client: MlflowClient, experiment_id: str) -> dict[str, str]:
    """The page that today's comparison holds, if there is one; no saved view shows it: they compare tables alone."""
    for run in client.search_runs([experiment_id], views.current(COMPARISON), max_results=1):
        for file in client.list_artifacts(run.info.run_id):
            if file.path.endswith(".html"):
                page = f"#/experiments/{experiment_id}/runs/{run.info.run_id}/artifacts/{quote(file.path)}"
                return {"report": f"{page}?{_CLASSICAL}"}
    return {}


def print_all(client: MlflowClient, experiment_id: str, tried: str | None) -> None:
    """Print where to look, on stderr, last of all; a view that would have no run is left out.

    Args:
        client: Of the store.
        experiment_id: Of the corpus.
        tried: Name of the DVC experiment that goes on; its runs are a view of their own.
    """
    shown = {
        name: address
        for name, address in to_views(experiment_id).items()
        if client.search_runs([experiment_id], views.filter_of(VIEWS[name][0]), max_results=1)
    } | to_report(client, experiment_id)
    if tried:
        query = urlencode({"searchFilter": f"tags.`{EXPERIMENT}` = '{tried}'"}, quote_via=quote)
        shown[f"runs of {tried}"] = f"#/experiments/{experiment_id}/runs?{query}"
    uri = without_credentials(os.environ["MLFLOW_TRACKING_URI"]).replace("***@", "")
    server = uri.rstrip("/") if uri.startswith("http") else "http://127.0.0.1:5000"
    if shown:
        print("Results are in MLflow: `make ui`, then open one of", file=sys.stderr, flush=True)
    for name, address in shown.items():
        print(f"MLflow {name}: {server}/{address}", file=sys.stderr, flush=True)

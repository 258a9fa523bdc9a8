"""The runs of the small project as the MLflow UI shows them, in a real browser: saved views, and what a run holds."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, DRIVER, headless
from mlflow import MlflowClient
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from small_project import VARIANTS, Project

from chaos.stores import Server, free_port
from pipeline.tracking import views

CELLS = """
const cells = {}
for (const row of document.querySelectorAll('.ag-row'))
  for (const cell of row.querySelectorAll('.ag-cell'))
    (cells[row.getAttribute('row-index')] ??= {})[cell.getAttribute('col-id')] = cell.innerText
return Object.values(cells)
"""
OF_MLFLOW = (
    "/ajax-api/2.0/mlflow/users/current - ",  # its page asks who one is; without accounts the answer is 404
    "ResizeObserver loop completed with undelivered notifications",  # the browser drew a frame later
)
BODY = "return document.body.innerText"

pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="needs chromium and chromedriver: that MLflow shows the views is not proven",
    ),
    pytest.mark.filterwarnings("ignore::Warning:mlflow", "ignore::Warning:alembic", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def client(project: Project, tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    """A copy of the store: a server may write to it."""
    store = shutil.copy(project.root / "mlflow.db", tmp_path_factory.mktemp("ui"))
    return MlflowClient(f"sqlite:///{store}")


@pytest.fixture(scope="module")
def experiment(client: MlflowClient) -> str:
    return str(client.get_experiment_by_name("demo").experiment_id)


@pytest.fixture(scope="module")
def address(client: MlflowClient) -> Iterator[str]:
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ALLOWED_HOSTS": f"127.0.0.1:{port}"}
    server = Server(Path(client.tracking_uri.removeprefix("sqlite:///")).parent, port, environment)
    server.start()
    yield f"http://127.0.0.1:{port}/"
    server.kill()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless(tmp_path_factory.mktemp("profile")) as driver:
        driver.set_window_size(2200, 800)  # the table draws only the columns that fit
        driver.set_script_timeout(120)  # drawing a dozen charts may hold the page up for longer than the usual 30 s
        yield driver


@pytest.fixture
def chrome(browser: Chrome) -> Iterator[Chrome]:
    yield browser
    severe = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert [message for message in severe if not any(known in message for known in OF_MLFLOW)] == []


def wait_for(chrome: Chrome, *texts: str) -> str:
    """What the page says, once it says all of these."""
    WebDriverWait(chrome, 60).until(lambda page: all(text in page.execute_script(BODY) for text in texts))
    return str(chrome.execute_script(BODY))


def test_the_table_has_the_variants_and_their_accuracy_best_first(
    chrome: Chrome, client: MlflowClient, address: str, experiment: str
) -> None:
    chrome.get(address + views.link(experiment, "table"))
    wait_for(chrome, "matching runs", "test/accuracy", "tfidf seed 0")
    rows = chrome.execute_script(CELLS)
    assert {row["params.`variant`"] for row in rows} == set(VARIANTS)
    shown = [float(row["metrics.`test/accuracy`"]) for row in rows]
    runs = client.search_runs([experiment], "tags.`pipeline.role` = 'variant' and tags.`pipeline.current` = 'yes'")
    logged = sorted((run.data.metrics["test/accuracy"] for run in runs), reverse=True)
    assert shown == pytest.approx(logged, abs=1e-5)


def test_the_charts_of_the_groups_have_no_empty_card(chrome: Chrome, address: str, experiment: str) -> None:
    chrome.get(address + views.link(experiment, "charts by variant"))
    said = wait_for(chrome, "Group: lstm_attention", "meaning\n(4)")
    assert "attention\n(2)" in said, "the curves, and no picture: a group has none"
    assert "No images found" not in said


def test_a_run_holds_its_words_and_its_entropy(
    chrome: Chrome, client: MlflowClient, address: str, experiment: str
) -> None:
    (run,) = client.search_runs([experiment], "attributes.run_name = 'attention seed 0'")
    chrome.get(f"{address}#/experiments/{experiment}/runs/{run.info.run_id}/artifacts")
    wait_for(chrome, "entropy_histogram.png", "entropy_by_epoch.png", "top_words.csv", "top_words.json")
    chrome.find_element(By.XPATH, "//*[text()='entropy_histogram.png']").click()
    picture = "return [...document.images].some((image) => image.src.startsWith('blob:') && image.naturalWidth > 100)"
    WebDriverWait(chrome, 60).until(lambda page: page.execute_script(picture))

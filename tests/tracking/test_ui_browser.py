"""The runs of the small project as the MLflow UI shows them, in a real browser: every link, and what a run holds."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from attacked_pages import attacked_examples, attacked_report
from browser import ATTACKS, CHROMIUM, DRIVER, headless
from mlflow import MlflowClient
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from small_project import VARIANTS, Project

from chaos.stores import Server, free_port
from pipeline.evaluation.word_table import write_words
from pipeline.tracking import links

METRICS = [f"metrics.`test/{name}`" for name in ("accuracy", "entropy_nats", "entropy_normalised")]
HEADINGS = """
document.querySelector('[data-component-id="mlflow.assistant.chat_panel.close"]')?.click()  // open the first time
return [...document.querySelectorAll('.ag-header-cell')]
  .map((cell) => [cell.getBoundingClientRect(), cell.getAttribute('col-id')])
  .filter(([box]) => box.width && box.right <= document.querySelector('.ag-root').getBoundingClientRect().right)
  .sort(([one], [other]) => one.left - other.left)  // as one reads them, not as they were drawn
  .map(([, id]) => id).filter((id) => id.startsWith('params') || id.startsWith('metrics')).slice(0, 5)
"""
CELLS = """
const cells = {}
for (const row of document.querySelectorAll('.ag-row'))
  for (const cell of row.querySelectorAll('.ag-cell'))
    (cells[row.getAttribute('row-index')] ??= {})[cell.getAttribute('col-id')] = cell.innerText
return Object.values(cells)
"""
PICTURES = (
    "return [...document.images].filter(({src, naturalWidth}) => src.includes('run_uuid') && naturalWidth).length"
)
AXES = "return [...document.querySelectorAll('.parcoords .label')].map((label) => label.textContent).slice(1)"
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
        driver.set_window_size(1500, 900)
        driver.set_script_timeout(120)  # drawing a dozen charts may hold the page up for longer than the usual 30 s
        yield driver


@pytest.fixture
def chrome(browser: Chrome) -> Iterator[Chrome]:
    yield browser
    severe = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert [message for message in severe if not any(known in message for known in OF_MLFLOW)] == []


def wait_for(chrome: Chrome, *texts: str) -> str:
    """What the page says, once it says all of these."""
    WebDriverWait(chrome, 120).until(lambda page: all(text in page.execute_script(BODY) for text in texts))
    return str(chrome.execute_script(BODY))


def wait_until(chrome: Chrome, script: str, expected: object) -> None:
    """Waits until a script returns what is expected."""
    WebDriverWait(chrome, 120).until(lambda page: page.execute_script(script) == expected)


def has_the_table(chrome: Chrome) -> None:
    wait_for(chrome, "matching runs", "test/accuracy", "tfidf seed 0")
    wait_until(chrome, HEADINGS, ["params.`variant`", "params.`seed`", *METRICS])
    assert {row["params.`variant`"] for row in chrome.execute_script(CELLS)} == set(VARIANTS)


def has_curves_of_runs(chrome: Chrome) -> None:
    wait_for(chrome, "results\n(3)", "learning\n(3)", "attention\n(4)", "meaning\n(4)")


def has_curves_of_variants_and_no_empty_card(chrome: Chrome) -> None:
    said = wait_for(chrome, "Group: lstm_attention", "results\n(3)", "learning\n(3)", "meaning\n(4)")
    assert "attention\n(2)" in said, "the curves, and no picture: a group has none"
    assert "No images found" not in said


def has_a_picture_of_each_variant_at_the_last_epoch(chrome: Chrome) -> None:
    wait_until(chrome, PICTURES, len([name for name in VARIANTS if "attention" in name]))
    assert chrome.find_element(By.CSS_SELECTOR, "[role=slider]").get_attribute("aria-valuenow") == "2"


def has_words_side_by_side(chrome: Chrome) -> None:
    wait_for(chrome, "top_words.json", "Group by:\nrank", "Compare:\nword", "\n01.\n", "\n02.\n")


def has_an_axis_for_each_number(chrome: Chrome) -> None:
    """After the first one, which is the weight: names of variants stand left of their axis, the first has no room."""
    wait_until(chrome, AXES, ["variant", "test/entropy_nats", "test/accuracy"])


def has_the_report(chrome: Chrome) -> None:
    WebDriverWait(chrome, 120).until(lambda page: page.find_elements(By.TAG_NAME, "iframe"))
    chrome.switch_to.frame(chrome.find_element(By.TAG_NAME, "iframe"))
    WebDriverWait(chrome, 120).until(lambda page: "Attention on demo" in page.execute_script(BODY))
    assert len(chrome.find_elements(By.CSS_SELECTOR, "#comparison tbody tr")) == len(VARIANTS)
    chrome.switch_to.default_content()


HAS: dict[str, Callable[[Chrome], None]] = {
    "table": has_the_table,
    "charts": has_curves_of_runs,
    "charts by variant": has_curves_of_variants_and_no_empty_card,
    "entropy histograms": has_a_picture_of_each_variant_at_the_last_epoch,
    "top words": has_words_side_by_side,
    "entropy sweep": has_an_axis_for_each_number,
    "report": has_the_report,
}


def test_every_link_is_followed(client: MlflowClient, experiment: str) -> None:
    assert HAS.keys() == (links.to_views(experiment) | links.to_report(client, experiment)).keys()


@pytest.mark.parametrize("name", HAS)
def test_a_link_shows_what_it_says(
    chrome: Chrome, client: MlflowClient, address: str, experiment: str, name: str
) -> None:
    addresses = links.to_views(experiment) | links.to_report(client, experiment)
    chrome.get(address + addresses[name])
    HAS[name](chrome)


def test_the_table_has_the_best_first(chrome: Chrome, client: MlflowClient, address: str, experiment: str) -> None:
    chrome.get(address + links.to_views(experiment)["table"])
    wait_for(chrome, "matching runs", "test/accuracy", "tfidf seed 0")
    shown = [float(row["metrics.`test/accuracy`"]) for row in chrome.execute_script(CELLS)]
    runs = client.search_runs([experiment], "tags.`pipeline.role` = 'variant' and tags.`pipeline.current` = 'yes'")
    logged = sorted((run.data.metrics["test/accuracy"] for run in runs), reverse=True)
    assert shown == pytest.approx(logged, abs=1e-5)


def test_a_run_holds_its_words_and_its_entropy(
    chrome: Chrome, client: MlflowClient, address: str, experiment: str
) -> None:
    (run,) = client.search_runs([experiment], "attributes.run_name = 'attention seed 0'")
    chrome.get(f"{address}#/experiments/{experiment}/runs/{run.info.run_id}/artifacts")
    wait_for(chrome, "entropy_histogram.png", "entropy_by_epoch.png", "top_words.csv", "top_words.json")
    chrome.find_element(By.XPATH, "//*[text()='entropy_histogram.png']").click()
    picture = "return [...document.images].some((image) => image.src.startsWith('blob:') && image.naturalWidth > 100)"
    WebDriverWait(chrome, 120).until(lambda page: page.execute_script(picture))


@pytest.fixture(scope="module")
def attacked(client: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where a run stands whose artifacts, and all else that MLflow is told of texts, are attacks."""
    folder = tmp_path_factory.mktemp("attacked")
    experiment = client.create_experiment("attacked", artifact_location=(folder / "artifacts").as_uri())
    run = client.create_run(experiment, run_name=ATTACKS[0])
    words = pd.DataFrame({"word": ATTACKS, "rank": range(len(ATTACKS)), "value": ATTACKS})
    write_words(words, folder / "top_words.csv")
    client.log_artifact(run.info.run_id, str(folder / "top_words.csv"))
    client.log_table(run.info.run_id, words, "top_words.json")
    client.log_text(run.info.run_id, attacked_examples(), "examples.html")
    client.log_text(run.info.run_id, attacked_report(), "report.html")
    for place, attack in enumerate(ATTACKS):
        client.log_param(run.info.run_id, f"class_{place}", attack)
    return f"#/experiments/{experiment}/runs/{run.info.run_id}"


@pytest.mark.parametrize(
    ("part", "framed"),
    [
        ("", False),
        ("/artifacts/top_words.csv", False),
        ("/artifacts/top_words.json", False),
        ("/artifacts/examples.html", True),
        ("/artifacts/report.html", True),
    ],
)
def test_mlflow_runs_nothing_of_a_review(chrome: Chrome, address: str, attacked: str, part: str, framed: bool) -> None:
    chrome.get("about:blank")  # from one artifact to the next by address alone MLflow stays at the first
    chrome.get(f"{address}{attacked}{part}")
    if framed:
        WebDriverWait(chrome, 120).until(lambda page: page.find_elements(By.TAG_NAME, "iframe"))
        chrome.switch_to.frame(chrome.find_element(By.TAG_NAME, "iframe"))
    wait_for(chrome, ATTACKS[0], ATTACKS[2])
    assert chrome.execute_script("return window.ran === undefined")
    assert chrome.execute_script("return document.querySelectorAll('img[src=\"x\"], base, [onload]').length") == 0
    chrome.switch_to.default_content()
    assert chrome.execute_script("return window.ran === undefined")

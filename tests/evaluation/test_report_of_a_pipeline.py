"""The report that the small project made, in a real browser: what it holds, and that it asks no network."""

from collections.abc import Iterator

import pytest
from browser import CHROMIUM, DRIVER, choose, click, first_notes, headless, requests, texts
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from small_project import VARIANTS as SMALL
from small_project import Project

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="needs chromium and chromedriver: that the page of a pipeline works is not proven",
)


@pytest.fixture
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless(tmp_path_factory.mktemp("profile"), watch_network=True) as driver:
        driver.get("about:blank")
        requests(driver)  # those of the browser's own first page
        yield driver


def test_the_page_of_a_pipeline_works(chrome: Chrome, project: Project) -> None:
    path = project.root / "reports/demo.html"
    assert path.stat().st_size < 5_000_000
    chrome.get(path.as_uri())
    for box in chrome.find_elements(By.CSS_SELECTOR, "#variants input:checked"):
        box.click()
    for name in ("attention", "lstm_attention"):
        click(chrome, f"#variants [value={name}]")
    assert texts(chrome, "#reading h3") == ["attention", "lstm_attention"]
    choose(chrome, "#order", "disagreement of the answers")
    values = [float(note) for note in first_notes(chrome)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 1
    choose(chrome, "#order", "their order")
    kinds = first_notes(chrome)
    assert kinds == ["fixed"] * 6 + ["mistake"] * (len(kinds) - 6)
    Select(chrome.find_element(By.ID, "review")).select_by_index(len(kinds) - 1)
    assert len(texts(chrome, "#reading .words")) == 2, "a mistake of one stands beside the answer of another"
    assert len(texts(chrome, "#comparison tbody tr")) == len(SMALL)
    assert chrome.get_log("browser") == []
    asked = requests(chrome)
    assert path.as_uri() in asked
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []

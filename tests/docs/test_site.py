"""The pages of docs/ as the site that MkDocs makes of them, in a real browser: no error, no network, any width."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import headless, requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).parents[2]
PAGES = sorted(str(page.relative_to(ROOT / "docs").with_suffix("")) for page in ROOT.glob("docs/**/*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
    return folder


def test_links_out_of_docs_lead_to_the_source_and_the_figures(site: Path) -> None:
    page = (site / "course/learned-query.html").read_text("utf-8")
    assert 'href="../source/pipeline/models/queries.py.html"' in page
    assert 'src="../results/imdb/entropy.png"' in page
    assert "GlobalQuery" in (site / "source/pipeline/models/queries.py.html").read_text("utf-8")
    assert (site / "results/imdb/entropy.png").read_bytes() == (ROOT / "results/imdb/entropy.png").read_bytes()
    assert (site / "source/benchmarks/results.csv.html").exists(), "linked from scale.md"


def test_no_equation_is_left_as_tex(site: Path) -> None:
    for page in (site / "course").glob("*.html"):
        text = page.read_text("utf-8")
        assert text.count("<math") > 1
        assert not [trace for trace in ("\\mathbf", "\\hat", "\\(", "$$", "arithmatex") if trace in text]


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless(tmp_path_factory.mktemp("profile"), watch_network=True) as driver:
        driver.get("about:blank")
        requests(driver)  # those of the browser's own first page
        yield driver


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs Chromium and chromedriver")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_by_itself_in_light_and_dark_and_fits_a_phone(chrome: Chrome, site: Path, page: str) -> None:
    inks = set()
    for width, scheme in ((390, "light"), (1250, "dark")):
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        chrome.get((site / f"{page}.html").as_uri())
        assert chrome.execute_script("return document.documentElement.scrollWidth") <= width
        inks.add(chrome.find_element(By.TAG_NAME, "h1").value_of_css_property("color"))
    assert len(inks) == 2, "dark looks like light"
    assert chrome.get_log("browser") == []
    asked = requests(chrome)
    assert asked
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs Chromium and chromedriver")
def test_search_finds_a_page_without_a_server(chrome: Chrome, site: Path) -> None:
    chrome.get((site / "index.html").as_uri())
    chrome.execute_script("document.querySelector('#__search').click()")
    chrome.find_element(By.CSS_SELECTOR, "[data-md-component=search-query]").send_keys("entropic criterion")
    found = WebDriverWait(chrome, 10).until(
        lambda driver: [one.text for one in driver.find_elements(By.CSS_SELECTOR, ".md-search-result__link h1")]
    )
    assert "5. Entropy" in found

"""A headless Chromium for the tests of pages, and what would run in a page that does not escape it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)

RUN = "window.ran=true"
ATTACKS = [
    *(f"<script>{RUN}</script>", f"</script><script>{RUN}</script>", f"<img src=x onerror={RUN}>"),
    *(f"<svg onload={RUN}>", f"</title><script>{RUN}</script>", f"</style><script>{RUN}</script>"),
    *(f'"onmouseover="{RUN}', f"'onfocus='{RUN}", "<iframe srcdoc='<script>parent.ran=true</script>'>", "\u202e"),
    *(f"<a href=javascript:{RUN}>", "<!--<script>", "]]>", "\0", "{{7*7}}", "${7*7}", "<base href=//x>"),
]


@contextmanager
def headless(profile: Path, *, watch_network: bool = False) -> Iterator[Chrome]:
    """The browser, with a log of its console, and of its requests if wanted."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", **({"performance": "ALL"} if watch_network else {})})
    driver = Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def requests(driver: Chrome) -> list[str]:
    """Addresses that pages have asked for since the last call, in a browser whose network is watched."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]


def texts(page: Chrome, selector: str) -> list[str]:
    """What the elements say that are shown."""
    return [found.text for found in page.find_elements(By.CSS_SELECTOR, selector) if found.is_displayed()]


def click(page: Chrome, selector: str) -> None:
    """Clicks the first element."""
    page.find_element(By.CSS_SELECTOR, selector).click()


def choose(page: Chrome, selector: str, text: str) -> None:
    """Chooses from a list."""
    Select(page.find_element(By.CSS_SELECTOR, selector)).select_by_visible_text(text)


def press(page: Chrome, selector: str, *keys: str) -> None:
    """Presses keys where the first element is."""
    page.find_element(By.CSS_SELECTOR, selector).send_keys(*keys)


def first_notes(page: Chrome) -> list[str]:
    """How each review of the list begins: the number that it is sorted by, else whether it is a mistake."""
    return [option.text.split(" · ")[0] for option in Select(page.find_element(By.ID, "review")).options]

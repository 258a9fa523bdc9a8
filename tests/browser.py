"""A headless Chromium for the tests of pages, and what would run in a page that does not escape it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

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

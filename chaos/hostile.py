"""Bad downloads and hostile inputs: the tests of them, counted; the pages need Chromium, and fail without it."""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from chaos.row import Row
from tests.browser import ATTACKS
from tests.small_project import ROOT

TESTS = {
    "servers that refuse, reset, crawl, lie or end half-way; sources with something else; disks that are full": (
        "tests/data/test_download.py",
        "tests/data/test_sources.py",
        "tests/data/test_bad_sources.py",
        "tests/stages/test_full_disk.py",
    ),
    "hostile or damaged archives and word vectors": (
        "tests/data/test_imdb.py",
        "tests/data/test_glove.py",
        "tests/data/test_own_vectors.py",
    ),
    "hostile texts and tables: read, tokenised, shown on a terminal, written for a spreadsheet": (
        "tests/data/test_hostile_texts.py",
        "tests/data/test_own_reviews.py",
        "tests/data/test_own_table.py",
        "tests/stages/test_hostile_corpus.py",
        "tests/evaluation/test_reading.py",
        "tests/evaluation/test_word_table.py",
    ),
    "files of results, models and tensors that are damaged or of another version": (
        "tests/test_damaged_files.py",
        "tests/test_formats.py",
    ),
}
PAGES = {
    "kinds of page": "tests/evaluation/test_report_browser.py::test_a_page_runs_nothing_of_a_review",
    "pages of MLflow": "tests/tracking/test_ui_browser.py::test_mlflow_runs_nothing_of_a_review",
}
SEEN = "tests/evaluation/test_report_browser.py::test_what_is_not_escaped_would_be_seen_to_run"


def main() -> list[Row]:
    """A row for each kind of trouble."""
    rows = []
    for tried, files in TESTS.items():
        passed, other = _counted(*files)
        held = f"as it should: {passed}" + (f"; not: {other}" if other else "")
        rows.append(Row(f"tests of {tried}", passed + other, held, failed=bool(other) or not passed))
    seen, _ = _counted(SEEN)
    return [*rows, *(_pages(bool(seen), kind) for kind in PAGES)]


def _pages(seen: bool, kind: str) -> Row:
    """Every attack on every page of a kind, in a browser that was seen to run what is not escaped, or was not."""
    pages, other = _counted(PAGES[kind])
    tried = (
        f"{len(ATTACKS)} attacks in reviews, words, classes and names, on each of {pages + other} {kind}, in Chromium"
    )
    proven = seen and pages > 0 and not other
    held = "none ran" if proven else "not proven: it failed, or there is no chromium or no chromedriver"
    return Row(tried, len(ATTACKS) * pages, held, failed=not proven)


def _counted(*tests: str) -> tuple[int, int]:
    """How many cases passed, and how many failed or were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
        done = subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False)
        if done.returncode not in (0, 1):  # a file or a test that is not there, say: pytest then counts the others
            raise RuntimeError(f"pytest ended with {done.returncode}: {' '.join(tests)}")
        cases = list(ElementTree.parse(report).iter("testcase"))
    wrong = sum(any(child.tag in {"failure", "error", "skipped"} for child in case) for case in cases)
    return len(cases) - wrong, wrong

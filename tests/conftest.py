"""The small project, run once for all that reads it; what earlier commits wrote; and the cases that a property gets."""

import os
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from golden_files import FOLDERS
from hypothesis import settings
from small_project import Project, run_small_project
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("suite", deadline=None, max_examples=60)
settings.register_profile("chaos", deadline=None, max_examples=13_000, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


ASKS = re.compile(r"(def test_\w+|@pytest\.fixture.*\ndef \w+)\([^)]*\bproject: Project")
SMALL_PROJECT = "small project"
LONG = ("test_own.py", "test_text_model.py", "test_tracker.py", "test_separation.py", "test_full_disk.py")


class ByFile(LoadScopeScheduling):
    """Of several processes (-n) one has all tests of a file, and one has all files that read the small project."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(self.config.rootpath / nodeid.partition("::")[0])


@cache
def scope(file: Path) -> str:
    """What runs in one process, in the order of its tests."""
    return SMALL_PROJECT if ASKS.search(file.read_text("utf-8")) else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False  # as they are collected, not those with the most tests first
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what takes longest first, so that no process waits for the other at the end."""
    items.sort(key=lambda item: (scope(item.path) != SMALL_PROJECT, item.path.name not in LONG))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return run_small_project(tmp_path_factory.mktemp("projects") / "small demo")


@pytest.fixture(params=FOLDERS, ids=[path.name for path in FOLDERS])
def golden(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of each folder."""
    return Path(shutil.copytree(request.param, tmp_path / "golden"))

"""The small project, run once for all that reads it; what earlier commits wrote; and the cases that a property gets."""

import os
import re
import shutil
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


class ByFile(LoadScopeScheduling):
    """Of several processes (-n) one has all tests of a file, and one has all files that read the small project."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "small project" if ASKS.search((self.config.rootpath / file).read_text("utf-8")) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return run_small_project(tmp_path_factory.mktemp("projects") / "small demo")


@pytest.fixture(params=FOLDERS, ids=[path.name for path in FOLDERS])
def golden(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of each folder."""
    return Path(shutil.copytree(request.param, tmp_path / "golden"))

"""The small project, run once for all that reads it; what earlier commits wrote; and the cases that a property gets."""

import os
import shutil
from pathlib import Path

import pytest
from golden_files import FOLDERS
from hypothesis import settings
from small_project import Project, run_small_project

settings.register_profile("suite", deadline=None, max_examples=60)
settings.register_profile("chaos", deadline=None, max_examples=13_000, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several processes (-n) one has all tests of a file, or all that read the small project."""
    for item in items:
        shared = "project" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("small project" if shared else item.path.name))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return run_small_project(tmp_path_factory.mktemp("projects") / "small demo")


@pytest.fixture(params=FOLDERS, ids=[path.name for path in FOLDERS])
def golden(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of each folder."""
    return Path(shutil.copytree(request.param, tmp_path / "golden"))

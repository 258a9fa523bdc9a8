"""The small project, run once for all tests that read what it wrote; and how many cases a property is given."""

import os

import pytest
from hypothesis import settings
from small_project import Project, run_small_project

settings.register_profile("suite", deadline=None, max_examples=60)
settings.register_profile("chaos", deadline=None, max_examples=13_000, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return run_small_project(tmp_path_factory.mktemp("projects") / "small demo")

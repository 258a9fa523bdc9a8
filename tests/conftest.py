"""The small project, run once for all tests that read what the pipeline wrote."""

import pytest
from small_project import Project, run_small_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return run_small_project(tmp_path_factory.mktemp("projects") / "small demo")

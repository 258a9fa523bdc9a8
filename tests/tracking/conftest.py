"""A stage to track, and one store for the whole room: a new one costs seconds."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mlflow import MlflowClient

PROJECT = Path(__file__).parents[2]
PREAMBLE = """
import os, signal, sys, time
from pathlib import Path
from pipeline.tracking.run import Run
from pipeline.tracking.tracker import Tracker
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born without it

def run(fingerprint, role="variant"):
    tags = {"variant": fingerprint, "corpus": "demo"}
    params = {"variant": fingerprint, "query": "global", "a": {"b": 1}}
    return Run("demo", fingerprint + " seed 0", role, fingerprint, params, tags)

"""
Stage = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment of a stage that no outer DVC or MLflow reaches into."""
    import os

    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DVC_"))}
    return clean | {"PYTHONPATH": str(PROJECT)}


@pytest.fixture(scope="session")
def stage(environment: dict[str, str]) -> Stage:
    """Starts Python code as a stage; its stderr can be read, or goes where it is told to."""

    def start(
        code: str, cwd: Path, variables: Mapping[str, str] | None = None, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + code],
            cwd=cwd,
            env=environment | dict(variables or {}),
            stderr=stderr,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of the shared store, with what a URL would have to quote in its name."""
    return tmp_path_factory.mktemp("a project")


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is not the root, as in a temporary workspace of DVC."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="session")
def open_store() -> Callable[[Path], "MlflowClient"]:
    """Reads what stages wrote under a root."""

    def open_(root: Path) -> "MlflowClient":
        from mlflow import MlflowClient

        uri = f"sqlite:///{root / 'mlflow.db'}"
        return MlflowClient(uri, registry_uri=uri)  # by default the registry is what MLFLOW_REGISTRY_URI says

    return open_

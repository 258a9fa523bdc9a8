"""The MLflow store: opened once, and its experiments made, by one process at a time."""

import os
from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Experiment

from pipeline.tracking import abandoned, note, palette, views

LOCK_SECONDS = 120.0


class Store:
    """A tracking store in ``MLFLOW_TRACKING_URI``.

    Everything that must not be done by two processes at once happens under a file lock: the first use of a new
    SQLite store (it corrupts it for good otherwise), making an experiment, choosing a colour. `publishing` is for who
    adds results to runs: a second one waits until the first is over, and then finds them there. Both locks stand beside
    the SQLite file, where the pipelines of other folders find them too.

    Args:
        root: Folder for the artifacts, unless a server keeps those, and for the locks of a store that is no file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        file = _sqlite_file() or root / "mlflow.db"
        self._lock = FileLock(f"{file}.lock", timeout=LOCK_SECONDS)
        self.publishing = FileLock(f"{file}.publishing.lock")
        self._experiments: dict[str, Experiment] = {}
        with self._lock:
            _make_sqlite()
            self.client = MlflowClient()
            self.client.search_experiments(max_results=1)  # the first use

    def experiment(self, name: str) -> Experiment:
        """The experiment of this name; made, with its note, or taken out of the bin, if need be.

        The first time, its saved views are written, and what an earlier recorder left behind is ended.
        """
        if name not in self._experiments:
            with self._lock:
                self._experiments[name] = self._get_or_create(name)
            views.save(self.client, self._experiments[name])
            abandoned.end_abandoned(self.client, self._experiments[name].experiment_id)
        return self._experiments[name]

    def colour(self, experiment: str, variant: str) -> str:
        """The colour of a variant in an experiment: the first time one that no other variant has, then the same."""
        with self._lock:
            found = self.client.get_experiment(self.experiment(experiment).experiment_id)
            key, value = palette.choose(variant, found.tags)
            if key not in found.tags:
                self.client.set_experiment_tag(found.experiment_id, key, value)
        return value

    def _get_or_create(self, name: str) -> Experiment:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            made = self.client.create_experiment(name, artifact_location=self._artifacts(name))
            note.write(self.client, made)
            found = self.client.get_experiment(made)
        elif found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return found

    def _artifacts(self, name: str) -> str | None:
        kept_by_server = os.environ["MLFLOW_TRACKING_URI"].startswith(("http:", "https:", "databricks"))
        return None if kept_by_server else (self._root / "mlruns" / name).as_uri()


def _sqlite_file() -> Path | None:
    uri = os.environ["MLFLOW_TRACKING_URI"]
    name = uri.partition("?")[0].removeprefix("sqlite:///")
    return Path(name) if uri.startswith("sqlite:///") and name else None


def _make_sqlite() -> None:
    """A new SQLite file takes its name when it is whole: killed on the way, it would be neither new nor of use."""
    file = _sqlite_file()
    if file is None or file.exists():
        return
    part = Path(f"{file}.part")
    part.unlink(missing_ok=True)
    options = os.environ["MLFLOW_TRACKING_URI"].partition("?")[2]
    MlflowClient(f"sqlite:///{part}?{options}").search_experiments(max_results=1)
    part.replace(file)

"""The MLflow store: opened once, and its experiments made, by one process at a time."""

import os
from pathlib import Path

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Experiment

from pipeline.tracking import note, palette, views

LOCK_SECONDS = 120.0


class Store:
    """A tracking store in ``MLFLOW_TRACKING_URI``.

    Everything that must not be done by two processes at once happens under a file lock: the first use of a new
    SQLite store (it corrupts it for good otherwise), making an experiment, choosing a colour.

    Args:
        root: Folder for the lock and for the artifacts, unless a server keeps those.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = FileLock(root / "mlflow.db.lock", timeout=LOCK_SECONDS)
        self._experiments: dict[str, Experiment] = {}
        with self._lock:
            self.client = MlflowClient()
            self.client.search_experiments(max_results=1)  # the first use

    def experiment(self, name: str) -> Experiment:
        """The experiment of this name; made, with its note, or taken out of the bin, if need be."""
        if name not in self._experiments:
            with self._lock:
                self._experiments[name] = self._get_or_create(name)
            views.save(self.client, self._experiments[name])
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
            self.client.set_experiment_tag(made, "mlflow.note.content", note.text(name, made))
            found = self.client.get_experiment(made)
        elif found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return found

    def _artifacts(self, name: str) -> str | None:
        kept_by_server = os.environ["MLFLOW_TRACKING_URI"].startswith(("http:", "https:", "databricks"))
        return None if kept_by_server else (self._root / "mlruns" / name).as_uri()

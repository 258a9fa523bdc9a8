"""One MLflow run that is being written."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunData, RunTag

from pipeline.tracking import commands, histogram

_IMAGE_NAME = re.compile(r"images/(?P<key>.+?)[%+]step[%+](?P<step>\d+)[%+]")
PARAMS_PER_REQUEST = 100  # MLflow's own limit
METRICS_PER_REQUEST = 1000  # this too


class OpenRun:
    """Writes to a run without repeating what a resumed one already holds.

    Args:
        client: Of the store.
        run_id: The run.
        resumed: Whether an earlier stage wrote to it.
    """

    def __init__(self, client: MlflowClient, run_id: str, *, resumed: bool) -> None:
        self._client = client
        self.run_id = run_id
        self._resumed = resumed
        self._values: dict[str, dict[int, float]] = {}
        self._waiting: list[Metric] = []

    @property
    def data(self) -> RunData:
        """Params, tags and last metrics that the run has."""
        return self._client.get_run(self.run_id).data

    def describe(self, params: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Log params and tags."""
        items = [Param(key, value) for key, value in params.items()]
        for start in range(0, len(items), PARAMS_PER_REQUEST):
            self._client.log_batch(self.run_id, params=items[start : start + PARAMS_PER_REQUEST])
        self._client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def end(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        self.send()
        self._client.set_terminated(self.run_id, status)

    def flush(self) -> None:
        """The stage has nothing more to say for now: what waits is sent, for whoever watches."""
        self.send()

    def send(self) -> None:
        """Send the metrics that wait: many at once, because a slow server takes as long for one."""
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), METRICS_PER_REQUEST):
            self._client.log_batch(self.run_id, metrics=waiting[start : start + METRICS_PER_REQUEST])

    def write(self, command: commands.Command) -> None:
        """Carry out one command on this run."""
        match command:
            case commands.Metrics():
                self._metrics(command)
            case commands.Histogram():
                self._histogram(command)
            case commands.Table():
                self._table(command)
            case commands.Dataset():
                self._dataset(command)
            case commands.Artifact(path=path, folder=folder):
                self._artifact(path, folder)
            case _:
                raise AssertionError(f"not for one run: {command}")

    def _metrics(self, command: commands.Metrics) -> None:
        step = command.step or 0
        for key, value in command.values.items():
            known = self._known_values(key)
            if step not in known or (command.step is None and known[step] != value):
                self._waiting.append(Metric(key, value, command.time_ms, step))
                known[step] = value

    def _known_values(self, key: str) -> dict[int, float]:
        if key not in self._values:
            history = self._client.get_metric_history(self.run_id, key) if self._resumed else []
            ordered = sorted(history, key=lambda metric: metric.timestamp)
            self._values[key] = {metric.step: metric.value for metric in ordered}
        return self._values[key]

    def _histogram(self, command: commands.Histogram) -> None:
        if (histogram.KEY, command.step) not in self._known_images:
            self._known_images.add((histogram.KEY, command.step))
            picture = histogram.draw(command.counts, f"epoch {command.step}")
            self._client.log_image(self.run_id, picture, key=histogram.KEY, step=command.step)

    @cached_property
    def _known_images(self) -> set[tuple[str, int]]:
        """Key and step of the images there are, read from MLflow's file names."""
        files = self._client.list_artifacts(self.run_id, "images") if self._resumed else []
        names = (_IMAGE_NAME.match(file.path) for file in files)
        return {(name["key"], int(name["step"])) for name in names if name}

    def _artifact(self, path: str, folder: str) -> None:
        if Path(path).is_dir():
            self._client.log_artifacts(self.run_id, path, folder or None)
        else:
            self._client.log_artifact(self.run_id, path, folder or None)

    def _table(self, command: commands.Table) -> None:
        columns = dict(command.columns)
        if self._resumed and any(file.path == command.file for file in self._client.list_artifacts(self.run_id)):
            # log_table would append to the rows of an earlier evaluation.
            rows = [list(row) for row in zip(*columns.values(), strict=True)]
            self._client.log_dict(self.run_id, {"columns": list(columns), "data": rows}, command.file)
        else:
            self._client.log_table(self.run_id, columns, command.file)

    def _dataset(self, command: commands.Dataset) -> None:
        dataset = Dataset(
            name=command.name,
            digest=command.digest,
            source_type="local",
            source=json.dumps({"uri": command.source}),
            profile=json.dumps(dict(command.profile)),
        )
        context = InputTag("mlflow.data.context", command.context)
        self._client.log_inputs(self.run_id, [DatasetInput(dataset, [context])])


class PublishedRun(OpenRun):
    """Adds results to a run that a training made, or that nothing made yet; its status and clock stay the training's.

    Args:
        client: Of the store.
        run_id: The run.
        resumed: Whether an earlier stage wrote to it.
        digest: Of the results; the run is tagged with it when it holds them all.
    """

    _TAG = "results.digest"

    def __init__(self, client: MlflowClient, run_id: str, *, resumed: bool, digest: str) -> None:
        super().__init__(client, run_id, resumed=resumed)
        self._digest = digest
        info = client.get_run(run_id).info
        self._end_time = info.end_time if info.status == "FINISHED" else None

    @classmethod
    def holds(cls, run: Run, digest: str) -> bool:
        """Whether the run has results of this digest."""
        return bool(run.data.tags.get(cls._TAG) == digest)

    def end(self, status: str) -> None:
        """Say that the results are there, if they all are, and leave the run as it was found."""
        self.send()
        self._client.set_terminated(self.run_id, "FINISHED" if self._end_time else status, self._end_time)
        if status == "FINISHED":  # last: who reads it leaves the run alone
            self._client.set_tag(self.run_id, self._TAG, self._digest)

    def flush(self) -> None:
        """Nobody watches: all is sent at the end."""

"""Carries out a stage's commands on the MLflow store."""

from pathlib import Path

from mlflow.entities import Run as MlflowRun

from pipeline.tracking import commands, views
from pipeline.tracking.open_run import OpenRun
from pipeline.tracking.provenance import provenance
from pipeline.tracking.run import Run, flatten
from pipeline.tracking.store import Store


class Writer:
    """Opens the runs of one stage, writes to them, and ends them.

    Args:
        store: Where to write.
        workspace: Folder in which the stage runs, for its Git commit.
        stage_pid: Process id of the stage, to find the dvc that started it.
    """

    def __init__(self, store: Store, workspace: Path, stage_pid: int) -> None:
        self._store = store
        self._tags = provenance(workspace, stage_pid)
        self._open: dict[int, OpenRun] = {}

    def write(self, command: commands.Command) -> None:
        """Carry out one command."""
        match command:
            case commands.Open():
                self._open[command.number] = self._open_run(command)
            case commands.Finish():
                self._open.pop(command.number).end("FINISHED")
            case commands.PrintLinks():
                views.print_links(self._open[command.number].experiment_id)
            case commands.Goodbye():
                self.end(command.status)
            case _:
                self._open[command.number].write(command)

    def end(self, status: str) -> None:
        """End every run that is still open."""
        while self._open:
            self._open.popitem()[1].end(status)

    def _open_run(self, command: commands.Open) -> OpenRun:
        client, run = self._store.client, command.run
        experiment_id = self._store.experiment(run.experiment).experiment_id
        found = self._find(experiment_id, run)
        resumed = found is not None and (command.reopen or found.info.status != "FINISHED")
        if found is None or not resumed:
            found = client.create_run(experiment_id, command.time_ms, run_name=run.name)
        run_id = found.info.run_id
        if resumed:
            client.update_run(run_id, status="RUNNING")
        opened = OpenRun(client, run_id, experiment_id, resumed=resumed)
        # What a run already says of itself stays: it is still what the model was trained with.
        tags = {key: value for key, value in self._all_tags(run).items() if key not in found.data.tags}
        params = {key: value for key, value in flatten(run.params).items() if key not in found.data.params}
        opened.describe(params, tags)
        return opened

    def _find(self, experiment_id: str, run: Run) -> MlflowRun | None:
        same = f"tags.`run.fingerprint` = '{run.fingerprint}' and tags.`pipeline.role` = '{run.role}'"
        latest = self._store.client.search_runs(
            [experiment_id], same, order_by=["attributes.start_time DESC"], max_results=1
        )
        return latest[0] if latest else None

    def _all_tags(self, run: Run) -> dict[str, str]:
        tags = {**self._tags, "pipeline.role": run.role, "run.fingerprint": run.fingerprint, **run.tags}
        if variant := run.tags.get("variant"):
            tags["mlflow.runColor"] = self._store.colour(run.experiment, variant)
        return tags

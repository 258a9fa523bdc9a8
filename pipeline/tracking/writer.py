"""Carries out a stage's commands on the MLflow store."""

import time
from collections.abc import Mapping
from pathlib import Path

from mlflow.entities import Run as MlflowRun

from pipeline.tracking import abandoned, commands, links, note, views
from pipeline.tracking.open_run import OpenRun, PublishedRun
from pipeline.tracking.provenance import EXPERIMENT, provenance
from pipeline.tracking.run import CURRENT, Run, flatten
from pipeline.tracking.store import Store

SAME = ("variant", "seed", "entropy_weight")  # tags by which runs of other settings are told from those of today


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
        self._open: dict[int, OpenRun] = {}  # a number that is missing needs nothing more
        self._named: set[str] = set()  # ids of the runs that the stage has begun or published

    def write(self, command: commands.Command) -> None:
        """Carry out one command."""
        match command:
            case commands.Open():
                self._open[command.number] = self._continue(command)
            case commands.Publish():
                if (found := self._publish(command)) is not None:
                    self._open[command.number] = found
            case commands.Finish(number=number) if number in self._open:
                self._open.pop(number).end("FINISHED")
            case commands.TextModel():
                self._model(command)
            case commands.Retire():
                self._retire(command.experiment, command.role)
            case commands.PrintLinks():
                self._print_links(command.experiment)
            case commands.Goodbye():
                self.end(command.status)
            case _ if command.number in self._open:
                self._open[command.number].write(command)

    def flush(self) -> None:
        """The stage has nothing more to say for now."""
        for run in self._open.values():
            run.flush()

    def end(self, status: str) -> None:
        """End every run that is still open."""
        while self._open:
            self._open.popitem()[1].end(status)

    def _continue(self, command: commands.Open) -> OpenRun:
        found = self._find(command.run)
        if found is None or (found.info.status == "FINISHED" and not command.over):
            opened = OpenRun(self._store.client, self._create(command, command.time_ms), resumed=False)
        else:
            self._store.client.set_tag(found.info.run_id, abandoned.TAG, abandoned.signature())
            self._store.client.update_run(found.info.run_id, status="RUNNING")
            opened = OpenRun(self._store.client, found.info.run_id, resumed=True)
        self._describe(opened, command.run)
        return opened

    def _publish(self, command: commands.Publish) -> OpenRun | None:
        if not self._store.publishing.is_locked:
            self._store.publishing.acquire()  # as long as this process lives
        found = self._find(command.run)
        while found is not None and abandoned.is_being_written(found):  # by a training whose server is slow
            time.sleep(1)
            found = self._find(command.run)
        if found is not None and PublishedRun.holds(found, command.digest):
            self._make_current(found.info.run_id, command.run)
            return None
        if found is None:
            run_id = self._create(command, command.time_ms - round(1000 * command.seconds))
            self._store.client.set_terminated(run_id, "FINISHED", command.time_ms)
        else:
            run_id = found.info.run_id
        opened = PublishedRun(self._store.client, run_id, resumed=found is not None, digest=command.digest)
        self._describe(opened, command.run)
        return opened

    def _create(self, command: commands.Open | commands.Publish, time_ms: int) -> str:
        # With its tags from the first moment: were the recorder killed now, the run would be found again by them.
        tags = {**self._all_tags(command.run), abandoned.TAG: abandoned.signature()}
        made = self._store.client.create_run(self._experiment_id(command.run), time_ms, tags, command.run.name)
        return str(made.info.run_id)

    def _describe(self, opened: OpenRun, run: Run) -> None:
        """Adds what the run does not say of itself yet; the rest stays: it is still what the model was trained with."""
        said = opened.data
        tags = {key: value for key, value in self._all_tags(run).items() if key not in said.tags}
        params = {key: value for key, value in flatten(run.params).items() if key not in said.params}
        opened.describe(params, tags)
        self._make_current(opened.run_id, run)

    def _make_current(self, run_id: str, run: Run) -> None:
        """Marks the run as the one of its variant and seed, and those of other settings as not."""
        self._named.add(run_id)
        current = self._current(run.experiment, run.role, {key: run.tags[key] for key in SAME if key in run.tags})
        for other in current - {run_id}:
            self._store.client.set_tag(other, CURRENT, "no")
        if run_id not in current:
            self._store.client.set_tag(run_id, CURRENT, "yes")

    def _model(self, command: commands.TextModel) -> None:
        found = self._find(command.run)
        assert found is not None, f"no run {command.run.name}"
        from pipeline.tracking import model, registry  # the first imports pandas, for the stage that logs models

        model_id = model.logged(found) or model.log(self._store.client, found, command)
        tried = EXPERIMENT in self._tags  # what an experiment finds is served once somebody says so
        registry.register(self._store.client, command, found.info.run_id, model_id, best=command.best and not tried)

    def _retire(self, experiment: str, role: str) -> None:
        for other in self._current(experiment, role, {}) - self._named:
            self._store.client.set_tag(other, CURRENT, "no")

    def _print_links(self, name: str) -> None:
        client, experiment_id = self._store.client, self._store.experiment(name).experiment_id
        views.save(client, client.get_experiment(experiment_id))  # once more: now its runs are there
        note.write(client, experiment_id)
        links.print_all(client, experiment_id, self._tags.get(EXPERIMENT))

    def _current(self, experiment: str, role: str, tags: Mapping[str, str]) -> set[str]:
        """Ids of the runs that are marked as current."""
        wanted = {"pipeline.role": role, CURRENT: "yes", **tags}
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in wanted.items())
        found = self._store.client.search_runs([self._store.experiment(experiment).experiment_id], query)
        return {str(run.info.run_id) for run in found}

    def _experiment_id(self, run: Run) -> str:
        return str(self._store.experiment(run.experiment).experiment_id)

    def _find(self, run: Run) -> MlflowRun | None:
        same = f"tags.`run.fingerprint` = '{run.fingerprint}' and tags.`pipeline.role` = '{run.role}'"
        latest = self._store.client.search_runs(
            [self._experiment_id(run)], same, order_by=["attributes.start_time DESC"], max_results=1
        )
        return latest[0] if latest else None

    def _all_tags(self, run: Run) -> dict[str, str]:
        tags = {**self._tags, "pipeline.role": run.role, "run.fingerprint": run.fingerprint, **run.tags}
        if variant := run.tags.get("variant"):
            tags["mlflow.runColor"] = self._store.colour(run.experiment, variant)
        return tags

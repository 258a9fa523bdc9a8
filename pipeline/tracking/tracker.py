"""What a stage holds: a context manager that hands every record to a process of its own, and never waits for it.

Importing MLflow and opening its store take seconds, a server can be away, a stage can be killed. So the stage only
writes messages into a pipe. At the other end the recorder (recorder.py) imports MLflow while the stage does its work,
and learns from the way the pipe ends how the stage ended.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.tracking import commands
from pipeline.tracking.epoch import epoch_metrics
from pipeline.tracking.run import Run

FLUSH_SECONDS = 60.0


class Tracker:
    """Sends the runs of one stage to MLflow, at no cost in time and without ever stopping the stage.

    Left normally, its runs are FINISHED; left by an exception or Ctrl-C they are FAILED; if the process is killed
    they are KILLED. When the store cannot be used there is one warning on stderr and nothing else happens.

    Args:
        publisher: The stage of DVC that adds all results to a store that lacks them; warnings name it.
        root: Folder of the default store (``mlflow.db`` and ``mlruns``). By default ``DVC_ROOT``, which is the main
            repository also in a temporary workspace of DVC, else the current folder. ``MLFLOW_TRACKING_URI`` wins.
    """

    def __init__(self, publisher: str, root: Path | None = None) -> None:
        self._publisher = publisher
        self._root = (root or Path(os.environ.get("DVC_ROOT", "."))).resolve()
        self._recorder: subprocess.Popen[bytes] | None = None
        self._runs = 0

    def __enter__(self) -> Self:
        """Start the recorder and return at once."""
        arguments = [os.getcwd(), str(os.getpid()), self._publisher]
        self._recorder = subprocess.Popen(
            # -P: the code comes from this checkout, not from the folder of the store, which may hold another one.
            [sys.executable, "-P", "-W", "ignore", "-m", "pipeline.tracking.recorder", *arguments],
            cwd=self._root,
            env=_environment(self._root),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # Ctrl-C and a kill of the whole process group are for the stage; the recorder outlives it and takes note.
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say how the stage ended and let the recorder write what is left."""
        self.send(commands.Goodbye("FINISHED" if kind is None else "FAILED"))
        try:
            self._hang_up()
        except subprocess.TimeoutExpired:
            _say(f"MLflow is slow: it is still being written after {FLUSH_SECONDS:.0f} s, in the background.")

    def start(self, run: Run, *, over: bool = False) -> "RunHandle":
        """Begin a run, or continue one with its fingerprint and role that did not finish.

        With ``over`` the run was finished and its stage killed before DVC took note: it is continued too.
        """
        self._runs += 1
        self.send(commands.Open(self._runs, run, _now_ms(), over))
        return RunHandle(self, self._runs)

    def publish(self, run: Run, digest: str, seconds: float = 0.0) -> "RunHandle":
        """Add results to the latest run with this fingerprint and role, or to a new one if there is none.

        A run that holds results of this digest already stays as it is, so to publish twice costs nothing. A new one
        is said to have taken ``seconds``.
        """
        self._runs += 1
        self.send(commands.Publish(self._runs, run, digest, _now_ms(), seconds))
        return RunHandle(self, self._runs)

    def text_model(
        self,
        run: Run,
        *,
        name: str,
        best: bool,
        validation_accuracy: float,
        checkpoint: Path,
        words: Path,
        embeddings: Path,
        tokenizer: str,
        classes: Sequence[str],
    ) -> None:
        """Log and register the classifier of a run that was started or published here or before.

        To send it again costs nothing. Files stay in place as for ``artifact``.

        Args:
            run: That trained it.
            name: Of the registered model; every classifier is a version of it.
            best: Whether the alias ``best`` goes to it.
            validation_accuracy: For the page of the version.
            checkpoint: Weights in safetensors, with the variant in their metadata.
            words: The vocabulary in row order.
            embeddings: The embedding matrix, which a checkpoint with frozen embeddings leaves out.
            tokenizer: Name of the tokeniser that made the training tokens.
            classes: Names of the labels, by label.
        """
        files = {"checkpoint": checkpoint, "words": words, "embeddings": embeddings}
        artifacts = {name: str(path.resolve()) for name, path in files.items()}
        self.send(commands.TextModel(run, name, best, validation_accuracy, artifacts, tokenizer, list(classes)))

    def retire_others(self, experiment: str, role: str) -> None:
        """Say that the runs of that role that were not started or published here are of no variant of today's."""
        self.send(commands.Retire(experiment, role))

    def print_links(self, experiment: str) -> None:
        """Have the addresses of the experiment's saved views printed on stderr."""
        self.send(commands.PrintLinks(experiment))

    def send(self, command: commands.Command) -> None:
        """Pass a command to the recorder; without one (it crashed, and the stage was warned) do nothing."""
        if self._recorder is None:
            return
        assert self._recorder.stdin is not None
        try:
            self._recorder.stdin.write(pickle.dumps(command))
            self._recorder.stdin.flush()
        except BrokenPipeError:
            with suppress(subprocess.TimeoutExpired):
                self._hang_up()
            _say(
                "warning: The MLflow recorder has stopped; this stage goes on untracked. Results are not affected.\n"
                f"  This adds what the store lacks: dvc repro --single-item --force {self._publisher}"
            )

    def _hang_up(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None and recorder.stdin is not None:
            with suppress(BrokenPipeError):
                recorder.stdin.close()
            recorder.wait(FLUSH_SECONDS)


class RunHandle:
    """One run of a tracker. Every method returns at once; files are read later where it says so."""

    def __init__(self, tracker: Tracker, number: int) -> None:
        self._tracker = tracker
        self._number = number

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Log values at an epoch, or of the whole run when there is no step.

        A step that the run already has is not logged again; a value without step replaces the one before.
        """
        self._tracker.send(commands.Metrics(self._number, dict(values), step, _now_ms()))

    def epoch(self, record: Mapping[str, object]) -> None:
        """Log one epoch record. Repeating an epoch does nothing, so a whole history may be sent to fill gaps."""
        step = record["epoch"]
        assert isinstance(step, int)
        self.metrics(epoch_metrics(record), step)

    def histogram(self, record: Mapping[str, object]) -> None:
        """Log the entropy histogram of one epoch record, if it has one, as a picture; repeating it does nothing."""
        counts, step = record.get("entropy_histogram"), record["epoch"]
        if counts is not None:
            assert isinstance(counts, list)
            assert isinstance(step, int)
            self._tracker.send(commands.Histogram(self._number, counts, step))

    def artifact(self, path: Path, folder: str = "") -> None:
        """Log a file, or what is in a folder. It must stay in place until the tracker is left."""
        self._tracker.send(commands.Artifact(self._number, str(path.resolve()), folder))

    def table(self, columns: Mapping[str, Sequence[object]], file: str) -> None:
        """Log columns of plain values as a table, in place of one already there; ``file`` ends in .json."""
        self._tracker.send(commands.Table(self._number, {key: list(column) for key, column in columns.items()}, file))

    def dataset(
        self, name: str, digest: str, source: str, context: str, profile: Mapping[str, object] | None = None
    ) -> None:
        """Log what the run has read: ``context`` says for what (training, validation, test), ``profile`` its size."""
        self._tracker.send(commands.Dataset(self._number, name, digest[:36], source, context, dict(profile or {})))

    def finish(self) -> None:
        """End this run as FINISHED now, rather than when the tracker is left."""
        self._tracker.send(commands.Finish(self._number))


def _environment(root: Path) -> dict[str, str]:
    """The recorder's environment: the user's own settings win, the rest is made quick to fail and quiet."""
    defaults = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{root / 'mlflow.db'}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # an unreachable server then costs 4 s, not 4 minutes
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    own_code = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [own_code, os.environ.get("PYTHONPATH")]))
    return defaults | os.environ | {"PYTHONPATH": path}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)

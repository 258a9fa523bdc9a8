"""What a person sees while seeds train: a bar each on a terminal, in a log a line per epoch and some in between."""

import time
from types import TracebackType
from typing import Any, Self

from pipeline.progress import Progress


class TrainingProgress:
    """Follows the reports of `train_variant`.

    Args:
        title: such as "imdb attention".
        seeds: a bar each.
        epochs: at most, per seed.
        tokens: of one epoch.
    """

    def __init__(self, title: str, seeds: tuple[int, ...], epochs: int, tokens: int) -> None:
        self._title, self._epochs, self._tokens = title, epochs, tokens
        self._progress = Progress(stays=True)
        self._tasks = {seed: self._progress.task(f"{title} seed {seed}", epochs * tokens, "tokens") for seed in seeds}
        self._epoch = dict.fromkeys(seeds, 1)
        self._started, self._worked = time.monotonic(), dict.fromkeys(seeds, 0.0)

    def __enter__(self) -> Self:
        """Draws the bars."""
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves them as they stand."""
        self._progress.__exit__(kind, error, trace)

    def __call__(self, seed: int, report: dict[str, Any]) -> None:
        """Shows a report of a seed."""
        if "began" in report:  # until now it waited for a core
            self._tasks[seed].resume(0)
        elif "epoch" in report:
            self._ended(seed, report)
        elif "state" in report:
            self._progress.say(f"{self._title} seed {seed}  {report['state']}")
        else:
            note = f"epoch {self._epoch[seed]}  loss {report['loss']:.3f}  accuracy {report['accuracy']:.3f}"
            self._tasks[seed].advance(report["tokens"], note)

    def _ended(self, seed: int, record: dict[str, Any]) -> None:
        task, epoch = self._tasks[seed], record["epoch"]
        self._epoch[seed] = min(epoch + 1, self._epochs)
        self._worked[seed] += record["seconds"]
        if self._worked[seed] > time.monotonic() - self._started:  # an epoch of the call that was interrupted
            task.resume(epoch * self._tokens)
        entropy = f"  entropy {record['entropy_mean']:.2f} nats" if "entropy_mean" in record else ""
        rate = f"{record['tokens_per_second'] / 1000:,.0f}k tokens/s"
        self._progress.say(
            f"{self._title} seed {seed}  epoch {epoch}  loss {record['validation_loss']:.4f}  "
            f"accuracy {record['validation_accuracy']:.4f}{entropy}  {rate}"
        )
        task.postpone()
        task.reach(epoch * self._tokens, f"epoch {self._epoch[seed]}")

"""What a person sees while seeds train: a bar each on a terminal, a line per epoch in a log."""

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class TrainingProgress:
    """Follows the reports of `train_variant`.

    Args:
        title: such as "imdb attention".
        seeds: a bar each.
        epochs: at most, per seed.
        tokens: of one epoch.
    """

    def __init__(self, title: str, seeds: tuple[int, ...], epochs: int, tokens: int) -> None:
        self._console = Console(stderr=True)
        self._title, self._epochs, self._tokens = title, epochs, tokens
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("epoch {task.fields[epoch]}  {task.fields[state]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_interactive or self._console.is_dumb_terminal,
        )
        self._tasks = {seed: self._add(f"{title} seed {seed}", epochs * tokens) for seed in seeds}
        self._started = dict.fromkeys(seeds, time.monotonic())
        self._seen = dict.fromkeys(seeds, 0)

    def _add(self, description: str, total: int) -> TaskID:
        return self._bars.add_task(description, total=total, epoch=1, state="")

    def __enter__(self) -> Self:
        """Draws the bars."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves them as they stand."""
        self._bars.stop()

    def __call__(self, seed: int, report: dict[str, Any]) -> None:
        """Shows a report of a seed."""
        if "epoch" in report:
            self._epoch(seed, report)
        else:
            self._seen[seed] += report["tokens"]
            rate = self._seen[seed] / (time.monotonic() - self._started[seed])
            state = f"loss {report['loss']:.3f}  accuracy {report['accuracy']:.3f}  {rate / 1000:,.0f}k tokens/s"
            self._bars.update(self._tasks[seed], advance=report["tokens"], state=state)

    def _epoch(self, seed: int, record: dict[str, Any]) -> None:
        epoch = record["epoch"]
        self._bars.update(self._tasks[seed], completed=epoch * self._tokens, epoch=min(epoch + 1, self._epochs))
        entropy = f"  entropy {record['entropy_mean']:.2f} nats" if "entropy_mean" in record else ""
        rate = f"{record['tokens_per_second'] / 1000:,.0f}k tokens/s"
        self._console.print(
            f"{self._title} seed {seed}  epoch {epoch}  loss {record['validation_loss']:.4f}  "
            f"accuracy {record['validation_accuracy']:.4f}{entropy}  {rate}",
            highlight=False,
            soft_wrap=True,
        )

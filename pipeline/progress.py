"""The one place that shows how far a long step is: bars on a terminal, plain lines at intervals in a log.

Both say the same: how much is done, how fast, and how long the rest will take. A step that is soon over says nothing
in a log.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

FIRST, EVERY = 5.0, 20.0  # seconds to the first line of a log, and between two of them
REDRAWN = 0.1  # seconds between two looks at a bar
RECENT = 10.0  # seconds, at least, over which a rate is taken: the first steps of a training compile

Item = TypeVar("Item")


@dataclass(frozen=True)
class Done:
    """What a process of its own reports while it works: so many more steps."""

    steps: float = 1


class Task:
    """One thing that is counted.

    Args:
        title: such as "imdb attention".
        total: when it is done; 0 = nobody knows.
        unit: what is counted, such as "reviews" or "MB".
        done: what was done before.
        wait: seconds until it is first shown.
        pause: seconds between two times.
        show: called with the task when it is time to.
    """

    def __init__(
        self,
        title: str,
        total: float,
        unit: str,
        done: float,
        *,
        wait: float,
        pause: float,
        show: Callable[["Task"], None],
    ) -> None:
        self.title, self.total, self.unit, self.done = title, total, unit, done
        self.note = ""
        # The rate is since the first of the two, then since the second. It begins at the first step: before it, a stage
        # imports and compiles.
        self._since: tuple[float, float] | None = None
        self._between: tuple[float, float] | None = None
        self._due, self._pause, self._show = time.monotonic() + wait, pause, show

    def advance(self, steps: float = 1, note: str = "") -> None:
        """So many more are done; the note stands before the numbers."""
        self.reach(self.done + steps, note or self.note)

    def reach(self, done: float, note: str = "") -> None:
        """So many are done in all."""
        self.done, self.note = done, note
        now = time.monotonic()
        if self._between is None:
            self._since = self._between = (now, done)
        elif now >= self._between[0] + RECENT:
            self._since, self._between = self._between, (now, done)
        if now >= self._due:
            self.postpone()
            self._show(self)

    def resume(self, done: float) -> None:
        """So many were done before: they are no part of the rate."""
        self.done = done
        self._since = self._between = None

    def postpone(self) -> None:
        """Something else was said of it just now, so a log need not hear of it again soon."""
        self._due = time.monotonic() + self._pause

    @property
    def text(self) -> str:
        """Such as "12,000 of 25,000 reviews  48 %  820 reviews/s  0:16 left"."""
        since, before = self._since or (time.monotonic(), self.done)
        made, seconds = self.done - before, time.monotonic() - since
        rate = made / seconds if seconds else 0.0
        amounts = f"{_amount(self.done)} of {_amount(self.total)}" if self.total else _amount(self.done)
        parts = [self.note] * bool(self.note) + [f"{amounts} {self.unit}"]
        if self.total:
            parts.append(f"{self.done / self.total:.0%}".replace("%", " %"))
        if rate:
            parts.append(f"{_amount(rate)} {self.unit}/s")
        if rate and self.total:
            parts.append(f"{_clock(max(self.total - self.done, 0) / rate)} left")
        return "  ".join(parts)


class Progress:
    """Shows tasks on stderr while its block lasts.

    Args:
        stays: whether the bars stand there still when the block is over.
    """

    def __init__(self, *, stays: bool = False) -> None:
        self._bars: Any = None
        if sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bars

            title, text = (TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[text]"))
            self._bars = Bars(title, BarColumn(), text, console=Console(stderr=True), transient=not stays)

    def __enter__(self) -> Self:
        """Draws the bars."""
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves them as they stand, or takes them away."""
        if self._bars:
            self._bars.stop()

    def task(self, title: str, total: float, unit: str, done: float = 0) -> Task:
        """Begins to count something: see `Task`."""
        if not self._bars:
            return Task(title, total, unit, done, wait=FIRST, pause=EVERY, show=self._line)
        number = self._bars.add_task(title, total=total or None, completed=done, text="")

        def draw(task: Task) -> None:
            self._bars.update(number, total=task.total or None, completed=task.done, text=task.text)

        return Task(title, total, unit, done, wait=0, pause=REDRAWN, show=draw)

    def say(self, line: str) -> None:
        """Writes a line, above the bars."""
        if self._bars:
            self._bars.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def _line(self, task: Task) -> None:
        self.say(f"{task.title}  {task.text}")


def counted(items: Iterable[Item], title: str, total: float, unit: str) -> Iterator[Item]:
    """The items, each counted when the next one is asked for."""
    with Progress() as progress:
        task = progress.task(title, total, unit)
        for item in items:
            yield item
            task.advance()


def results_of(task: Task, on_result: Callable[[int, Any], object]) -> Callable[[int, Any], None]:
    """What `run_seeds` calls for a report: steps that are done are counted, anything else is a result.

    Args:
        task: of all seeds together.
        on_result: called with the seed and what it found.
    """

    def on_report(seed: int, report: Any) -> None:
        if isinstance(report, Done):
            task.advance(report.steps)
        else:
            on_result(seed, report)

    return on_report


def _amount(number: float) -> str:
    """Such as 0.42, 7.5, 812, 25,000 or 3.4 M."""
    if number >= 1e6:
        return f"{number / 1e6:.1f} M"
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.2g}"


def _clock(seconds: float) -> str:
    """Such as 0:07, 12:30 or 1:05:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

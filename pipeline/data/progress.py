"""How far a long piece of work is: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LINE_EVERY = 30  # seconds, in a log


@contextmanager
def progress(name: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yields what is called with the number of units that have been done since its last call.

    The bar and the lines say how many are done, how many a second, and how long the others will take.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    on_terminal = console.is_interactive and not console.is_dumb_terminal
    columns = ("{task.description}", BarColumn(), "{task.fields[state]}", TimeRemainingColumn())
    started = said = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal done, said
        now = time.monotonic()
        done += count
        rate = done / max(now - started, 1e-9)
        state = f"{done:,} of {total:,} {unit}, {rate:,.0f} a second"
        bar.update(task, completed=done, state=state)
        if not on_terminal and now - said >= LINE_EVERY:
            said = now
            print(f"{name}: {state}, {(total - done) / rate:,.0f} s left", file=sys.stderr, flush=True)

    with Progress(*columns, console=console, disable=not on_terminal) as bar:
        task = bar.add_task(name, total=total, state="")
        yield advance

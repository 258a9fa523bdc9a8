"""How every stage meets its user: options by type, and one clear line instead of a traceback."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from pipeline import lockfile
from pipeline.data.atomic import FULL
from pipeline.printable import printable

NO_MEMORY = ("can't allocate memory", "out of memory")  # what torch says, of the CPU and of a GPU, in a RuntimeError


def run(command: Callable[..., None] | None = None, /, about: str = "", **commands: Callable[..., None]) -> None:
    """Runs a command with the arguments of the command line, as a program: the one, or one of several by name.

    The help of several begins with what they are about.

    What a user can cause or mend (a ValueError, an OSError such as a full disk, a loss that is no number, too little
    memory) ends as a message on stderr and exit code 1. Anything else is a bug and keeps its traceback;
    `python -X dev -m stages.NAME` shows it always.
    """
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=not command, help=about)
    if command:
        app.command()(command)
    for name, one in commands.items():
        app.command(name)(one)
    with errors_told():
        app()


@contextmanager
def errors_told() -> Iterator[None]:
    """Ends the program with a message where a user can mend what is wrong; looks after DVC's files on the way."""
    try:
        lockfile.guard()
        yield
    except (ValueError, OSError, FloatingPointError, MemoryError, RuntimeError) as error:
        no_memory = isinstance(error, MemoryError) or any(said in str(error) for said in NO_MEMORY)
        if sys.flags.dev_mode or (isinstance(error, RuntimeError) and not no_memory):
            raise
        message = "\n".join(map(printable, str(error).splitlines()))
        if no_memory:
            message = "not enough memory: `max_tokens` of the corpus leaves out the longest reviews, a smaller "
            message += "`batch_size` under `training` reads fewer at once"
        if isinstance(error, FileNotFoundError) and error.filename:
            message = f"{error.filename} is not there: `dvc repro` makes what a stage reads"
        elif isinstance(error, OSError) and error.errno in FULL:
            message = f"{error.filename or 'writing'}: {error.strerror}: make room, then `dvc repro` again"
        typer.echo(f"error: {message}", err=True)
        sys.exit(1)

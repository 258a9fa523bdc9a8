"""A command of the project in this process: what it says and how it ends, without the seconds of its imports."""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from stages import cli


def in_process(root: Path, start: Callable[[], object], *words: str, given: str = "") -> tuple[int, str, str]:
    """Exit code, and what was written to stdout and stderr.

    Args:
        root: where it runs.
        start: what the program does, such as a `main` that reads `sys.argv`.
        words: of the command line.
        given: what it may read from standard input.
    """
    code: object = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as err,
    ):
        patch.chdir(root)
        patch.setattr(sys, "argv", ["attention", *words])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        patch.setattr(cli.lockfile, "guard", lambda: None)  # no DVC runs this
        try:
            start()
        except SystemExit as end:
            code = end.code or 0
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()

"""A file is there whole or not at all, and one that a full disk cuts short is named."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no room: on the disk, in a quota, under a limit on files


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a path to write to; when the block ends well, that file takes the place of `path` in one step.

    When the block raises, what was written is removed and `path` is as it was. Missing folders are made.
    """
    temporary = path.with_name(f"{path.name}.part")
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Says what was being written when there was no more room: the system does not.

    Raises:
        OSError: of the kinds in FULL, with the path as its `filename`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL or error.filename:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from None

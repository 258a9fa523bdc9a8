"""What a program prints on a terminal of its own."""

import os
import pty
import subprocess
from collections.abc import Callable
from typing import Any


def printed(start: Callable[[int], "subprocess.Popen[Any]"]) -> bytes:
    """All that the program writes, which must end well; it is started with the terminal as a file descriptor."""
    parent, child = pty.openpty()
    with os.fdopen(parent, "rb", buffering=0) as terminal:
        process = start(child)
        os.close(child)
        seen = b""
        try:
            while part := terminal.read(4096):
                seen += part
        except OSError:  # how Linux says that the other end has closed
            pass
        assert process.wait() == 0
    return seen

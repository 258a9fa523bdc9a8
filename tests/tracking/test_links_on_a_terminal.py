import os
import pty
from collections.abc import Callable
from pathlib import Path
from typing import Any

STAGE = """
with Tracker("compare@demo") as tracker:
    for name in "abc":
        tracker.publish(run(name), "d").finish()
    tracker.print_links("demo")
"""


def test_a_link_is_one_line_however_narrow_the_terminal(stage: Callable[..., Any], tmp_path: Path) -> None:
    parent, child = pty.openpty()
    with os.fdopen(parent, "rb", buffering=0) as terminal:
        process = stage(STAGE, tmp_path, {"TERM": "xterm", "COLUMNS": "60"}, stderr=child)
        os.close(child)
        seen = b""
        try:
            while part := terminal.read(4096):
                seen += part
        except OSError:  # how Linux says that the other end has closed
            pass
        assert process.wait() == 0
    assert b"adding to MLflow" in seen
    assert b"workflowType=machine_learning&viewStateShareKey=runs&compareRunsMode=TABLE\r\n" in seen

from collections.abc import Callable
from pathlib import Path
from typing import Any

from terminal import printed

STAGE = """
with Tracker("compare@demo") as tracker:
    for name in "abc":
        tracker.publish(run(name), "d").finish()
    tracker.print_links("demo")
"""


def test_a_link_is_one_line_however_narrow_the_terminal(stage: Callable[..., Any], tmp_path: Path) -> None:
    size = {"TERM": "xterm", "COLUMNS": "60"}
    seen = printed(lambda terminal: stage(STAGE, tmp_path, size, stderr=terminal))
    assert b"adding to MLflow" in seen
    assert b"workflowType=machine_learning&viewStateShareKey=runs&compareRunsMode=TABLE\r\n" in seen

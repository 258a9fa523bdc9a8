"""Who copies an example that calls MLflow sends nothing to its makers: the variable that says so is set first."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```(console|python)[^\n]*\n(.*?)^ *```$", flags=re.DOTALL | re.MULTILINE)
CALL = re.compile(r"(?:^|[;&|])\s*(?:\$ )?(?P<settings>(?:\w+=\S+ )*)(?:\S*/)?mlflow ")
IMPORT = re.compile(r"^(?:import|from) mlflow\b")
QUIET = "MLFLOW_DISABLE_TELEMETRY=true"


def calls(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of examples that call MLflow or import it, and whether it is silenced there."""
    exported = False
    for kind, block in BLOCK.findall(text):
        for line in block.splitlines():
            exported |= re.match(rf"\s*(?:\$ )?export (?:.* )?{QUIET}\b", line) is not None
            if kind == "python" and IMPORT.match(line):
                yield line, exported
            elif kind == "console" and (call := CALL.search(line)):
                yield line, exported or QUIET in call["settings"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_an_example_that_calls_mlflow_silences_it_first(page: Path) -> None:
    assert not [line for line, silenced in calls(page.read_text("utf-8")) if not silenced]


def test_the_examples_are_found() -> None:
    found = {page.name for page in PAGES if list(calls(page.read_text("utf-8")))}
    assert {"README.md", "scale.md", "serve.md"} <= found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```console\nexport A=b\n$ mlflow server\n```", [False]),
        (f"```console\nmlflow server\nexport {QUIET}\n```\n```python\nimport mlflow\n```", [False, True]),
        (f"```console\n{QUIET} B=c mlflow ui\ncd x && .venv/bin/mlflow ui\n```", [True, False]),
        (f"  ```console\n  export A=b {QUIET}\n  mlflow ui\n  ```", [True]),
        ("```console\ndvc repro  # writes to mlflow too\n```\n```yaml\nmlflow server\n```", []),
    ],
)
def test_what_is_not_silenced_is_seen(text: str, expected: list[bool]) -> None:
    assert [silenced for _, silenced in calls(text)] == expected

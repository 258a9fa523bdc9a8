"""The properties of tests/fuzz with cases by the hundred thousand, counted as they run."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chaos.row import Row

ROOT = Path(__file__).parents[1]
LEAST = 200_000  # cases in all


def main() -> list[Row]:
    """A row per property: what was tried, how often, what held.

    Raises:
        AssertionError: a property failed; pytest has said on which case.
    """
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        environment = os.environ | {"HYPOTHESIS_PROFILE": "chaos", "FUZZ_COUNTS": str(counts)}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/fuzz"]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        held = json.loads(counts.read_text(encoding="utf-8"))
    assert done.returncode == 0, "a property does not hold"
    rows = [Row(f"generated cases: {name}", count, "held in every case") for name, count in sorted(held.items())]
    return [*rows, _all(sum(held.values()))]


def _all(cases: int) -> Row:
    """The last row: of no case, none fails."""
    too_few = cases < LEAST
    return Row("generated cases in all", cases, f"fewer than {LEAST:,}" if too_few else "none failed", failed=too_few)

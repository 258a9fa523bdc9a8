"""What a run left on disk, by digest; durations aside, which no two runs have in common."""

import hashlib
from pathlib import Path

OUTPUTS = ("data", "models", "evaluation", "results", "reports")
CLOCKS = "results/demo/timing"


def digests(root: Path) -> dict[str, str]:
    """Of every file that the pipeline made in this project, by path."""
    found = {}
    for name in OUTPUTS:
        for file in sorted((root / name).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.is_file() and not path.startswith(CLOCKS):
                found[path] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def unlike(one: dict[str, str], other: dict[str, str]) -> set[str]:
    """The names that one lacks, or has with another digest."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}

"""The state between two epochs on disk, so that a killed fit goes on where it stood."""

import os
from pathlib import Path
from typing import Any

import torch

FORMAT = 1


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replaces the file as a whole: a kill in the middle leaves the epoch before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    torch.save({"format": FORMAT, **state}, part)
    os.replace(part, path)


def read_state(path: Path) -> dict[str, Any] | None:
    """What `write_state` wrote, or None if there is nothing of this format. Tensors and plain values only: no code."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state if state.get("format") == FORMAT else None

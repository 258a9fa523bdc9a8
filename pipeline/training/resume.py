"""The state between two epochs on disk, so that a killed fit goes on where it stood; safetensors hold no code."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, contiguous_format

from pipeline import formats
from pipeline.data.atomic import replacing


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replaces the file as a whole: a kill in the middle leaves the epoch before.

    Args:
        path: of the file.
        state: tensors and plain values in dicts and lists; tuples come back as lists.
    """
    tensors: dict[str, Tensor] = {}
    plain = json.dumps(_taken_apart(state, tensors))
    content = save(tensors, metadata={"format": str(formats.FORMATS[formats.STATE]), "state": plain})
    with replacing(path) as part:
        part.write_bytes(content)


def read_state(path: Path) -> dict[str, Any] | None:
    """What `write_state` wrote, or None if there is nothing, or what is none: it cannot be gone on from.

    Raises:
        ValueError: it is of another format.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    except SafetensorError:
        return None
    if "state" not in metadata or not metadata.get("format", "").isdecimal():
        return None
    formats.check(formats.STATE, int(metadata["format"]), path)
    state: dict[str, Any] = _put_together(json.loads(metadata["state"]), tensors)
    return state


def _taken_apart(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The value as JSON: tensors are put aside under names, and dicts are lists of pairs, as keys may be numbers."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # A copy: the file refuses two names for one memory.
        tensors[name] = value.detach().cpu().clone(memory_format=contiguous_format)
        return {"tensor": name}
    if isinstance(value, dict):
        return {"pairs": [[key, _taken_apart(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_taken_apart(item, tensors) for item in value]
    return value


def _put_together(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_put_together(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    return {key: _put_together(item, tensors) for key, item in value["pairs"]}

"""The state of a fit goes to a file and back, bit by bit, and a file of another kind is no state."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pipeline.training.resume import read_state, write_state


def test_what_is_written_is_read(tmp_path: Path) -> None:
    shared = torch.tensor([0.1, -0.0, math.inf, math.nan])
    state = {
        "fit": {
            "weights": {"a.b": shared, "c": shared[1:3]},
            "averaged": None,
            "steps": {0: {"step": torch.tensor(3.0)}},
        },
        "best": {"n": torch.tensor(2**62), "table": torch.arange(6).reshape(2, 3).T},
        "history": [{"epoch": 1, "loss": 0.1 + 0.2, "flag": True, "rates": [1e-300, 5]}],
    }
    write_state(tmp_path / "deep" / "state", state)
    read = read_state(tmp_path / "deep" / "state")
    assert read is not None
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["state"]
    assert read["history"] == state["history"]
    assert read["fit"]["averaged"] is None
    assert read["fit"]["steps"][0]["step"].shape == ()
    for one, other in (
        (read["fit"]["weights"]["a.b"], shared),
        (read["fit"]["weights"]["c"], shared[1:3]),
        (read["best"]["n"], torch.tensor(2**62)),
        (read["best"]["table"], torch.arange(6).reshape(2, 3).T),
    ):
        assert one.dtype == other.dtype
        assert one.numpy().tobytes() == other.contiguous().numpy().tobytes()


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04pickled", b"\xff" * 99], ids=repr)
def test_a_file_of_another_kind_is_no_state(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    assert read_state(tmp_path / "state") is None
    assert read_state(tmp_path / "none") is None


@pytest.mark.parametrize("metadata", [None, {}, {"format": "1"}, {"state": "{}"}, {"format": "x", "state": "{}"}])
def test_tensors_that_are_no_state_are_none(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "state", metadata=metadata)
    assert read_state(tmp_path / "state") is None


def test_a_truncated_file_is_no_state(tmp_path: Path) -> None:
    write_state(tmp_path / "state", {"weights": torch.ones(99)})
    content = (tmp_path / "state").read_bytes()
    (tmp_path / "state").write_bytes(content[:-1])
    assert read_state(tmp_path / "state") is None

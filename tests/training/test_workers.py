"""Two processes that torchrun starts at one training, and one alone: the same losses and the same weights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from pipeline.training.fit import fit
from pipeline.training.workers import ALONE, Workers, workers

SETTINGS: dict[str, Any] = {
    **{"epochs": 3, "patience": 3, "batch_size": 13, "learning_rate": 0.05, "epsilon": 1e-8, "schedule": "cosine"},
    **{"weight_decay": 0.01, "gradient_clip": 1.0, "averaging": 0.5, "entropy_weight": 0.05},
}
TOLERANCE = 1e-9  # of float64: the gradients of the shards are added in another order


def trained(name: str, folder: Path, together: Workers = ALONE) -> dict[str, list[float]]:
    """Every number that a training ends with. 53 reviews in batches of 13: the last batch is one review."""
    model = tiny.model(name).double()
    state = folder / f"{name}-{together.world_size}"
    history = fit(
        model, tiny.reviews(53), tiny.reviews(24, seed=1), seed=0, resume_from=state, workers=together, **SETTINGS
    )
    losses = [number for record in history for number in (record["train_loss"], record["train_accuracy"])]
    return {"losses": losses, **{key: value.flatten().tolist() for key, value in model.state_dict().items()}}


def main(folder: Path) -> None:
    """What each process runs."""
    torch.set_num_threads(1)
    with workers() as together:
        found = {name: trained(name, folder, together) for name in tiny.VARIANTS}
        (folder / f"rank-{together.rank}.json").write_text(json.dumps(found), encoding="utf-8")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, dict[str, list[float]]]]:
    folder = tmp_path_factory.mktemp("workers")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    here = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]
    code = f"import sys; sys.path[:0] = {here!r}; import pathlib, training.test_workers as t; t.main(pathlib.Path('.'))"
    (folder / "script.py").write_text(code, encoding="utf-8")
    done = subprocess.run([*torchrun, "script.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads((folder / f"rank-{rank}.json").read_text("utf-8")) for rank in (0, 1)]


@pytest.mark.parametrize("name", tiny.VARIANTS)
def test_two_processes_train_as_one(
    name: str, together: list[dict[str, dict[str, list[float]]]], tmp_path: Path
) -> None:
    alone = trained(name, tmp_path)
    first, second = (rank[name] for rank in together)
    assert first == second, "the processes hold the same weights, to the bit"
    for key, numbers in alone.items():
        assert first[key] == pytest.approx(numbers, abs=TOLERANCE), key


def test_shards_are_the_batch_once() -> None:
    batch = tiny_batch()
    shards = [Workers(rank, 3).shard(batch) for rank in range(3)]
    seen = torch.cat([own.index_B for own, _ in shards])
    assert sorted(seen.tolist()) == [0, 1, 2, 3]
    assert sum(part for _, part in shards) == 1
    assert [own.tokens_BT.shape[1] for own, _ in shards] == [7, 3, 1]


def test_a_process_without_a_review_adds_nothing() -> None:
    own, part = Workers(5, 6).shard(tiny_batch())
    assert len(own.labels_B) == 1
    assert part == 0


def tiny_batch() -> Any:
    from pipeline.data.batching import Batch

    tokens_BT, lengths_B = tiny.batch()
    return Batch(tokens_BT, lengths_B, torch.tensor([0, 1, 1, 0]), torch.arange(4))

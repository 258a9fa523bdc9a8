"""Each seed has its device, and whoever asks for what is not there hears so in one line, before any work."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from ruamel.yaml import YAML

from pipeline.data.reviews import Reviews
from pipeline.params import Compute, load_params
from pipeline.tracking.run import Run, flatten
from pipeline.training import place, workers
from pipeline.training.place import CPU, Place, place_seeds
from stages import train, trial
from stages.runs import variant_run

ROOT = Path(__file__).parents[2]


def compute(accelerator: str = "cuda", precision: str = "float32", devices: int = 1) -> Compute:
    return Compute.model_validate({"accelerator": accelerator, "precision": precision, "devices": devices})


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """As if torch saw so many."""
    return lambda count: monkeypatch.setattr(place, "_gpus", lambda: count)


def test_this_machine_is_asked_what_it_has() -> None:
    assert place._gpus() == torch.cuda.device_count()


def test_the_cpu_is_not_asked_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(place, "_gpus")
    assert place_seeds(compute("cpu"), [3, 5]) == {3: CPU, 5: CPU}


def test_auto_is_the_gpu_where_there_is_one(gpus: Callable[[int], None]) -> None:
    gpus(1)
    assert place_seeds(compute("auto", "bfloat16"), [0]) == {0: Place("cuda:0", "bfloat16")}
    gpus(0)
    assert place_seeds(compute("auto", devices=4), [0]) == {0: CPU}


def test_seeds_go_to_the_devices_in_turn(gpus: Callable[[int], None]) -> None:
    gpus(8)
    devices = {seed: one.device for seed, one in place_seeds(compute(devices=2), [10, 20, 30]).items()}
    assert devices == {10: "cuda:0", 20: "cuda:1", 30: "cuda:0"}


@pytest.mark.parametrize(
    ("asked", "seen", "message"),
    [
        (compute("cuda"), 0, "compute.accelerator = 'cuda': torch sees no GPU here; allowed is cpu or auto"),
        (compute("cuda", devices=3), 2, "compute.devices = 3: torch sees 2 here"),
        (compute("auto", devices=3), 2, "compute.devices = 3: torch sees 2 here"),
        (compute("auto", "bfloat16"), 0, "compute.precision = 'bfloat16': torch sees no GPU here"),
    ],
)
def test_what_is_not_there_is_one_line(asked: Compute, seen: int, message: str, gpus: Callable[[int], None]) -> None:
    gpus(seen)
    with pytest.raises(ValueError, match=f"^params.yaml: {message}") as caught:
        place_seeds(asked, [0])
    assert "\n" not in str(caught.value)


def test_torchrun_gives_each_process_the_gpu_of_its_number(
    gpus: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(2)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert {one.device for one in place_seeds(compute(devices=4), [0, 1, 2]).values()} == {"cuda:1"}
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match=r"--nproc-per-node: torch sees 2 GPUs here, and this is process 3"):
        place_seeds(compute(), [0])


@pytest.mark.parametrize(("kind", "backend"), [("cpu", "gloo"), ("cuda", "cpu:gloo,cuda:nccl")])
def test_gradients_on_gpus_are_added_up_over_nccl(kind: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(workers, "compute_on_one_thread", lambda: None)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda name, timeout: asked.append(name))
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    with workers.workers(kind) as together:
        assert (together.rank, together.world_size) == (1, 2)
    assert asked == [backend]


def test_a_gpu_is_made_to_repeat_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    taken: list[str] = []
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    wanted = {"deterministic": True, "benchmark": False, "allow_tf32": False}
    for name, value in wanted.items():
        monkeypatch.setattr(torch.backends.cudnn, name, not value)
    CPU.prepare()
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    assert {name: not getattr(torch.backends.cudnn, name) for name in wanted} == wanted
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    Place("cuda:1").prepare()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8", "another single buffer is as good"
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    Place("cuda:1").prepare()
    assert os.environ.pop("CUBLAS_WORKSPACE_CONFIG") == ":4096:8"
    assert {name: getattr(torch.backends.cudnn, name) for name in wanted} == wanted
    assert taken == ["cuda:1", "cuda:1"]


def test_a_stage_says_so_before_it_reads_anything(
    gpus: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(0)
    yaml = YAML(typ="safe")
    content = yaml.load(ROOT / "params.yaml")
    content["compute"]["accelerator"] = "cuda"
    yaml.dump(content, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    nowhere = dict.fromkeys(("tensors", "states", "out", "clock"), Path("nowhere"))
    with pytest.raises(ValueError, match=r"compute\.accelerator = 'cuda'"):
        train.main("demo", "attention", **nowhere)
    params = load_params("params.yaml")
    settings = params.variant("attention"), params.training, params.compute, (0,)
    with (
        pytest.raises(ValueError, match=r"compute\.accelerator = 'cuda'"),
        trial.trained("a trial", *settings, Path("nowhere"), Path("nowhere")),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_state_is_of_one_kind_of_device_and_one_precision(
    gpus: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(2)
    params = load_params(ROOT / "params.yaml")
    seen: list[Path] = []

    class Data:
        digest = "digest"
        splits: dict[str, Reviews] = {"train": tiny.reviews(4)}  # noqa: RUF012

    def run_seeds(work: Any, *_: Any, **__: Any) -> None:
        seen.append(work.keywords["states"])

    monkeypatch.setattr(trial, "read_tensors", lambda path: Data)
    monkeypatch.setattr(trial, "run_seeds", run_seeds)
    asked = [compute("cpu"), compute(), compute(devices=2), compute("auto"), compute(precision="bfloat16")]
    for one in asked:
        settings = params.variant("attention"), params.training, one, (0, 1)
        with trial.trained("a trial", *settings, tmp_path, tmp_path):
            pass
    names = np.array([path.name for path in seen])
    assert len(set(names)) == 3
    assert len(set(names[1:4])) == 1, "how many GPUs there are decides no result"


def test_a_run_says_where_it_was_trained() -> None:
    params = load_params(ROOT / "params.yaml")

    class Data:
        digest = tokenizer = "some"

    def run(asked: Compute) -> Run:
        there = params.model_copy(update={"compute": asked})
        return variant_run(there, "demo", "attention", 0, Data)  # type: ignore[arg-type]

    logged = flatten(run(compute("cuda", "bfloat16", 2)).params)
    expected = {"compute.accelerator": "cuda", "compute.precision": "bfloat16", "compute.devices": "2"}
    assert {key: value for key, value in logged.items() if key.startswith("compute.")} == expected
    prints = [run(asked).fingerprint for asked in (compute(), compute(devices=2), compute("cpu"))]
    assert prints[0] == prints[1] != prints[2]

"""Trainings that leave the finite numbers, as a whole stage: one line says why, and where the last good weights are."""

import re
from pathlib import Path

import pytest
import torch
from one_stage import TENSORS, TRAIN, run, small_demo

from pipeline.data.tensors import read_tensors
from pipeline.models.variants import build_model, load_state
from pipeline.params import load_params
from pipeline.training.resume import read_state
from pipeline.training.validate import validate

GROWING = {"learning_rate": 10.0, "weight_decay": 1.0, "schedule": "constant"}  # each step: nine times the weights
LATER = {"attention": "the gradient's norm became inf", "mean": "the loss became inf"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lost")
    small_demo(made, {"epochs": 8, "patience": 8, **GROWING})
    return made


@pytest.mark.parametrize("variant", LATER)
def test_the_line_names_the_state_and_it_holds_the_weights_of_the_last_whole_epoch(folder: Path, variant: str) -> None:
    failed = run(folder, f"{TRAIN} {variant}")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    line = failed.stderr.splitlines()[-1]
    found = re.fullmatch(
        rf"error: demo {variant} seed 0, epoch (\d), step \d+: {LATER[variant]}: lower training.learning_rate "
        r"\(now 10\) or training.gradient_clip \(now 1\); the weights after epoch (\d) are kept in "
        r"(states/\w+/seed-0.safetensors)",
        line,
    )
    assert found, line
    assert not list((folder / "made/models").iterdir())
    kept = read_state(folder / found[3])
    assert kept
    assert int(found[2]) == len(kept["history"]) == int(found[1]) - 1 > 0
    corpus, entry = read_tensors(folder / "made/tensors"), load_params(folder / "params.yaml").variant(variant)
    model = build_model(entry, torch.from_numpy(corpus.embeddings.copy()), classes=2)
    load_state(model, kept["fit"]["weights"])
    measured = validate(model, corpus.splits["validation"])
    assert measured == {name: kept["history"][-1][name] for name in measured}


def test_vectors_of_the_largest_numbers_are_one_line_too(folder: Path) -> None:
    """Each is finite, and so the stage that verifies them lets them through; what is computed of them is not."""
    lines = (folder / "made/vectors.txt").read_text("utf-8").splitlines()
    large = [f"{line.split()[0]} {' '.join(['3e38'] * (len(line.split()) - 1))}\n" for line in lines]
    (folder / "made/large.txt").write_text("".join(large), encoding="utf-8")
    stage = TENSORS.replace("vectors.txt", "large.txt").replace("made/tensors", "made/large")
    assert run(folder, f"{stage} --coverage made/c.json").returncode == 0
    failed = run(folder, f"{TRAIN} attention".replace("made/tensors", "made/large"))
    assert failed.returncode == 1
    assert re.search(
        r"^error: demo attention seed 0, epoch 1, step 1: the loss became (nan|inf): ", failed.stderr, re.M
    )
    assert failed.stderr.endswith("no epoch was finished\n")
    assert not list((folder / "made/models").iterdir())

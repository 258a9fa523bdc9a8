"""A whole training off the CPU, and one in bfloat16: the same code, the same numbers, and the CPU's files."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from elsewhere import ELSEWHERE, Elsewhere
from safetensors.torch import load_file

from pipeline.models import gather
from pipeline.models.checkpoint import load_classifier, save_classifier
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.variants import trained_state
from pipeline.params_variants import AttentionVariant
from pipeline.training import fit as fit_module
from pipeline.training.fit import fit
from pipeline.training.resume import read_state

SETTINGS: dict[str, Any] = {
    **{"epochs": 3, "patience": 3, "batch_size": 16, "learning_rate": 0.05, "epsilon": 1e-8, "schedule": "cosine"},
    **{"weight_decay": 0.01, "gradient_clip": 1.0, "averaging": 0.5, "entropy_weight": 0.05},
}
CLOCK = {"seconds", "tokens_per_second"}
Trained = tuple[AttentionClassifier, list[dict[str, Any]]]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """The device; torch's fused Adam is told of it, and no tensor is marked as being for inference alone."""
    optimizers = importlib.import_module("torch.optim.optimizer")
    monkeypatch.setattr(optimizers, "_get_fused_kernels_supported_devices", lambda: ["cpu", "meta"])
    monkeypatch.setattr(torch, "inference_mode", torch.no_grad)
    return Elsewhere()


def train(name: str, state: Path, device: str | torch.device = "cpu", dropout: float = 0.1, **changes: Any) -> Trained:
    model = tiny.model(name, dropout=dropout, word_dropout=dropout).to(changes.pop("dtype", torch.float64)).to(device)
    history = fit(
        model, tiny.reviews(40), tiny.reviews(24, seed=1), seed=0, resume_from=state, **{**SETTINGS, **changes}
    )
    return model, [{key: value for key, value in record.items() if key not in CLOCK} for record in history]


def same(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    for one, other in zip(first, second, strict=True):
        for key, number in one.items():
            assert other[key] == pytest.approx(number, abs=1e-12), key


@pytest.mark.parametrize("name", tiny.VARIANTS)
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_every_variant_trains_there_as_on_the_cpu(
    name: str, dropout: float, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    """In float64, where torch's operations stand in for the compiled loops: losses, entropies and weights."""
    here, expected = train(name, tmp_path / "here", dropout=dropout)
    with elsewhere:
        there, history = train(name, tmp_path / "there", ELSEWHERE, dropout=dropout)
        assert {tensor.device for tensor in there.state_dict().values()} == {ELSEWHERE}
        weights = {key: tensor.cpu() for key, tensor in trained_state(there).items()}
    same(expected, history)
    for key, tensor in trained_state(here).items():
        assert torch.allclose(weights[key], tensor, atol=1e-10), key


def test_contexts_that_no_step_changes_are_read_there(tmp_path: Path, elsewhere: Elsewhere) -> None:
    changes = {"dropout": 0.0, "entropy_weight": 0.0, "dtype": torch.float32}
    _, expected = train("mean", tmp_path / "here", **changes)
    with elsewhere:
        _, history = train("mean", tmp_path / "there", ELSEWHERE, **changes)
    for one, other in zip(expected, history, strict=True):
        assert one["validation_loss"] == pytest.approx(other["validation_loss"], rel=1e-5)


@pytest.mark.filterwarnings("ignore:for .*copying from a non-meta parameter")  # of a real "meta", which has no numbers
@pytest.mark.parametrize("name", ["attention_trainable", "bidirectional"])
def test_a_training_that_was_killed_there_goes_on_there(
    name: str, tmp_path: Path, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elsewhere:
        _, whole = train(name, tmp_path / "whole", ELSEWHERE)
        _kill_after(1, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            train(name, tmp_path / "killed", ELSEWHERE)
        assert {tensor.device.type for tensor in load_file(tmp_path / "killed").values()} == {"cpu"}
        _, history = train(name, tmp_path / "killed", ELSEWHERE)
    assert history == whole


def test_a_checkpoint_is_the_cpus(tmp_path: Path, elsewhere: Elsewhere) -> None:
    model = tiny.model("gru_attention")
    variant = AttentionVariant.model_validate(tiny.VARIANTS["gru_attention"])
    save_classifier(model, variant, tmp_path / "here")
    with elsewhere:
        save_classifier(model.to(ELSEWHERE), variant, tmp_path / "there")
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()


def test_devices_do_not_mix_there(elsewhere: Elsewhere) -> None:
    with elsewhere, pytest.raises(AssertionError, match="arguments on two devices"):
        torch.ones(2, device=ELSEWHERE) + torch.ones(2)


@pytest.mark.parametrize("name", sorted(set(tiny.VARIANTS) - tiny.RECURRENT))
def test_bfloat16_is_of_products_alone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights, their averages and Adam's moments are float32; what is learned is about what float32 learns."""
    settings = {"dtype": torch.float32}
    _, exact = train(name, tmp_path / "float32", **settings)
    monkeypatch.setattr(gather, "compiled", lambda table_VD: False)
    model, rounded = train(name, tmp_path / "bfloat16", precision="bfloat16", **settings)
    assert [one["train_loss"] for one in rounded] != [one["train_loss"] for one in exact]
    assert rounded[0]["train_loss"] == pytest.approx(exact[0]["train_loss"], abs=0.02)
    numbers = [*load_file(tmp_path / "bfloat16").values(), *model.state_dict().values()]
    assert {tensor.dtype for tensor in numbers} <= {torch.float32, torch.int64}
    variant = AttentionVariant.model_validate(tiny.VARIANTS[name])
    save_classifier(model, variant, tmp_path / "checkpoint")
    loaded = load_classifier(tmp_path / "checkpoint", tiny.embeddings())
    for key, tensor in trained_state(model).items():
        assert torch.equal(trained_state(loaded)[key], tensor)


def test_a_training_in_bfloat16_that_was_killed_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "compiled", lambda table_VD: False)
    settings = {"precision": "bfloat16", "dtype": torch.float32}
    _, whole = train("attention_value", tmp_path / "whole", **settings)
    _kill_after(1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train("attention_value", tmp_path / "killed", **settings)
    state = read_state(tmp_path / "killed")
    assert state is not None
    assert len(state["history"]) == 1
    _, history = train("attention_value", tmp_path / "killed", **settings)
    assert history == whole


def _kill_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next training ends after so many epochs; the one after that does not."""
    written = fit_module.write_state

    def write_and_die(path: Path, state: dict[str, Any]) -> None:
        written(path, state)
        if len(state["history"]) == epochs:
            monkeypatch.setattr(fit_module, "write_state", written)
            raise KeyboardInterrupt

    monkeypatch.setattr(fit_module, "write_state", write_and_die)

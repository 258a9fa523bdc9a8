"""Every part of attention can be a class of one's own, in a file of pipeline/mechanisms that an entry names."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

import pipeline.mechanisms
from pipeline import params_own
from pipeline.explanation.opened import is_bag
from pipeline.models.checkpoint import load_classifier, save_classifier
from pipeline.models.functional import padding_mask
from pipeline.models.variants import build_model
from pipeline.params_variants import AttentionVariant

PARTS = """
import torch
from torch import nn
from pipeline.models.encoders import IdentityEncoder
from pipeline.models.queries import GlobalQuery
from pipeline.models.transforms import Identity, Transform

class Query(GlobalQuery):
    def __init__(self, size, outputs, scale=1.0):
        super().__init__(outputs)
        self.scale = scale
        nn.init.ones_(self.query)
        self.bias = nn.Linear(size, outputs)

    def forward(self, states):
        return self.scale * self.query + self.bias(states.mean())

class Halved(Transform):
    def __init__(self, size):
        super().__init__(nn.Linear(size, size // 2), size // 2)

class Doubled(Identity):
    def forward(self, states):
        return 2 * states

class Encoder(IdentityEncoder):
    def forward(self, vectors_BTE, lengths_B):
        return vectors_BTE.cumsum(dim=1)

class Powers(nn.Module):
    def __init__(self, power):
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))

    def forward(self, scores_BHT, mask_B1T):
        return (self.power * scores_BHT).masked_fill(~mask_B1T, float("-inf")).softmax(dim=-1)

class Nothing:
    def __init__(self, size, outputs):
        pass
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A file of one's own, of a name that no other test has imported."""
    monkeypatch.setattr(params_own, "FOLDER", tmp_path)
    monkeypatch.setattr(pipeline.mechanisms, "__path__", [str(tmp_path)])
    path = tmp_path / f"parts_{abs(hash(request.node.name))}.py"
    path.write_text(PARTS, encoding="utf-8")
    return path


def own(file: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"kind": "own", "name": f"{file.stem}.{name}", "arguments": arguments}


@pytest.mark.parametrize(
    ("part", "name", "arguments"),
    [
        ("query", "Query", {"scale": 2.0}),
        ("key", "Halved", {}),
        ("key", "Doubled", {}),
        ("value", "Halved", {}),
        ("value", "Doubled", {}),
        ("encoder", "Encoder", {}),
        ("normaliser", "Powers", {"power": 2.0}),
    ],
)
def test_a_part_of_ones_own_is_used_trained_and_kept(
    file: Path, tmp_path: Path, part: str, name: str, arguments: dict[str, Any]
) -> None:
    entry = {"query": {"kind": "text"}, "heads": 2, part: own(file, name, **arguments)}
    variant = AttentionVariant.model_validate(entry)
    torch.manual_seed(0)
    model = build_model(variant, tiny.embeddings(), classes=2)
    assert type(getattr(model, part)).__name__ == name
    calls: list[object] = []
    getattr(model, part).register_forward_hook(lambda *call: calls.append(call))
    tokens_BT, lengths_B = tiny.batch()
    logits_BC, weights_BT = model(tokens_BT, lengths_B)
    assert calls, "one that is taken for the built-in part that it extends is never asked"
    assert weights_BT.sum(dim=1).tolist() == pytest.approx([1.0] * 4, abs=1e-6)
    assert (weights_BT[~padding_mask(lengths_B, 7)] == 0).all()
    logits_BC.square().sum().backward()
    assert all(one.grad is not None for one in getattr(model, part).parameters())
    save_classifier(model, variant, tmp_path / "seed-0.safetensors")
    loaded = load_classifier(tmp_path / "seed-0.safetensors", tiny.embeddings())
    assert torch.equal(loaded(tokens_BT, lengths_B).logits_BC, logits_BC)


@pytest.mark.parametrize(
    "entry",
    [{"normaliser": ("Powers", {"power": 2.0})}, {"key": ("Doubled", {})}],
    ids=["it learns", "it may draw: nobody knows"],
)
def test_a_part_of_ones_own_is_asked_in_every_step(file: Path, entry: dict[str, Any]) -> None:
    parts = {part: own(file, name, **arguments) for part, (name, arguments) in entry.items()}
    variant = AttentionVariant.model_validate({"query": {"kind": "random"}, **parts})
    assert not build_model(variant, tiny.embeddings(), classes=2).reads_alike


def test_a_query_that_reads_the_text_is_not_taken_for_one_that_does_not(file: Path) -> None:
    model = build_model(AttentionVariant.model_validate({"query": own(file, "Query")}), tiny.embeddings(), classes=2)
    assert not is_bag(model), "it is a GlobalQuery too"


def test_a_model_of_other_code_is_refused(file: Path, tmp_path: Path) -> None:
    variant = AttentionVariant.model_validate({"query": own(file, "Query")})
    path = tmp_path / "seed-0.safetensors"
    save_classifier(build_model(variant, tiny.embeddings(), classes=2), variant, path)
    file.write_text(PARTS.replace("2 * states", "3 * states"), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"seed-0.safetensors: the code of .*Query is not what it was: run `dvc repro`"
    ):
        load_classifier(path, tiny.embeddings())
    file.unlink()
    with pytest.raises(ValueError, match=r"seed-0.safetensors: pipeline/mechanisms has no file parts_"):
        load_classifier(path, tiny.embeddings())


@pytest.mark.parametrize(
    ("part", "name", "arguments", "message"),
    [
        ("query", "Nothing", {}, "Nothing should be a subclass of Module"),
        ("key", "Powers", {"power": 1.0}, "Powers should be a subclass of Transform"),
        (
            "normaliser",
            "Powers",
            {},
            r"Powers takes \(power\) and is given nothing: missing a required argument: 'power'",
        ),
    ],
)
def test_a_class_that_does_not_fit_is_named(
    file: Path, part: str, name: str, arguments: dict[str, Any], message: str
) -> None:
    entry = {"query": {"kind": "global"}, part: own(file, name, **arguments)}
    variant = AttentionVariant.model_validate(entry)
    with pytest.raises(ValueError, match=rf"pipeline/mechanisms/{file.name}: {message}"):
        build_model(variant, tiny.embeddings(), classes=2)

"""Laws that every variant keeps, and relations between variants."""

import math

import pytest
import reference
import tiny
import torch

from pipeline.models.checkpoint import load_classifier, save_classifier
from pipeline.models.classifier import Dropout
from pipeline.models.functional import attention_entropy, padding_mask
from pipeline.models.variants import build_model, trained_parameters
from pipeline.params_variants import AttentionVariant, null_model
from pipeline.training.objective import objective

every_variant = pytest.mark.parametrize("name", tiny.VARIANTS)


@every_variant
def test_shapes_and_weights(name: str) -> None:
    tokens_BT, lengths_B = tiny.batch()
    logits_BC, weights_BT = tiny.model(name).eval()(tokens_BT, lengths_B)
    mask_BT = padding_mask(lengths_B, 7)
    assert logits_BC.shape == (4, 2)
    assert weights_BT.sum(dim=1).tolist() == pytest.approx([1.0] * 4, abs=1e-6)
    assert (weights_BT[~mask_BT] == 0).all()
    assert (weights_BT >= 0).all()
    assert (weights_BT[mask_BT] == 0).any() == (name in tiny.SPARSE)


@every_variant
def test_padding_and_company_change_nothing(name: str) -> None:
    model = tiny.model(name).double().eval()
    tokens_BT, lengths_B = tiny.batch()
    together = model(tokens_BT, lengths_B)
    wide = model(torch.nn.functional.pad(tokens_BT, (0, 5), value=7), lengths_B)
    assert torch.allclose(wide.logits_BC, together.logits_BC, atol=1e-12)
    assert torch.allclose(wide.weights_BT[:, :7], together.weights_BT, atol=1e-12)
    for row, length in enumerate(lengths_B.tolist()):
        alone = model(tokens_BT[row : row + 1, :length], lengths_B[row : row + 1])
        assert torch.allclose(alone.logits_BC, together.logits_BC[row], atol=1e-12)


@every_variant
def test_order_matters_to_recurrent_variants_alone(name: str) -> None:
    model = tiny.model(name).double().eval()
    tokens_BT, lengths_B = torch.tensor([[2, 3, 4, 5]]), torch.tensor([4])
    moved = model(tokens_BT.flip(1), lengths_B)
    same = torch.allclose(moved.logits_BC, model(tokens_BT, lengths_B).logits_BC, atol=1e-9)
    assert same == (name not in tiny.RECURRENT)


@every_variant
def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = tiny.model(name)
    tokens_BT, lengths_B = tiny.batch()
    objective(model(tokens_BT, lengths_B), torch.tensor([0, 1, 1, 0]), lengths_B, 0.1)[0].backward()
    for label, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, label
            assert torch.isfinite(parameter.grad).all(), label
            assert parameter.grad.abs().sum() > 0, label


@every_variant
def test_save_and_load_are_identical(name: str, tmp_path: object) -> None:
    model, path = tiny.model(name).eval(), tmp_path / "seed-0.safetensors"  # type: ignore[operator]
    variant = AttentionVariant.model_validate(tiny.VARIANTS[name])
    save_classifier(model, variant, path)
    first = path.read_bytes()
    save_classifier(model, variant, path)
    assert path.read_bytes() == first
    loaded = load_classifier(path, tiny.embeddings()).eval()
    assert torch.equal(loaded(*tiny.batch()).logits_BC, model(*tiny.batch()).logits_BC)
    assert trained_parameters(loaded) == trained_parameters(model)


def test_a_file_of_another_kind_is_refused(tmp_path: object) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "other.safetensors"  # type: ignore[operator]
    save_file({"classifier.bias": torch.zeros(2)}, path, metadata={"attention-classifier-0": "{}"})
    with pytest.raises(ValueError, match="has format 0 of attention-classifier, this version reads 1"):
        load_classifier(path, tiny.embeddings())


@every_variant
def test_the_whole_model_equals_its_slow_twin(name: str) -> None:
    model = tiny.model(name).double().eval()
    tokens_BT, lengths_B = tiny.batch()
    logits_BC, weights_BT = model(tokens_BT, lengths_B)
    for row, length in enumerate(lengths_B.tolist()):
        weights, logits = _slow(name, model, tokens_BT[row, :length].tolist())
        assert weights_BT[row, :length].tolist() == pytest.approx(weights, abs=1e-10)
        assert logits_BC[row].tolist() == pytest.approx(logits, abs=1e-10)


def _slow(name: str, model: torch.nn.Module, tokens: list[int]) -> tuple[list[float], list[float]]:
    state = {key: value.tolist() for key, value in model.state_dict().items()}
    states = [state["embedding.weight"][token] for token in tokens]
    for layer in range(len(getattr(model.encoder, "forwards", []))):
        cell = reference.CELLS[type(model.encoder.forwards[layer]).__name__.lower()]
        ahead = cell(_part(state, f"encoder.forwards.{layer}."), states)
        behind = _part(state, f"encoder.backwards.{layer}.")
        back = cell(behind, states[::-1])[::-1] if behind else [[]] * len(states)
        states = [a + b for a, b in zip(ahead, back, strict=True)]
    query = state.get("query.query", [0.0] * len(states[0]))
    if "query.transform.0.weight" in state:
        query = reference.mean(states)
        for place in sorted({int(key.split(".")[2]) for key in state if key.startswith("query.transform")}):
            query = [math.tanh(x) for x in query] if place else query
            query = reference.linear(
                state[f"query.transform.{place}.weight"], state[f"query.transform.{place}.bias"], query
            )
    keys = states
    if "key.transform.0.weight" in state:
        weight, bias = state["key.transform.0.weight"], state["key.transform.0.bias"]
        keys = [[math.tanh(x) for x in reference.linear(weight, bias, s)] for s in states]
    values = states
    if "value.transform.weight" in state:
        values = [reference.linear(state["value.transform.weight"], state["value.transform.bias"], s) for s in states]
    if "value.transform.0.weight" in state:
        weight, bias = state["value.transform.0.weight"], state["value.transform.0.bias"]
        values = [reference.relu(reference.linear(weight, bias, s)) for s in states]
    normaliser = tiny.VARIANTS[name].get("normaliser", "softmax")
    weights, context = reference.attend(query, keys, values, normaliser)
    return weights, reference.linear(state["classifier.weight"], state["classifier.bias"], context)


def _part(state: dict[str, object], prefix: str) -> dict[str, object]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def test_a_zero_query_is_the_mean() -> None:
    mean, attention = tiny.model("mean"), tiny.model("attention")
    attention.load_state_dict({**attention.state_dict(), **mean.state_dict()}, strict=False)
    torch.nn.init.zeros_(attention.query.query)
    tokens_BT, lengths_B = tiny.batch()
    assert torch.equal(attention(tokens_BT, lengths_B).logits_BC, mean(tokens_BT, lengths_B).logits_BC)


def test_a_linear_value_that_is_the_identity_is_its_parent() -> None:
    parent, child = tiny.model("attention"), tiny.model("attention_linear_value")
    child.value.transform = torch.nn.Linear(4, 4)
    torch.nn.init.eye_(child.value.transform.weight)
    torch.nn.init.zeros_(child.value.transform.bias)
    child.classifier, child.query = parent.classifier, parent.query
    assert torch.allclose(child(*tiny.batch()).logits_BC, parent(*tiny.batch()).logits_BC, atol=1e-6)


def test_heads_that_ask_alike_are_one_head() -> None:
    one, three = tiny.model("attention"), tiny.model("attention_multihead")
    with torch.no_grad():
        three.query.query[:] = one.query.query.repeat(3)
        one.classifier.weight[:] = three.classifier.weight.unflatten(1, (3, -1)).sum(dim=1)
        one.classifier.bias[:] = three.classifier.bias
    single, several = one(*tiny.batch()), three(*tiny.batch())
    assert torch.allclose(several.logits_BC, single.logits_BC, atol=1e-6)
    assert torch.allclose(several.weights_BT, single.weights_BT, atol=1e-7)


def test_heads_look_at_words_of_their_own() -> None:
    model = tiny.model("attention_multihead")
    tokens_BT, lengths_B = tiny.batch()
    weights_BHT = model.attend(model.embedding(tokens_BT), lengths_B)
    assert weights_BHT.shape == (4, 3, 7)
    assert not torch.allclose(weights_BHT[0, 0], weights_BHT[0, 1], atol=0.1)
    assert torch.allclose(model(tokens_BT, lengths_B).weights_BT, weights_BHT.mean(dim=1), atol=1e-6)


@pytest.mark.parametrize("kind", ["uniform", "random"])
def test_the_null_models_of_a_variant_can_be_kept(kind: str, tmp_path: object) -> None:
    entry = AttentionVariant.model_validate(tiny.VARIANTS["attention_multihead_sparsemax_value"])
    null = null_model(entry, kind)
    model = build_model(null, tiny.embeddings(), classes=2)
    save_classifier(model, null, tmp_path / "null.safetensors")  # type: ignore[operator]
    loaded = load_classifier(tmp_path / "null.safetensors", tiny.embeddings())  # type: ignore[operator]
    assert torch.equal(loaded(*tiny.batch()).logits_BC, model(*tiny.batch()).logits_BC)
    assert model.heads == (1 if kind == "uniform" else 2)


def test_one_token_has_all_the_attention_and_no_entropy() -> None:
    weights_BT = tiny.model("attention")(torch.tensor([[5]]), torch.tensor([1])).weights_BT
    assert weights_BT.tolist() == [[1.0]]
    assert attention_entropy(weights_BT, padding_mask(torch.tensor([1]), 1)).item() == 0.0


def test_dropout_draws_for_every_token_and_keeps_the_mean() -> None:
    dropout = tiny.model("attention", dropout=0.25).dropout
    ones_BTD = torch.ones(40, 30, 50)
    dropped_BTD = dropout.train()(ones_BTD)
    assert dropped_BTD.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (dropped_BTD == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert (dropped_BTD == 0).float().mean(dim=(0, 2)).tolist() == pytest.approx([0.25] * 30, abs=0.05)
    assert (dropped_BTD[:, 0] != dropped_BTD[:, 1]).any()
    assert dropout.eval()(ones_BTD) is ones_BTD


def test_word_dropout_reads_unknown_words_and_only_while_training() -> None:
    model = tiny.model("attention", word_dropout=0.5)
    tokens_BT = torch.full((50, 40), 7)
    dropped = model.train().word_dropout(tokens_BT)
    assert set(dropped.unique().tolist()) == {1, 7}
    assert 0.4 < (dropped == 1).float().mean().item() < 0.6
    assert torch.equal(model.eval().word_dropout(tokens_BT), tokens_BT)


def test_review_dropout_drops_the_same_units_at_every_token_and_only_while_training() -> None:
    dropout = tiny.model("attention", dropout=0.25, dropout_mask="review").dropout
    ones_BTD = torch.ones(400, 7, 5)
    dropped_BTD = dropout.train()(ones_BTD)
    assert torch.equal(dropped_BTD, dropped_BTD[:, :1].expand_as(ones_BTD))
    assert dropped_BTD.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped_BTD.mean().item() == pytest.approx(1, abs=0.05)
    assert not torch.equal(dropped_BTD[0], dropped_BTD[1]) or not torch.equal(dropped_BTD[0], dropped_BTD[2])
    assert dropout(torch.ones(3, 5)).shape == (3, 5)
    assert torch.equal(dropout.eval()(ones_BTD), ones_BTD)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_leaves_the_mean_and_drops_as_often_as_it_says(p: float) -> None:
    torch.manual_seed(0)
    dropout = Dropout(p, "token").train()
    states_BTD = torch.ones(20, 50, 333)
    dropped = dropout(states_BTD)
    assert (dropped == 0).double().mean().item() == pytest.approx(p, abs=4 * (p * (1 - p) / dropped.numel()) ** 0.5)
    assert dropped[dropped != 0].unique().tolist() == [pytest.approx(1 / (1 - p))]
    torch.manual_seed(0)
    assert dropped.equal(dropout(states_BTD))
    assert dropout.eval()(states_BTD) is states_BTD


def test_dropout_by_review_drops_the_same_units_at_each_of_its_tokens() -> None:
    torch.manual_seed(0)
    dropped = Dropout(0.5, "review").train()(torch.ones(4, 9, 64))
    assert dropped.equal(dropped[:, :1].expand_as(dropped))
    assert not dropped[0].equal(dropped[1])

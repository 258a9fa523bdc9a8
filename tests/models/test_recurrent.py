"""Our recurrent layers and torch's: the same states and gradients in float64, and in float32 to its last places."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.models import recurrent
from pipeline.models.cells import BLOCK
from pipeline.models.recurrent import GRU, LSTM

THEIRS: dict[type[LSTM | GRU], type[nn.LSTM | nn.GRU]] = {LSTM: nn.LSTM, GRU: nn.GRU}
each = pytest.mark.parametrize("layer", list(THEIRS))


def example(layer: type[LSTM | GRU], dtype: torch.dtype, reviews: int = 6) -> tuple[LSTM | GRU, Tensor]:
    torch.manual_seed(0)
    return layer(5, 19).to(dtype), 2 * torch.randn(reviews, 23, 5, dtype=dtype)


def found(layer: nn.Module, inputs_BTE: Tensor, given_BTH: Tensor) -> list[Tensor]:
    leaf = inputs_BTE.clone().requires_grad_()
    states_BTH = layer(leaf)[0]
    return [states_BTH, *torch.autograd.grad((states_BTH * given_BTH).sum(), [leaf, *layer.parameters()])]


@each
@pytest.mark.parametrize("reviews", [1, 6, BLOCK, 2 * BLOCK + 6])
@pytest.mark.parametrize("rows", [1, 24, 138, 4096], ids=["a step", "some steps", "more steps", "all"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 2e-6)])
def test_states_and_gradients_are_those_of_torch(
    layer: type[LSTM | GRU],
    dtype: torch.dtype,
    tolerance: float,
    rows: int,
    reviews: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recurrent, "ROWS", rows)
    ours, inputs_BTE = example(layer, dtype, reviews)
    theirs = THEIRS[layer](5, 19, batch_first=True).to(dtype)
    theirs.load_state_dict(ours.state_dict())
    given_BTH = torch.randn(reviews, 23, 19, dtype=dtype)
    for own, exact in zip(found(ours, inputs_BTE, given_BTH), found(theirs, inputs_BTE, given_BTH), strict=True):
        assert torch.allclose(own, exact, atol=tolerance * exact.abs().max().item(), rtol=0)


@each
@pytest.mark.parametrize("rows", [1, 24, 4096])
def test_who_asks_for_no_gradient_gets_the_same_states(
    layer: type[LSTM | GRU], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent, "ROWS", rows)
    ours, inputs_BTE = example(layer, torch.float32)
    with torch.inference_mode():
        states_BTH = ours(inputs_BTE)[0]
    assert states_BTH.equal(ours(inputs_BTE)[0])


@each
def test_what_no_gradient_needs_is_not_kept(layer: type[LSTM | GRU], monkeypatch: pytest.MonkeyPatch) -> None:
    """All gates of a long text are four times its states, and inference reads a million tokens at once."""
    kept: list[bool] = []
    forward = recurrent._Recurrence.forward

    def watched(ctx: Any, *arguments: Any) -> Any:
        kept.append(any(ctx.needs_input_grad))
        return forward(ctx, *arguments)

    monkeypatch.setattr(recurrent._Recurrence, "forward", staticmethod(watched))
    model, inputs_BTE = example(layer, torch.float32)
    model(inputs_BTE)
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            model(inputs_BTE)
    assert kept == [True, False, False]


@pytest.mark.parametrize("layer", [LSTM, GRU])
def test_it_goes_on_from_what_it_remembers(layer: type[LSTM | GRU]) -> None:
    ours, inputs_BTE = example(layer, torch.float64)
    states_BTH, memory_SBH = ours(inputs_BTE)
    first_BTH, between_SBH = ours(inputs_BTE[:, :9])
    second_BTH, after_SBH = ours(inputs_BTE[:, 9:], between_SBH)
    assert torch.allclose(torch.cat([first_BTH, second_BTH], dim=1), states_BTH, atol=1e-15)
    assert torch.allclose(after_SBH, memory_SBH, atol=1e-15)
    assert memory_SBH[0].equal(states_BTH[:, -1])


@each
def test_the_gradient_is_that_of_differences(layer: type[LSTM | GRU]) -> None:
    ours, inputs_BTE = example(layer, torch.float64)
    assert torch.autograd.gradcheck(lambda inputs: ours(inputs)[0], inputs_BTE[:2, :3].clone().requires_grad_())


@each
def test_the_same_gradient_may_be_asked_for_twice(layer: type[LSTM | GRU]) -> None:
    ours, inputs_BTE = example(layer, torch.float32)
    loss = ours(inputs_BTE)[0].square().sum()
    first = torch.autograd.grad(loss, list(ours.parameters()), retain_graph=True)
    second = torch.autograd.grad(loss, list(ours.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gates_saturate_and_what_is_no_number_stays_none(layer: type[LSTM | GRU], dtype: torch.dtype) -> None:
    ours, inputs_BTE = example(layer, dtype)
    for size in (1e3, 1e30):
        states_BTH = ours(size * inputs_BTE)[0]
        assert torch.isfinite(states_BTH).all()
        assert states_BTH.abs().max() <= 1
    inputs_BTE[2, 4, 1] = math.nan
    states_BTH = ours(inputs_BTE)[0]
    assert states_BTH[2, 4:].isnan().all()
    assert torch.isfinite(states_BTH[2, :4]).all()
    assert torch.isfinite(states_BTH[[0, 1, 3, 4, 5]]).all()


@each
def test_off_the_cpu_it_is_torchs(layer: type[LSTM | GRU]) -> None:
    ours = layer(5, 19).to("meta")
    states_BTH, memory_SBH = ours(torch.empty(6, 23, 5, device="meta"))
    further_BTH, after_SBH = ours(torch.empty(6, 2, 5, device="meta"), memory_SBH)
    assert states_BTH.shape == (6, 23, 19)
    assert further_BTH.shape == (6, 2, 19)
    assert memory_SBH.shape == after_SBH.shape == (ours.cell.blocks, 6, 19)

"""The GRU of our own and torch's: the same states and gradients in float64, and in float32 to its last places."""

import math

import pytest
import torch
from torch import Tensor, nn

from pipeline.models import gru
from pipeline.models.gru import GRU


def pair(dtype: torch.dtype) -> tuple[GRU, nn.GRU, Tensor, Tensor]:
    torch.manual_seed(0)
    ours, theirs = GRU(5, 19).to(dtype), nn.GRU(5, 19, batch_first=True).to(dtype)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs, 2 * torch.randn(6, 23, 5, dtype=dtype), torch.randn(6, 23, 19, dtype=dtype)


def found(layer: nn.Module, inputs_BTE: Tensor, given_BTH: Tensor) -> list[Tensor]:
    leaf = inputs_BTE.clone().requires_grad_()
    states_BTH, last_1BH = layer(leaf)
    gradients = torch.autograd.grad((states_BTH * given_BTH).sum() + last_1BH.sum(), [leaf, *layer.parameters()])
    return [states_BTH, last_1BH, *gradients]


@pytest.mark.parametrize("rows", [1, 24, 138, 512], ids=["a step", "six times", "all", "more than all"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 2e-6)])
def test_states_and_gradients_are_those_of_torch(
    dtype: torch.dtype, tolerance: float, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gru, "ROWS", rows)
    ours, theirs, inputs_BTE, given_BTH = pair(dtype)
    for own, exact in zip(found(ours, inputs_BTE, given_BTH), found(theirs, inputs_BTE, given_BTH), strict=True):
        assert torch.allclose(own, exact, atol=tolerance * exact.abs().max().item(), rtol=0)


@pytest.mark.parametrize("rows", [1, 24, 512])
def test_who_asks_for_no_gradient_gets_the_same_states(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gru, "ROWS", rows)
    ours, _, inputs_BTE, _ = pair(torch.float32)
    with torch.inference_mode():
        states_BTH = ours(inputs_BTE)[0]
    assert states_BTH.equal(ours(inputs_BTE)[0])


def test_the_gradient_is_that_of_differences() -> None:
    ours, _, inputs_BTE, _ = pair(torch.float64)
    assert torch.autograd.gradcheck(lambda inputs: ours(inputs)[0], inputs_BTE[:2, :3].clone().requires_grad_())


def test_the_same_gradient_may_be_asked_for_twice() -> None:
    ours, _, inputs_BTE, _ = pair(torch.float32)
    loss = ours(inputs_BTE)[0].square().sum()
    first = torch.autograd.grad(loss, list(ours.parameters()), retain_graph=True)
    second = torch.autograd.grad(loss, list(ours.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gates_saturate_and_what_is_no_number_stays_none(dtype: torch.dtype) -> None:
    ours, _, inputs_BTE, _ = pair(dtype)
    for size in (1e3, 1e30):
        states_BTH = ours(size * inputs_BTE)[0]
        assert torch.isfinite(states_BTH).all()
        assert states_BTH.abs().max() <= 1
    inputs_BTE[2, 4, 1] = math.nan
    states_BTH = ours(inputs_BTE)[0]
    assert states_BTH[2, 4:].isnan().all()
    assert torch.isfinite(states_BTH[2, :4]).all()
    assert torch.isfinite(states_BTH[[0, 1, 3, 4, 5]]).all()

import math

import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.functional import (
    attention_entropy,
    masked_softmax,
    masked_sparsemax,
    padding_mask,
    reverse_tokens,
    weighted_sum,
)

NORMALISERS = {"softmax": masked_softmax, "sparsemax": masked_sparsemax}

lengths = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@st.composite
def padded(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor]:
    """scores_BT with garbage on padding, and lengths_B."""
    lengths_B = torch.tensor(draw(lengths))
    width = int(lengths_B.max()) + draw(st.integers(0, 3))
    values = st.floats(-30, 30, allow_nan=False)
    scores = draw(
        st.lists(st.lists(values, min_size=width, max_size=width), min_size=len(lengths_B), max_size=len(lengths_B))
    )
    return torch.tensor(scores, dtype=torch.float64), lengths_B


@pytest.mark.parametrize("name", ["softmax", "sparsemax"])
@given(case=padded())
@settings(deadline=None, max_examples=60)
def test_weights_and_entropy_equal_their_slow_twins(name: str, case: tuple[torch.Tensor, torch.Tensor]) -> None:
    scores_BT, lengths_B = case
    mask_BT = padding_mask(lengths_B, scores_BT.shape[1])
    weights_BT = NORMALISERS[name](scores_BT, mask_BT)
    entropy_B = attention_entropy(weights_BT, mask_BT)
    for row, length in enumerate(lengths_B.tolist()):
        expected = reference.NORMALISERS[name](scores_BT[row, :length].tolist())
        assert weights_BT[row, :length].tolist() == pytest.approx(expected, abs=1e-12)
        assert weights_BT[row, length:].tolist() == [0.0] * (scores_BT.shape[1] - length)
        assert entropy_B[row].item() == pytest.approx(reference.entropy(expected), abs=1e-9)


def test_equal_scores_have_the_entropy_of_the_length() -> None:
    mask_BT = padding_mask(torch.tensor([5, 1]), 6)
    entropy_B = attention_entropy(masked_softmax(torch.zeros(2, 6), mask_BT), mask_BT)
    assert entropy_B.tolist() == pytest.approx([math.log(5), 0.0], abs=1e-6)


def test_entropy_and_its_gradient_are_finite_where_a_weight_is_zero() -> None:
    scores_BT = torch.tensor([[200.0, -200.0, 0.0]], requires_grad=True)
    mask_BT = padding_mask(torch.tensor([2]), 3)
    entropy_B = attention_entropy(masked_softmax(scores_BT, mask_BT), mask_BT)
    entropy_B.sum().backward()
    assert entropy_B.item() == pytest.approx(0.0, abs=1e-6)
    assert scores_BT.grad is not None
    assert torch.isfinite(scores_BT.grad).all()


def test_sparsemax_by_hand() -> None:
    """Two scores less than 1 apart share by their distance; one that is 1 ahead has it all; equal ones are uniform."""
    mask_BT = torch.ones(3, 3, dtype=torch.bool)
    scores_BT = torch.tensor([[0.3, 0.1, -2.0], [5.0, 4.0, 3.9], [7.0, 7.0, 7.0]])
    expected = torch.tensor([[0.6, 0.4, 0.0], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    assert torch.allclose(masked_sparsemax(scores_BT, mask_BT), expected, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e-2, 1.0, 1e4])
def test_sparsemax_sums_to_one_in_single_precision_over_a_long_review(scale: float) -> None:
    scores_BT = scale * torch.randn(2, 2500, generator=torch.Generator().manual_seed(0))
    mask_BT = padding_mask(torch.tensor([2500, 2300]), 2500)
    weights_BT = masked_sparsemax(scores_BT, mask_BT)
    assert weights_BT.sum(dim=1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    assert (weights_BT >= 0).all()


def test_sparsemax_does_not_hide_what_is_no_number() -> None:
    scores_BT = torch.tensor([[float("nan"), 1.0], [0.0, 1.0]])
    weights_BT = masked_sparsemax(scores_BT, torch.ones(2, 2, dtype=torch.bool))
    assert weights_BT.isnan().tolist() == [[True, True], [False, False]]


def test_the_gradient_of_sparsemax_and_of_its_entropy_is_that_of_finite_differences() -> None:
    """Most weights are zero, where ln has no value and the square of a distance no second derivative."""
    scores_BT = torch.tensor([[0.3, 0.1, -2.0, 9.0, 9.0], [0.2, 0.25, 0.1, -0.3, 0.15]], dtype=torch.float64)
    mask_BT = padding_mask(torch.tensor([3, 5]), 5)
    assert torch.autograd.gradcheck(lambda z: masked_sparsemax(z, mask_BT), scores_BT.requires_grad_())
    assert torch.autograd.gradcheck(lambda z: attention_entropy(masked_sparsemax(z, mask_BT), mask_BT), scores_BT)
    assert (masked_sparsemax(scores_BT, mask_BT)[mask_BT] == 0).any()


def test_weighted_sum_equals_its_slow_twin() -> None:
    weights_BHT, states_BTD = torch.rand(3, 2, 4, dtype=torch.float64), torch.rand(3, 4, 5, dtype=torch.float64)
    expected = [
        [reference.weighted(head, states) for head in heads]
        for heads, states in zip(weights_BHT.tolist(), states_BTD.tolist(), strict=True)
    ]
    assert torch.allclose(weighted_sum(weights_BHT, states_BTD), torch.tensor(expected, dtype=torch.float64))


@given(lengths, st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_reversing_turns_the_real_tokens_around_and_is_its_own_inverse(sizes: list[int], padding: int) -> None:
    lengths_B, width = torch.tensor(sizes), max(sizes) + padding
    states_BTD = torch.arange(len(sizes) * width, dtype=torch.float64).reshape(len(sizes), width, 1)
    turned = reverse_tokens(states_BTD, lengths_B)
    for row, length in enumerate(sizes):
        expected = states_BTD[row, :length].flip(0).tolist() + states_BTD[row, length:].tolist()
        assert turned[row].tolist() == expected
    assert torch.equal(reverse_tokens(turned, lengths_B), states_BTD)

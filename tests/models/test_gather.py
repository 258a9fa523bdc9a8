"""Scores and sums over rows that are not gathered: as if they were, in float64, with every gradient."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.models.functional import masked_softmax
from pipeline.models.gather import attention, dots, sums


def batch(reviews_of_query: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    table_VD = torch.randn(9, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    places_BT = torch.randint(0, 9, (4, 7), generator=generator)
    lengths_B = torch.tensor([7, 1, 3, 6])
    query = torch.randn(reviews_of_query, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    mask_BT = torch.arange(7) < lengths_B[:, None]
    weights_BT = torch.rand(4, 7, dtype=torch.float64, generator=generator) * mask_BT
    return table_VD, places_BT, lengths_B, query, weights_BT.requires_grad_(), mask_BT


def same(own: Tensor, exact: Tensor, leaves: list[Tensor]) -> None:
    assert torch.allclose(own, exact, atol=1e-13)
    given = torch.randn(own.shape, dtype=own.dtype, generator=torch.Generator().manual_seed(1))
    for mine, right in zip(
        torch.autograd.grad(own, leaves, given), torch.autograd.grad(exact, leaves, given), strict=True
    ):
        assert torch.allclose(mine, right, atol=1e-13)


@pytest.mark.parametrize("queries", [1, 4])
def test_scores_are_dot_products_with_gathered_rows(queries: int) -> None:
    table_VD, places_BT, lengths_B, query, _, mask_BT = batch(queries)
    exact = (F.embedding(places_BT, table_VD) * query[:, None]).sum(2) * mask_BT
    same(dots(table_VD, places_BT, lengths_B, query), exact, [table_VD, query])


def test_sums_are_weighted_sums_of_gathered_rows() -> None:
    table_VD, places_BT, lengths_B, _, weights_BT, mask_BT = batch(1)
    exact = ((weights_BT * mask_BT)[:, :, None] * F.embedding(places_BT, table_VD)).sum(1)
    same(sums(table_VD, places_BT, lengths_B, weights_BT), exact, [table_VD, weights_BT])


def test_gradients_reach_what_is_not_contiguous() -> None:
    """As a part of one's own may return it: a transpose, or a slice."""
    table_VD, places_BT, lengths_B, query, weights_BT, mask_BT = batch(4)
    table, asked, weights = (leaf.detach().T.contiguous().requires_grad_() for leaf in (table_VD, query, weights_BT))

    def exact_BT() -> Tensor:
        return (F.embedding(places_BT, table.T) * asked.T[:, None]).sum(2) * mask_BT

    def exact_BD(weights_BT: Tensor) -> Tensor:
        return (weights_BT[:, :, None] * F.embedding(places_BT, table.T)).sum(1)

    rows = table.T, places_BT, lengths_B
    same(dots(*rows, asked.T), exact_BT(), [table, asked])
    same(sums(*rows, weights.T), exact_BD(weights.T * mask_BT), [table, weights])
    same(attention(*rows, asked.T)[0], exact_BD(masked_softmax(exact_BT(), mask_BT)), [table, asked])


@pytest.mark.parametrize("queries", [1, 4])
@pytest.mark.parametrize("asked_for", [(True, True), (True, False), (False, True)])
def test_attention_is_a_softmax_of_scores_and_a_sum(queries: int, asked_for: tuple[bool, bool]) -> None:
    table_VD, places_BT, lengths_B, query, _, mask_BT = batch(queries)
    exact_BT = masked_softmax(dots(table_VD, places_BT, lengths_B, query), mask_BT)
    exact = sums(table_VD, places_BT, lengths_B, exact_BT), exact_BT
    own = attention(table_VD, places_BT, lengths_B, query)
    parts = [tuple(part for part, wanted in zip(both, asked_for, strict=True) if wanted) for both in (own, exact)]
    same(*(torch.cat(part, dim=1) for part in parts), [table_VD, query])
    assert (own[1] == 0).equal(~mask_BT)


def test_the_gradients_of_attention_are_those_of_differences() -> None:
    table_VD, places_BT, lengths_B, query, _, _ = batch(4)
    leaves = table_VD, query
    assert torch.autograd.gradcheck(lambda table, query: attention(table, places_BT, lengths_B, query), leaves)


def test_attention_of_frozen_rows_has_no_gradient_for_them() -> None:
    table_VD, places_BT, lengths_B, query, _, _ = batch(1)
    context_BD, _ = attention(table_VD.detach(), places_BT, lengths_B, query)
    (own,) = torch.autograd.grad(context_BD.sum(), query)
    context_BD, _ = attention(table_VD, places_BT, lengths_B, query)
    assert own.equal(torch.autograd.grad(context_BD.sum(), query)[0])


def test_attention_in_float32_keeps_its_last_places_and_large_scores() -> None:
    table_VD, places_BT, lengths_B, query, _, _ = batch(4)
    for size in (1.0, 30.0, 1e4):
        exact = attention(table_VD, places_BT, lengths_B, size * query)
        own = attention(table_VD.float(), places_BT, lengths_B, (size * query).float())
        for one, other in zip(own, exact, strict=True):
            assert torch.allclose(one.double(), other, atol=2e-6 * max(size, 1) ** 0.5)
        assert torch.allclose(own[1].sum(dim=1), torch.ones(4), atol=1e-6)


def test_padding_may_name_a_row_that_is_not_there() -> None:
    table_VD, places_BT, lengths_B, query, weights_BT, mask_BT = batch(4)
    wild_BT = places_BT.masked_fill(~mask_BT, 10**6)
    assert torch.equal(dots(table_VD, wild_BT, lengths_B, query), dots(table_VD, places_BT, lengths_B, query))
    assert torch.equal(sums(table_VD, wild_BT, lengths_B, weights_BT), sums(table_VD, places_BT, lengths_B, weights_BT))
    for own, other in zip(
        attention(table_VD, wild_BT, lengths_B, query), attention(table_VD, places_BT, lengths_B, query), strict=True
    ):
        assert torch.equal(own, other)


@pytest.mark.parametrize("kind", [torch.int32, torch.int64])
def test_what_is_no_number_stays_none(kind: torch.dtype) -> None:
    table_VD = torch.tensor([[1.0, 2.0], [float("nan"), 1.0]])
    places_BT, lengths_B = torch.tensor([[0, 0], [0, 1]], dtype=kind), torch.tensor([2, 2])
    assert dots(table_VD, places_BT, lengths_B, torch.ones(1, 2)).isnan().tolist() == [[False, False], [False, True]]
    context_BD = sums(table_VD, places_BT, lengths_B, torch.ones(2, 2))
    assert context_BD.isnan().tolist() == [[False, False], [True, False]]
    _, weights_BT = attention(table_VD, places_BT, lengths_B, torch.ones(1, 2))
    assert weights_BT.isnan().tolist() == [[False, False], [True, True]]


def test_what_does_not_fit_is_refused_before_it_is_read() -> None:
    table_VD, places_BT, lengths_B, query, weights_BT, _ = batch(4)
    for wrong in (query[:2], query[:, :3]):
        for scores in (dots, attention):
            with pytest.raises(ValueError, match="the shapes do not fit together"):
                scores(table_VD, places_BT, lengths_B, wrong)
    with pytest.raises(ValueError, match="the shapes do not fit together"):
        sums(table_VD, places_BT, lengths_B + 1, weights_BT)
    for row in (-1, 9):
        places_BT[2, 1] = row
        for scores in (dots, attention):
            with pytest.raises(IndexError, match="row is not in the table"):
                scores(table_VD, places_BT, lengths_B, query)
        with pytest.raises(IndexError, match="row is not in the table"):
            sums(table_VD, places_BT, lengths_B, weights_BT)

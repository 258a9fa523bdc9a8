import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.batching import LARGEST, Batch, evaluation_batches, training_batches
from pipeline.data.reviews import Reviews, pack


def check(reviews: Reviews, batches: list[Batch]) -> None:
    assert sorted(torch.cat([batch.index_B for batch in batches]).tolist()) == list(range(len(reviews)))
    for batch in batches:
        for row, place in enumerate(batch.index_B.tolist()):
            length = int(batch.lengths_B[row])
            assert batch.tokens_BT[row, :length].tolist() == reviews[place].tolist()
            assert not batch.tokens_BT[row, length:].any()
            assert batch.labels_B[row] == reviews.labels[place]


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_every_review_stands_in_one_batch_as_it_is(count: int, size: int, seed: int) -> None:
    reviews = tiny.reviews(count, seed)
    check(reviews, list(evaluation_batches(reviews, size)))
    check(reviews, list(training_batches(reviews, size, torch.Generator().manual_seed(seed))))


def test_the_generator_decides_the_order() -> None:
    reviews = tiny.reviews(100)
    orders = [
        torch.cat([batch.index_B for batch in training_batches(reviews, 8, torch.Generator().manual_seed(seed))])
        for seed in (0, 0, 1)
    ]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])


def test_little_is_padding() -> None:
    rng = np.random.default_rng(0)
    lengths = np.exp(rng.normal(5.3, 0.6, size=6400)).astype(int) + 1
    reviews = pack([np.ones(length, np.int32) for length in lengths], [0] * 6400, range(6400))
    batches = training_batches(reviews, 64, torch.Generator().manual_seed(0))
    computed = sum(batch.tokens_BT.numel() for batch in batches)
    assert computed < 1.05 * lengths.sum()


def test_a_review_of_a_million_tokens_makes_no_other_as_long() -> None:
    ordinary, endless = [np.ones(length, np.int32) for length in range(1, 256)], np.ones(LARGEST, np.int32)
    reviews = pack([endless, *ordinary], [0] * 256, range(256))
    batches = list(evaluation_batches(reviews, 256))
    check(reviews, batches)
    assert sum(batch.tokens_BT.numel() for batch in batches) < len(endless) + 256 * 256
    assert [len(batch.index_B) for batch in batches] == [128, 64, 32, 16, 8, 4, 2, 1, 1]


def test_a_batch_that_is_not_too_large_is_not_cut() -> None:
    reviews = pack([np.ones(length, np.int32) for length in (1, 2, LARGEST // 4)], [0] * 3, range(3))
    assert [len(batch.index_B) for batch in evaluation_batches(reviews, 4)] == [3]


def test_a_review_without_a_token_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="no attention"):
        pack([np.array([], np.int32)], [0], [0])

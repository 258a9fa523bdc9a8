"""Reviews of any lengths -> flat arrays -> padded batches -> numbers per token: nothing lost, padding never read."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from fuzz.counting import holds_for
from hypothesis import strategies as st

from pipeline.data.batching import evaluation_batches, training_batches
from pipeline.data.reviews import Reviews, pack, read_reviews, writing_reviews
from pipeline.explanation.opened import chosen, kept
from pipeline.models.functional import masked_softmax, padding_mask
from pipeline.models.gather import dots, sums

ROWS = 9  # of the vocabulary
LENGTHS = st.integers(1, 5) | st.sampled_from([1, 1, 2, 40])
FOLDER = Path(tempfile.mkdtemp()) / "reviews"


@st.composite
def ragged(draw: st.DrawFn) -> Reviews:
    lengths = draw(st.lists(LENGTHS, min_size=1, max_size=12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    encoded = [rng.integers(1, ROWS, size=length).astype(np.int32) for length in lengths]
    return pack(encoded, rng.integers(0, 2, size=len(lengths)), rng.permutation(len(lengths)))


def listed(reviews: Reviews) -> list[list[int]]:
    return [review.tolist() for review in reviews]


@holds_for(reviews=ragged(), size=st.integers(1, 14), seed=st.integers(0, 9), training=st.booleans())
def test_batches_hold_every_review_once_and_zeros_behind_it(
    reviews: Reviews, size: int, seed: int, training: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    batches = training_batches(reviews, size, generator) if training else evaluation_batches(reviews, size)
    seen: dict[int, list[int]] = {}
    for batch in batches:
        assert 1 <= len(batch.labels_B) <= size
        assert int(batch.lengths_B.max()) == batch.tokens_BT.shape[1]
        for row, place in enumerate(batch.index_B.tolist()):
            length = int(batch.lengths_B[row])
            assert place not in seen
            seen[place] = batch.tokens_BT[row, :length].tolist()
            assert not batch.tokens_BT[row, length:].any()
            assert int(batch.labels_B[row]) == reviews.labels[place]
    assert [seen[place] for place in range(len(reviews))] == listed(reviews)


@holds_for(reviews=ragged(), seed=st.integers(0, 2**32))
def test_reviews_survive_the_disk_and_being_chosen_and_cut(reviews: Reviews, seed: int) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with writing_reviews(FOLDER, reviews.lengths, reviews.labels, reviews.rows) as append:
        append(reviews.tokens)
    read = read_reviews(FOLDER)
    assert listed(read) == listed(reviews)
    rng = np.random.default_rng(seed)
    index_N = rng.permutation(len(reviews))[: rng.integers(1, len(reviews) + 1)]
    assert listed(chosen(read, index_N)) == [listed(reviews)[place] for place in index_N]
    keep = rng.random(len(reviews.tokens)) < rng.random()
    left, places = kept(read, keep)
    parts = np.split(keep, reviews.offsets[1:-1])
    cut = [review[part].tolist() for review, part in zip(reviews, parts, strict=True)]
    assert listed(left) == [review for review in cut if review]
    assert places.tolist() == [place for place, review in enumerate(cut) if review]


def loop(reviews: Reviews, table: npt.NDArray[np.float64], query: npt.NDArray[np.float64]) -> list[list[float]]:
    return [[float(table[token] @ query) for token in review] for review in reviews]


@holds_for(reviews=ragged(), seed=st.integers(0, 2**32), scale=st.sampled_from([0.0, 1.0, 50.0]))
def test_attention_over_a_ragged_batch_is_that_of_each_review_alone(reviews: Reviews, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    table, query = rng.normal(size=(ROWS, 3)), scale * rng.normal(size=3)
    (batch,) = evaluation_batches(reviews, len(reviews))
    mask_BT = padding_mask(batch.lengths_B, batch.tokens_BT.shape[1])
    places_BT = batch.tokens_BT.masked_fill(~mask_BT, ROWS + 5)  # a row that is not there: it must not be read
    rows_VD = torch.from_numpy(table)
    scores_BT = dots(rows_VD, places_BT, batch.lengths_B, torch.from_numpy(query)[None])
    weights_BT = masked_softmax(scores_BT, mask_BT)
    context_BD = sums(rows_VD, places_BT, batch.lengths_B, weights_BT)
    assert not weights_BT[~mask_BT].any()
    for row, place in enumerate(batch.index_B.tolist()):
        exponents = np.exp(np.array(scores := loop(reviews, table, query)[place]) - max(scores))
        expected = exponents / exponents.sum()
        np.testing.assert_allclose(weights_BT[row, : len(expected)], expected, atol=1e-12)
        np.testing.assert_allclose(context_BD[row], expected @ table[reviews[place]], atol=1e-10)

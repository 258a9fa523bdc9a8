from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pipeline.data.reviews import Reviews, pack
from pipeline.evaluation.examples import (
    Example,
    attended_words,
    fixed_reviews,
    make_examples,
    surest_mistakes,
    write_examples,
)
from pipeline.formats import read_results_json


def reviews_of(lengths: list[int], labels: list[int]) -> Reviews:
    return pack([np.full(length, 2, np.int32) for length in lengths], labels, range(100, 100 + len(labels)))


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 2)), min_size=1, max_size=40),
    st.integers(0, 12),
    st.integers(0, 5),
)
@settings(deadline=None, max_examples=50)
def test_the_fixed_set_is_balanced_without_repeats_and_the_same_each_time(
    drawn: list[tuple[int, int]], count: int, seed: int
) -> None:
    lengths, labels = map(list, zip(*drawn, strict=True))
    reviews = reviews_of(lengths, labels)
    positions = fixed_reviews(reviews, count, seed)
    assert positions.tolist() == fixed_reviews(reviews, count, seed).tolist()
    assert len(set(positions.tolist())) == len(positions) <= count
    classes, sizes = np.unique(labels, return_counts=True)
    for label, size in zip(classes, sizes, strict=True):
        chosen = positions[reviews.labels[positions] == label]
        assert min(size, count // len(classes)) <= len(chosen) <= min(size, count // len(classes) + 1)
        assert np.all(np.diff(reviews.lengths[chosen]) >= 0)


def test_the_fixed_set_holds_one_review_of_each_stratum_of_length() -> None:
    lengths = [*range(1, 101), *range(1, 101)]
    reviews = reviews_of(lengths, [0] * 100 + [1] * 100)
    positions = fixed_reviews(reviews, count=8, seed=3)
    assert ((reviews.lengths[positions] - 1) // 25).tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert reviews.labels[positions].tolist() == [0] * 4 + [1] * 4
    assert fixed_reviews(reviews, count=8, seed=4).tolist() != positions.tolist()


def test_what_does_not_divide_evenly_goes_to_the_first_classes() -> None:
    reviews = reviews_of([*range(1, 31)], [0] * 10 + [1] * 10 + [2] * 10)
    assert reviews.labels[fixed_reviews(reviews, count=5, seed=0)].tolist() == [0, 0, 1, 1, 2]


def test_mistakes_come_surest_first_and_ties_by_position() -> None:
    probabilities_NC = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
    labels_N = np.array([1, 0, 1, 1, 1])
    assert surest_mistakes(labels_N, probabilities_NC, 10).tolist() == [0, 1, 3, 4]
    assert surest_mistakes(labels_N, probabilities_NC, 2).tolist() == [0, 1]
    assert surest_mistakes(np.array([0]), np.array([[0.6, 0.4]]), 2).tolist() == []


def test_mistakes_of_three_classes() -> None:
    probabilities_NC = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.1, 0.8, 0.1]])
    assert surest_mistakes(np.array([2, 0, 1]), probabilities_NC, 3).tolist() == [1, 0]


def made(weights: np.ndarray | None) -> list[Example]:
    reviews = pack([np.array([2, 3]), np.array([1, 4, 2]), np.array([1])], [0, 1, 1], [40, 50, 60])
    return make_examples(
        np.array([1, 2]),
        "fixed",
        reviews=reviews,
        names=["test/pos/50.txt", "test/pos/60.txt"],
        texts=[["kubrickian", "<b>", "film"], []],
        probabilities_NC=np.array([[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]]),
        weights=weights,
        seed=7,
    )


WEIGHTS = np.array([0.5, 0.5, 0.1, 0.6, 0.3, 1.0], np.float32)


def test_a_record_holds_the_words_as_written_and_their_weights() -> None:
    first, empty = made(WEIGHTS)
    assert first == Example(
        id=50,
        name="test/pos/50.txt",
        kind="fixed",
        label=1,
        length=3,
        seed=7,
        probability=0.75,
        predicted=1,
        confidence=0.75,
        tokens=["kubrickian", "<b>", "film"],
        weights=[0.1, 0.6, 0.3],
        unknown=[0],
    )
    assert (empty.tokens, empty.weights, empty.unknown) == (["<unk>"], [1.0], [0])
    assert (empty.probability, empty.predicted, empty.confidence) == (0.1, 0, 0.9)


def test_a_text_that_is_not_the_encoded_one_is_refused() -> None:
    reviews = pack([np.array([2, 3])], [0], [0])
    with pytest.raises(AssertionError, match=r"a\.txt was encoded from another text"):
        make_examples(
            np.array([0]),
            "fixed",
            reviews=reviews,
            names=["a.txt"],
            texts=[["one"]],
            probabilities_NC=np.array([[0.5, 0.5]]),
            weights=None,
            seed=0,
        )


@pytest.mark.parametrize("weights", [WEIGHTS, None])
def test_what_is_written_is_read_back(weights: np.ndarray | None, tmp_path: Path) -> None:
    write_examples(made(weights), tmp_path / "examples.json")
    records = read_results_json(tmp_path / "examples.json")
    assert [Example(**record) for record in records] == made(weights)


def test_attention_on_a_word_adds_up_over_its_places() -> None:
    example = replace(made(WEIGHTS)[0], tokens=["a", "b", "a"], weights=[0.2, 0.3, 0.5])
    assert attended_words(example, 5) == [("a", 2, pytest.approx(0.7)), ("b", 1, 0.3)]
    assert len(attended_words(example, 1)) == 1
    assert attended_words(replace(example, weights=None), 5) == []

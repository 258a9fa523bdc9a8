"""Which reviews become tensors: all of them, or those that a published protocol keeps."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.data.prepare import build_tensors
from pipeline.data.tensors import Tensors, read_tensors

LENGTHS = [1, 3, 5, 7, 9] * 20


@pytest.fixture
def built(tmp_path: Path) -> Any:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("good 1 0\nbad 0 1\n", encoding="utf-8")
    rows = [
        {"split": split, "label": i % 2, "movie": f"{split}{i // 4}", "text": " ".join(["good"] * length)}
        for split in ("train", "test")
        for i, length in enumerate(LENGTHS)
    ]
    table = tmp_path / "reviews.parquet"
    pd.DataFrame(rows).to_parquet(table)

    def build(**protocol: Any) -> Tensors:
        settings = {"tokenizer": "whitespace", "min_count": 1, "max_size": 9, "validation_fraction": 0.2}
        build_tensors(table, vectors, tmp_path / "tensors", **settings, validation_seed=0, **protocol)
        return read_tensors(tmp_path / "tensors")

    return build


def test_without_a_protocol_every_review_stands_in_one_split(built: Any) -> None:
    splits = built().splits
    assert sorted(np.concatenate([reviews.rows for reviews in splits.values()])) == list(range(200))
    assert list(splits["test"].rows) == list(range(100, 200))


def test_longer_reviews_are_left_out_of_every_split(built: Any) -> None:
    splits = built(max_tokens=5).splits
    assert sum(len(reviews) for reviews in splits.values()) == 120
    assert {int(length) for reviews in splits.values() for length in reviews.lengths} == {1, 3, 5}


def test_a_fraction_of_the_test_reviews_is_drawn_and_of_no_others(built: Any) -> None:
    whole, part = built().splits, built(test_fraction=0.25).splits
    assert len(part["test"]) == 25
    assert set(part["test"].rows) < set(whole["test"].rows)
    assert list(part["test"].rows) == sorted(part["test"].rows)
    assert list(part["test"].rows) != list(whole["test"].rows[:25])
    assert list(part["train"].rows) == list(whole["train"].rows)
    assert list(part["test"].rows) == list(built(test_fraction=0.25).splits["test"].rows)


def test_a_limit_that_keeps_nothing_is_refused(built: Any) -> None:
    with pytest.raises(ValueError, match="at least two movies"):
        built(max_tokens=0.5)  # not even the shortest

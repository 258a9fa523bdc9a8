"""Which reviews become tensors, and that they do so a portion at a time: the same files, and nothing left behind."""

import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
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

    def build(change: dict[str, Any] | None = None, rows: Any = slice(None), **protocol: Any) -> Tensors:
        settings = {"tokenizer": "whitespace", "min_count": 1, "max_size": 9, "validation_fraction": 0.2} | protocol
        changed = tmp_path / "changed.parquet"
        pd.read_parquet(table).iloc[rows].assign(**(change or {})).to_parquet(changed)
        build_tensors(changed, vectors, tmp_path / "tensors", **settings, validation_seed=0)
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": 1}, "no review of the class 'negative' is among the 80 to train on"),
        ({"label": 2}, r"row 0 of the reviews: label = 2 is none of \(0, 1\)"),
        ({"split": "test"}, "at least two movies: 0 training reviews of 0 are left"),
        ({"split": "train"}, "the test split has no reviews"),
        ({"split": "validation"}, r"row 0 of the reviews: split = validation is none of \('train', 'test'\)"),
        ({"movie": "one"}, "at least two movies: 100 training reviews of 1 are left"),
        ({"text": None}, "row 0 of the reviews: text = None is no text"),
        ({"text": "zzz"}, "no word of the training texts has a vector in .*vectors.txt: are both of one language"),
        ({"text": ""}, "no word of the training texts has a vector"),
    ],
)
def test_a_corpus_that_nothing_can_be_learned_from_is_refused_with_the_reason(
    built: Any, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        built(change=change)
    assert len(str(caught.value).splitlines()) == 1


def test_a_minimum_that_no_word_reaches_is_named(built: Any) -> None:
    with pytest.raises(ValueError, match="no word with a vector stands 9999 times in the training texts, as min_count"):
        built(min_count=9999)


def test_five_reviews_are_a_corpus(built: Any) -> None:
    splits = built(rows=[0, 1, 4, 5, 100]).splits
    assert {split: len(reviews) for split, reviews in splits.items()} == {"train": 2, "validation": 2, "test": 1}


def test_three_reviews_are_not(built: Any) -> None:
    with pytest.raises(ValueError, match="no review of the class 'positive' is among the 1 to train on"):
        built(rows=[0, 4, 100])


def test_a_class_without_a_review_to_train_on_is_named(built: Any) -> None:
    with pytest.raises(ValueError, match="no review of the class 'middling' is among the 80 to train on"):
        built(classes=("bad", "good", "middling"))


def test_a_limit_that_keeps_nothing_is_refused(built: Any) -> None:
    with pytest.raises(ValueError, match="at least two movies"):
        built(max_tokens=0.5)  # not even the shortest


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[..., dict[str, float]]:
    """Reviews of words from a small and a large vocabulary, some of them empty; how a test builds tensors of them."""
    draw = random.Random(0)
    common, rare = [f"word{i}" for i in range(50)], [f"name{i}" for i in range(900)]
    rows = [
        {
            "split": draw.choice(["train", "test"]),
            "label": draw.randrange(2),
            "movie": f"tt{draw.randrange(40)}",
            "text": " ".join(draw.choice([*common, draw.choice(rare)]) for _ in range(draw.choice([0, 1, 20, 60]))),
        }
        for _ in range(600)
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "reviews.parquet")
    vectors = [f"{word} {draw.random()} {draw.random()}" for word in common + rare[::2]]
    (tmp_path / "vectors.txt").write_text("\n".join(vectors) + "\n", encoding="utf-8")

    def build(out: str) -> dict[str, float]:
        return build_tensors(
            tmp_path / "reviews.parquet",
            tmp_path / "vectors.txt",
            tmp_path / out,
            **{"tokenizer": "glove", "min_count": 2, "max_size": 400, "validation_fraction": 0.2},
            **{"validation_seed": 0, "max_tokens": 59, "test_fraction": 0.9},
        )

    return build


def test_many_portions_in_processes_give_the_files_of_one_portion(
    corpus: Callable[..., dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    covered = corpus("one")
    monkeypatch.setattr("pipeline.data.tokenised.PORTION", 37)
    assert corpus("many") == covered
    pq.write_table(pq.read_table(tmp_path / "reviews.parquet"), tmp_path / "reviews.parquet", row_group_size=11)
    assert corpus("groups") == covered
    one, many, groups = (files(tmp_path / name) for name in ("one", "many", "groups"))
    assert one == many
    changed = {name for name in one if one[name] != groups[name]}
    assert changed == {"reviews.parquet", "manifest.json"}, "the copy of the table, and the digest of it all"
    assert one.keys() == groups.keys()


@pytest.mark.parametrize("most", [0, 150, 10**6])
def test_a_process_that_forgets_its_pieces_gives_the_same_files(
    corpus: Callable[..., dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    corpus("one")
    monkeypatch.setattr("pipeline.data.tokenised.PORTION", 37)
    monkeypatch.setattr("pipeline.data.tokenised.MOST_PIECES", most)
    monkeypatch.setattr("pipeline.data.tokenised.in_processes", lambda work, items, preload: map(work, items))
    corpus("many")
    assert files(tmp_path / "one") == files(tmp_path / "many")


def test_tensors_are_what_a_reading_of_all_texts_at_once_gives(
    corpus: Callable[..., dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.data.tokenised.PORTION", 100)
    covered, table = corpus("tensors"), pd.read_parquet(tmp_path / "reviews.parquet")
    found = read_tensors(tmp_path / "tensors")
    rows = {word: row for row, word in enumerate(found.vocabulary.words)}
    counts: Counter[int] = Counter()
    for split, reviews in found.splits.items():
        assert list(reviews.labels) == list(table["label"].iloc[reviews.rows])
        for own, place in zip(reviews, reviews.rows, strict=True):
            expected = [rows.get(word, 1) for word in table["text"][place].split()] or [1]
            assert list(own) == expected
            counts.update(expected if split == "train" else [])
        known = 1 - np.mean(np.concatenate([*reviews]) == 1)
        assert covered[f"{split}_tokens_known"] == pytest.approx(known, abs=1e-12)
    assert list(found.counts) == [counts[row] for row in range(len(found.vocabulary))]
    texts = table["text"].iloc[found.splits["train"].rows]
    times = Counter(word for text in texts for word in text.split())
    assert covered["train_types"] == len(times)
    frequent = {word for word, count in times.items() if count >= 2}
    assert set(found.vocabulary.words[2:]) <= frequent
    numbers = [times[word] for word in found.vocabulary.words[2:]]
    assert numbers == sorted(numbers, reverse=True)
    assert (table["text"].iloc[found.splits["test"].rows] == "").any(), "an empty review is one unknown word"


def killed(texts: Any, tokenizer: str, run: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_one_error_and_leaves_the_old_tensors_alone(
    corpus: Callable[..., dict[str, float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensors.part").mkdir()
    (tmp_path / "tensors.part/scratch").write_bytes(b"what a kill left")
    corpus("tensors")
    before = files(tmp_path / "tensors")
    monkeypatch.setattr("pipeline.data.tokenised.PORTION", 100)
    monkeypatch.setattr("pipeline.data.tokenised._tokenise", killed)
    with pytest.raises(ChildProcessError, match="a working process was killed: is there enough memory"):
        corpus("tensors")
    assert files(tmp_path / "tensors") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reviews.parquet", "tensors", "vectors.txt"]


def test_a_full_disk_is_an_error_and_leaves_nothing(corpus: Callable[..., dict[str, float]], tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            corpus("tensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reviews.parquet", "vectors.txt"]

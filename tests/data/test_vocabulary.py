from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.embeddings import embedding_matrix, read_vectors
from pipeline.data.vocabulary import Vocabulary, choose_words


def test_words_are_chosen_by_count_and_then_by_name() -> None:
    counts = Counter({"film": 5, "good": 3, "bad": 3, "rare": 1, "unheard": 9})
    known = {"film", "good", "bad", "rare"}
    assert choose_words(counts, known, min_count=2, max_size=10) == ["film", "bad", "good"]
    assert choose_words(counts, known, min_count=1, max_size=2) == ["film", "bad"]


def test_unknown_words_and_empty_texts_are_one_row() -> None:
    vocabulary = Vocabulary(["film", "good"])
    assert vocabulary.encode(["good", "dreadful", "film"]).tolist() == [3, 1, 2]
    assert vocabulary.encode([]).tolist() == [1]
    assert vocabulary.encode(["<pad>", "<unk>"]).tolist() == [1, 1], "a text cannot spell padding"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    vocabulary = Vocabulary(["film", "é", "\u200b", "#"])
    vocabulary.write(tmp_path / "words.txt")
    assert Vocabulary.read(tmp_path / "words.txt").words == vocabulary.words


def test_vectors_of_the_wanted_words_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("film 1 2\nthe nan 0\ngood 3.5 -1e-1\nfilm 9 9\n", encoding="utf-8")
    vectors = read_vectors(path, {"film", "good", "absent"})
    assert {word: vector.tolist() for word, vector in vectors.items()} == {
        "film": [1.0, 2.0],
        "good": [3.5, pytest.approx(-0.1)],
    }
    matrix = embedding_matrix(("<pad>", "<unk>", "film", "good"), vectors)
    assert matrix.dtype == np.float32
    assert matrix[0].tolist() == [0.0, 0.0]
    assert matrix[1].tolist() == pytest.approx([2.25, 0.95])


@pytest.mark.parametrize(
    "line",
    [
        "bad",
        "bad ",
        "bad 1",
        "bad 1 2 3",
        "bad 1 x",
        "bad 1 nan",
        "bad 1 inf",
        "bad 1 1e39",
        "bad 1 \x00",
        "bad 1 2 3 4",
    ],
)
def test_a_broken_line_of_a_wanted_word_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(f"film 1 2\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"vectors.txt, line 2: 2 finite numbers are needed after the word 'bad"):
        read_vectors(path, {"bad"})


@pytest.mark.parametrize("first", ["film 1 2", ". . . 5 5", "7 1 2", "at name@domain.com 3 4"])
def test_words_with_spaces_are_passed_over_wherever_they_stand(tmp_path: Path, first: str) -> None:
    """As they stand in GloVe 840B."""
    path = tmp_path / "vectors.txt"
    path.write_text(f"{first}\n. . . 5 5\nat name@domain.com 3 4\n. 1 0\nat 0 1\n. 9 9\n", encoding="utf-8")
    vectors = read_vectors(path, {".", "at", "name@domain.com"})
    assert {word: vector.tolist() for word, vector in vectors.items()} == {".": [1, 0], "at": [0, 1]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"film\ngood 1 2\n", "vectors.txt, line 1: no numbers follow the word 'film'"),
        (b"\n", "vectors.txt, line 1: no numbers follow the word ''"),
        (b"film 1 x\n", "vectors.txt, line 1: no numbers follow the word 'film'"),
        (b"film 1\ngood 1 2\n", "line 2: 1 finite numbers are needed after the word 'good', as many as in line 1"),
        (b"film 1 2\n" + b"good" * 500_000, "line 2: it has 1,048,576 bytes or more: this is no file of vectors"),
        (b"\x1b[2J\xff no\n", r"line 1: no numbers follow the word '\\x1b\[2J\ufffd'"),
    ],
)
def test_a_file_that_is_no_file_of_vectors_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "vectors.txt").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_vectors(tmp_path / "vectors.txt", {"good"})

"""Word vectors of one's own in the formats that are in use, read back, or one line that says what is wrong."""

import gzip
from pathlib import Path

import pytest

from pipeline.data import own_vectors
from pipeline.data.embeddings import read_vectors
from pipeline.data.own_vectors import rewrite

LINES = "gut 1 0.5\n电影 -2e-1 3\nb\u00a0c 5 6 \n"


@pytest.mark.parametrize("content", [LINES, "3 2\n" + LINES, LINES.replace("\n", "\r\n"), LINES + "\n", LINES.strip()])
@pytest.mark.parametrize("packed", [False, True])
def test_glove_and_word2vec_plain_and_packed_are_the_same_vectors(tmp_path: Path, content: str, packed: bool) -> None:
    path, out = tmp_path / "vectors", tmp_path / "out.txt"
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    assert rewrite(path, out) == (3, 2)
    found = read_vectors(out, {"gut", "电影", "b\u00a0c", "fehlt"})
    assert {word: vector.tolist() for word, vector in found.items()} == {
        "gut": [1, 0.5],
        "电影": [pytest.approx(-0.2), 3],
        "b\u00a0c": [5, 6],
    }


@pytest.mark.parametrize("first", ["", "3 2\n"])
def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path, first: str) -> None:
    path, out = tmp_path / "vectors", tmp_path / "out.txt"
    path.write_text(first + LINES, encoding="utf-8-sig")
    assert rewrite(path, out) == (3, 2)
    assert read_vectors(out, {"gut"}).keys() == {"gut"}


def test_words_with_white_space_as_glove_840b_has_them_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("a 1 2 3\n. . . 4 5 6\nat name@domain.com 7 8 9\n", encoding="utf-8")
    assert rewrite(path, tmp_path / "out.txt") == (1, 3)


def test_the_largest_numbers_are_read_as_they_are(tmp_path: Path) -> None:
    path, out = tmp_path / "vectors.txt", tmp_path / "out.txt"
    path.write_text("a 3.4028235e38 1e-40\nb -3.4028235e38 -1e-400\n", encoding="utf-8")
    assert rewrite(path, out) == (2, 2)
    assert read_vectors(out, {"a", "b"}).keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1 2\nb 3\n", r"line 2: a word and 2 finite numbers .* it has 2 fields, 'b 3'"),
        (b"2 2\na 1 2 3\nb 4 5 6\n", "line 2: a word and 2 finite numbers .* it has 4 fields"),
        (b"a 1 2\nb 3 x\n", "line 2: .*'b 3 x'"),
        (b"a 1 2\nb nan 2\n", "line 2: .*'b nan 2'"),
        (b"a 1 2\nb 3 inf\n", "line 2: .*'b 3 inf'"),
        (b"a 1 2\nb 3 1e39\n", r"line 2: a word and 2 finite numbers \(float32\) .*'b 3 1e39'"),
        (b"9" * 5000 + b" 2\na 1 2\n", "line 1: its numbers have more than 9 digits"),
        (b"2 " + b"9" * 5000 + b"\na 1 2\n", "line 1: its numbers have more than 9 digits"),
        (b"a 1 2\nb" + b" 1" * (1 << 19), "line 2: 1,048,576 bytes or more"),
        (gzip.compress(b"a 1 2\nb" + b"1" * (1 << 21)), "line 2: 1,048,576 bytes or more"),
        (b"3 2\na 1 2\nb 3 4\n", "3 words are promised in its first line, but it has 2"),
        (b"2 2\na 1 2\n\xf1\x00\x9c\xbd", "line 3: .* no binary ones"),
        (b"word,0.1,0.2\n", "line 1: "),
        (b"", "holds no word vectors"),
        (gzip.compress(b"a 1 2\n" * 1000)[:-9], "a damaged or incomplete .gz file"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(tmp_path: Path, content: bytes, message: str) -> None:
    path, out = tmp_path / "mine.vec", tmp_path / "out.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        rewrite(path, out)
    assert "mine.vec" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("largest", [1 << 20, 7 << 20])
def test_a_small_file_does_not_unpack_to_more_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(own_vectors, "LARGEST", largest)
    path, out, words = tmp_path / "mine.vec.gz", tmp_path / "out.txt", 1_000_000
    path.write_bytes(gzip.compress(b"a 1 2\n" * words))
    assert path.stat().st_size < 100_000
    if largest > 6 * words:
        assert rewrite(path, out) == (words, 2)
    else:
        with pytest.raises(ValueError, match=r"mine.vec.gz: it unpacks to more than 1,048,576 bytes"):
            rewrite(path, out)
        assert list(tmp_path.iterdir()) == [path]

"""Any file -> word vectors or one line that says why not."""

import tempfile
from pathlib import Path

import numpy as np
from fuzz.counting import holds_for, refusal
from hypothesis import strategies as st

from pipeline.data.embeddings import embedding_matrix, read_vectors

PATH = Path(tempfile.mkdtemp()) / "vectors.txt"
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n\r"), min_size=1, max_size=8)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
VALUES = st.sampled_from([b"1", b"-0.5", b"1e400", b"nan", b"inf", b"x", b"", b"\xff", b"0x1", b"1_0", "٣".encode()])
LINES = st.lists(st.sampled_from([b"good", b"bad", b"film", b"\xff\xfe", b""]) | VALUES, max_size=5).map(b" ".join)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[float]]:
    words = draw(st.lists(WORDS, unique=True, min_size=1, max_size=6))
    size = draw(st.integers(1, 5))
    return {word: draw(st.lists(NUMBERS, min_size=size, max_size=size)) for word in words}


@holds_for(table=tables())
def test_vectors_are_read_as_they_were_written(table: dict[str, list[float]]) -> None:
    lines = [" ".join([word, *map(repr, numbers)]) for word, numbers in table.items()]
    PATH.write_bytes("\n".join(lines).encode() + b"\n")
    found = read_vectors(PATH, table.keys())
    assert {word: vector.tolist() for word, vector in found.items()} == table
    matrix = embedding_matrix(("<pad>", "<unk>", *table), found)
    np.testing.assert_array_equal(matrix[2:], np.array(list(table.values()), np.float32))
    assert not matrix[0].any()
    assert np.isfinite(matrix).all()


@holds_for(content=st.lists(LINES, max_size=6).map(b"\n".join) | st.binary(max_size=60))
def test_a_file_of_anything_is_vectors_of_one_length_or_one_line_that_names_the_place(content: bytes) -> None:
    PATH.write_bytes(content)
    wanted = {"good", "bad", "1", ""}
    if words := refusal(lambda: read_vectors(PATH, wanted)):
        assert words.startswith(f"{PATH}, line ")
        assert "finite numbers are needed after the word" in words or "line 1: no numbers follow the word" in words
        assert len(words.splitlines()) == 1
    else:
        found = read_vectors(PATH, wanted).values()
        assert len({len(vector) for vector in found}) <= 1
        assert all(np.isfinite(vector).all() and vector.dtype == np.float32 for vector in found)

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.embeddings import read_vectors

NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False).map(repr)
FIELDS = st.sampled_from(["1e39", "1.5.5", "1-2", "e", ".", "", "\t2", "1_0", "nan", "1e-46", "1e400"])
VECTORS = st.lists(NUMBERS, min_size=2, max_size=2) | st.lists(FIELDS | NUMBERS, max_size=3)


def by_itself(values: str) -> list[float] | None:
    """Two numbers; none where the word has spaces. A ValueError where it is refused."""
    fields = values.split()
    if len(fields) > 2 and not all(map(is_number, fields[:-2])):
        return None
    with np.errstate(over="ignore"):
        numbers = np.array([float(field) for field in fields], dtype=np.float32)
    if len(numbers) != 2 or not np.isfinite(numbers).all():
        raise ValueError
    return list(map(float, numbers))


def is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


@given(vectors=st.lists(VECTORS.map(" ".join), max_size=3))
@settings(deadline=None, max_examples=1000)
def test_lines_that_are_read_together_are_what_each_is_by_itself(
    tmp_path_factory: pytest.TempPathFactory, vectors: list[str]
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "vectors.txt"
    lines = dict(zip("abc", vectors, strict=False))
    path.write_text("first 1 2\n" + "".join(f"{word} {values}\n" for word, values in lines.items()), encoding="utf-8")
    try:
        expected = {word: vector for word, values in lines.items() if (vector := by_itself(values))}
    except ValueError:
        with pytest.raises(ValueError, match=r"line .: 2 finite numbers are needed"):
            read_vectors(path, lines.keys())
    else:
        assert {word: vector.tolist() for word, vector in read_vectors(path, lines.keys()).items()} == expected

"""Word vectors in GloVe's text format: a line per word, the word and then its numbers, single spaces between."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.progress import Progress

MB = 1e6  # bytes
LONGEST = 1 << 20  # bytes of a line
LINES = 4096  # whose numbers are read at a time
PLAIN = b"+-.0123456789e \n"  # what numbers are made of, as a rule


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, npt.NDArray[np.float32]]:
    """The vectors of the wanted words, in one pass that keeps nothing else in memory.

    Of a word that stands twice the first line counts. A word with spaces in it (GloVe 840B has ". . .") is passed over:
    no token is one.

    Returns:
        word -> (E,) float32, for those of the wanted words that the file has.

    Raises:
        ValueError: a wanted line has another number of values than the first line, or one that is no finite number.
    """
    vectors: dict[str, npt.NDArray[np.float32]] = {}
    lines = _lines(path)
    if not (first := next(lines, b"")):
        return vectors
    dimensions = _dimensions(first, path)
    found = _wanted_lines(chain([first], lines), wanted)
    while some := list(islice(found, LINES)):
        block = _plain_vectors([line.values for line in some], dimensions)
        if block is not None:
            for line, vector in zip(some, block, strict=True):
                vectors.setdefault(line.word, vector)
            continue
        for line in some:
            if line.word not in vectors and (vector := _vector(line, dimensions, path)) is not None:
                vectors[line.word] = vector
    return vectors


class _Line(NamedTuple):
    number: int
    word: str
    values: bytes


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file, Progress() as progress:
        task = progress.task("reading word vectors", path.stat().st_size / MB, "MB")
        for number, line in enumerate(iter(partial(file.readline, LONGEST), b""), start=1):
            if len(line) == LONGEST:
                raise ValueError(f"{path}, line {number}: it has {LONGEST:,} bytes or more: this is no file of vectors")
            if number % LINES == 0:
                task.reach(file.tell() / MB)
            yield line


def _wanted_lines(lines: Iterable[bytes], wanted: Collection[str]) -> Iterator[_Line]:
    word_of = {word.encode(errors="surrogatepass"): word for word in wanted}
    for number, line in enumerate(lines, start=1):
        start, _, values = line.partition(b" ")
        if (word := word_of.get(start.rstrip(b"\n"))) is not None:
            yield _Line(number, word, values)


def _plain_vectors(values: list[bytes], dimensions: int) -> npt.NDArray[np.float32] | None:
    """The vectors of many lines at once, in half the time; None unless each is that many finite numbers, and plain."""
    if b"".join(values).translate(None, PLAIN) or not all(map(bytes.strip, values)):
        return None
    try:
        with np.errstate(over="ignore"):
            vectors = np.loadtxt(values, dtype=np.float32, delimiter=" ", comments=None, ndmin=2)
    except ValueError:
        return None
    return vectors if vectors.shape[1] == dimensions and np.isfinite(vectors).all() else None


def _vector(line: _Line, dimensions: int, path: Path) -> npt.NDArray[np.float32] | None:
    """The vector of a line; None where its word has spaces."""
    numbers = line.values.split()
    if len(numbers) > dimensions and not all(map(_is_number, numbers[:-dimensions])):
        return None
    try:
        with np.errstate(over="ignore"):  # 1e39 is no float32: it becomes inf, and an error below
            vector = np.array(numbers, dtype=np.float32)
    except ValueError:
        vector = np.array([np.nan], dtype=np.float32)
    if len(vector) != dimensions or not np.isfinite(vector).all():
        raise ValueError(
            f"{path}, line {line.number}: {dimensions} finite numbers are needed after the word {line.word!r:.40}, "
            "as many as in line 1; delete the file and run its stage again"
        )
    return vector


def _dimensions(line: bytes, path: Path) -> int:
    """How many numbers end the line, the word before them aside: it may be a number, or have spaces in it."""
    first, _, values = line.partition(b" ")
    count = sum(1 for _ in takewhile(_is_number, reversed(values.split())))
    if not count:
        raise ValueError(f"{path}, line 1: no numbers follow the word {first.decode(errors='replace').strip()!r:.40}")
    return count


def _is_number(value: bytes) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def embedding_matrix(words: Sequence[str], vectors: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """The rows of a vocabulary.

    Args:
        words: `Vocabulary.words`: padding, unknown, then words that all have a vector.
        vectors: word -> (E,)

    Returns:
        (V, E) float32: zeros for padding, the mean of all other rows for unknown words.
    """
    rows = np.stack([vectors[word] for word in words[2:]])
    dimensions = rows.shape[1]
    unknown = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.concatenate([np.zeros((1, dimensions), np.float32), unknown[None], rows])

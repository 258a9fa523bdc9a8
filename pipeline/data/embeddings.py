"""Word vectors in GloVe's text format: a line per word, the word and then its numbers, single spaces between."""

from collections.abc import Collection, Sequence
from functools import partial
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.progress import Progress

MB = 1e6  # bytes
LONGEST = 1 << 20  # bytes of a line


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
    dimensions = 0
    # 1e39 is no float32: it becomes inf, and an error below
    with path.open("rb") as lines, Progress() as progress, np.errstate(over="ignore"):
        task = progress.task("reading word vectors", path.stat().st_size / MB, "MB")
        for number, line in enumerate(iter(partial(lines.readline, LONGEST), b""), start=1):
            task.advance(len(line) / MB)
            if len(line) == LONGEST:
                raise ValueError(f"{path}, line {number}: it has {LONGEST:,} bytes or more: this is no file of vectors")
            dimensions = dimensions or _dimensions(line, path)
            word_bytes, _, values = line.partition(b" ")
            word = word_bytes.decode("utf-8", errors="replace").rstrip("\n")
            if word not in wanted or word in vectors:
                continue
            numbers = values.split()
            if len(numbers) > dimensions and not all(map(_is_number, numbers[:-dimensions])):
                continue
            try:
                vector = np.array(numbers, dtype=np.float32)
            except ValueError:
                vector = np.array([np.nan], dtype=np.float32)
            if len(vector) != dimensions or not np.isfinite(vector).all():
                raise ValueError(
                    f"{path}, line {number}: {dimensions} finite numbers are needed after the word {word!r:.40}, "
                    "as many as in line 1; delete the file and run its stage again"
                )
            vectors[word] = vector
    return vectors


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

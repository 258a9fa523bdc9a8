"""Word vectors in GloVe's text format: a line per word, the word and then its numbers, single spaces between."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, npt.NDArray[np.float32]]:
    """The vectors of the wanted words, in one pass that keeps nothing else in memory.

    Returns:
        word -> (E,) float32, for those of the wanted words that the file has.

    Raises:
        ValueError: a wanted line has another number of values than the first line, or one that is no finite number.
    """
    vectors: dict[str, npt.NDArray[np.float32]] = {}
    dimensions: int | None = None
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if dimensions is None:
                dimensions = line.count(b" ")
            word_bytes, _, values = line.partition(b" ")
            word = word_bytes.decode("utf-8", errors="replace")
            if word not in wanted or word in vectors:
                continue
            try:
                vector = np.array(values.split(), dtype=np.float32)
            except ValueError:
                vector = np.array([np.nan], dtype=np.float32)
            if len(vector) != dimensions or not np.isfinite(vector).all():
                raise ValueError(
                    f"{path}, line {number}: {dimensions} finite numbers are needed after the word {word!r:.40}; "
                    "delete the file and run its stage again"
                )
            vectors[word] = vector
    return vectors


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

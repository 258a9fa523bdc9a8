"""Encoded reviews as flat arrays: all tokens in a row, and where each review starts. Opened by memory map."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.formats import reading

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Reviews:
    """N reviews of at least one token each.

    Attributes:
        tokens: (all tokens,) int32 rows of the vocabulary.
        offsets: (N + 1,) int64; review i is tokens[offsets[i]:offsets[i + 1]].
        labels: (N,) int64 classes.
        rows: (N,) int64 rows of the corpus's table of reviews.
    """

    tokens: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Number of reviews."""
        return len(self.labels)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """(N,) tokens of each review."""
        return np.diff(self.offsets)

    def __iter__(self) -> Iterator[npt.NDArray[np.int32]]:
        """The tokens of each review."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> npt.NDArray[np.int32]:
        """The tokens of one review."""
        return self.tokens[self.offsets[index] : self.offsets[index + 1]]


def pack(encoded: list[npt.NDArray[np.int32]], labels: npt.ArrayLike, rows: npt.ArrayLike) -> Reviews:
    """A list of encoded reviews as flat arrays."""
    lengths = np.array([len(tokens) for tokens in encoded], dtype=np.int64)
    assert (lengths > 0).all(), "a review without a token has no attention"
    return Reviews(
        tokens=np.concatenate(encoded),
        offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        labels=np.asarray(labels, dtype=np.int64),
        rows=np.asarray(rows, dtype=np.int64),
    )


@contextmanager
def writing_reviews(
    folder: Path, lengths: npt.NDArray[np.int64], labels: npt.ArrayLike, rows: npt.ArrayLike
) -> Iterator[Callable[[npt.NDArray[np.int32]], object]]:
    """Writes one .npy file per array; yields what appends the tokens of some reviews, which need not fit into memory.

    Args:
        folder: is made.
        lengths: (N,) tokens of each review.
        labels: (N,)
        rows: (N,)
    """
    assert (lengths > 0).all(), "a review without a token has no attention"
    folder.mkdir(parents=True)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    np.save(folder / "offsets.npy", offsets)
    np.save(folder / "labels.npy", np.asarray(labels, dtype=np.int64))
    np.save(folder / "rows.npy", np.asarray(rows, dtype=np.int64))
    with (folder / "tokens.npy").open("wb") as file:  # not a map of it: a full disk would end the process by a signal
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.int32)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (int(offsets[-1]),)})
        start = file.tell()
        yield lambda tokens: file.write(tokens.data)
        assert file.tell() == start + 4 * offsets[-1], "tokens of other lengths than announced"


def read_reviews(folder: Path) -> Reviews:
    """The arrays that `writing_reviews` wrote, mapped, not loaded.

    Raises:
        ValueError: one is damaged, or they do not belong together.
    """
    arrays = {name: read_array(folder / f"{name}.npy") for name in Reviews.__dataclass_fields__}
    offsets, labels, rows = (arrays[name] for name in ("offsets", "labels", "rows"))
    with reading(folder):
        if not len(offsets) - 1 == len(labels) == len(rows) or offsets[-1] != len(arrays["tokens"]):
            raise ValueError("its arrays are not of one length")
    return Reviews(**arrays)


def read_array(path: Path) -> npt.NDArray[Any]:
    """An array on disk, mapped, not loaded.

    Raises:
        ValueError: it is damaged.
    """
    with reading(path):
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(mapped)  # the same pages, in an array that is as quick to index as any

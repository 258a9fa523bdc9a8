"""The texts of a table as numbers of words, in a file: tokenised once, on all cores, and read as often as needed.

No more than a few portions of the texts are in memory at a time, however many there are.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from pipeline.data.tokenizer import Tokenizer, make_tokenizer
from pipeline.processes import in_processes
from pipeline.progress import Progress

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

PORTION = 5000  # texts that one process tokenises at a time
MOST_PIECES = 500_000  # that a process remembers, in some 100 MB
SIZE = np.dtype(np.int32).itemsize
NO_WORD = ""  # what a text without a token is made of; number 0
_NONE = np.zeros(0, dtype=np.int32)


class Numbers(dict[str, int]):
    """A number for every string, in the order in which they are met."""

    def __missing__(self, string: str) -> int:
        self[string] = len(self)
        return self[string]


@dataclass(frozen=True)
class TokenisedTexts:
    """N texts of at least one token each.

    Attributes:
        numbers: of each of the W words.
        lengths: (N,) int64 tokens of each text; one, `NO_WORD`, where the tokeniser found none.
        file: int32, the numbers of all tokens in a row.
    """

    numbers: dict[str, int]
    lengths: npt.NDArray[np.int64]
    file: Path

    def portions(self) -> Iterator[tuple[slice, npt.NDArray[np.int32]]]:
        """Some texts after others: which of the N, and the numbers of all their tokens."""
        with self.file.open("rb") as file:
            for start in range(0, len(self.lengths), PORTION):
                texts = slice(start, start + PORTION)
                yield texts, np.fromfile(file, dtype=np.int32, count=int(self.lengths[texts].sum()))


@contextmanager
def tokenised(table: Path, tokenizer: str, scratch: Path) -> Iterator[TokenisedTexts]:
    """Tokenises the column `text` of a parquet table.

    Args:
        table: read a portion at a time, whatever the size of its row groups.
        tokenizer: a name that `make_tokenizer` knows.
        scratch: file for the numbers, four bytes a token; gone when the block ends.

    Raises:
        ValueError: there is no tokeniser of that name.
        ChildProcessError: a process that tokenised was killed.
    """
    from pyarrow.parquet import ParquetFile

    make_tokenizer(tokenizer)  # a wrong name is an error of this process
    numbers, lengths = Numbers({NO_WORD: 0}), [np.zeros(0, np.int64)]
    try:
        # Mapped: otherwise pyarrow holds the compressed texts of a whole row group, which may be all of the table.
        with ParquetFile(table, memory_map=True) as source, scratch.open("wb") as file:
            work = partial(_tokenise, tokenizer=tokenizer, run=uuid4().hex)
            number_of: dict[int, npt.NDArray[np.int32]] = {}  # of each process, its own numbers of words -> ours
            with Progress() as progress:
                task = progress.task("tokenising", source.metadata.num_rows, "texts")
                for portion in in_processes(work, _texts(source), preload=__name__):
                    known_W = number_of.get(portion.process, _NONE)[: portion.known]
                    new_W = np.array([numbers[word] for word in portion.words], dtype=np.int32)
                    number_of[portion.process] = number_W = np.concatenate([known_W, new_W])
                    file.write(number_W[portion.tokens].data)
                    lengths.append(portion.lengths)
                    task.advance(len(portion.lengths))
        yield TokenisedTexts(numbers, np.concatenate(lengths), scratch)
    finally:
        scratch.unlink(missing_ok=True)


def _texts(source: "ParquetFile") -> Iterator[list[str]]:
    row = 0
    for batch in source.iter_batches(PORTION, columns=["text"]):
        texts = batch.column(0)
        if texts.null_count:
            missing = row + texts.is_null().to_pylist().index(True)
            raise ValueError(f"row {missing} of the reviews: text = None is no text")
        yield texts.to_pylist()  # as plain strings: a process that tokenises need not import pyarrow
        row += len(texts)


class _Portion(NamedTuple):
    """Texts as numbers of words, which their process gave: all tokens in a row, and how many each text has.

    The process says each of its words once: there are `known` that it said before, and `words` have the next numbers.
    """

    process: int
    known: int
    words: list[str]
    lengths: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int32]


class _Numbers(dict[str, bytes]):
    """Those of words, in the order in which they are met, as the four bytes that stand in a row of tokens."""

    def __missing__(self, word: str) -> bytes:
        self[word] = len(self).to_bytes(SIZE, sys.byteorder)
        return self[word]


class _Pieces(dict[str, bytes]):
    """The numbers of the words of every piece between white space: each piece is tokenised once.

    Args:
        tokenizer: of texts.
        numbers: of words, old and new.
    """

    def __init__(self, tokenizer: Tokenizer, numbers: _Numbers) -> None:
        super().__init__()
        self.tokenizer, self.numbers = tokenizer, numbers

    def __missing__(self, piece: str) -> bytes:
        self[piece] = found = b"".join(map(self.numbers.__getitem__, self.tokenizer.split(piece)))
        return found

    def of(self, text: str) -> bytes:
        """The numbers of a text's words."""
        return b"".join(map(self.__getitem__, self.tokenizer.clean(text).split()))


@lru_cache(maxsize=1)
def _pieces(tokenizer: str, run: str) -> _Pieces:
    """What this process has met in a run, so that a piece of several portions is split once."""
    return _Pieces(make_tokenizer(tokenizer), _Numbers({NO_WORD: bytes(SIZE)}))


def _tokenise(texts: list[str], tokenizer: str, run: str) -> _Portion:
    if len(_pieces(tokenizer, run)) > MOST_PIECES:
        _pieces.cache_clear()
    pieces = _pieces(tokenizer, run)
    numbers = pieces.numbers
    known = len(numbers) if pieces else 0
    found = [pieces.of(text) or numbers[NO_WORD] for text in texts]
    lengths = np.array([len(tokens) for tokens in found], dtype=np.int64) // SIZE
    words = list(islice(numbers, known, None))
    return _Portion(os.getpid(), known, words, lengths, np.frombuffer(b"".join(found), dtype=np.int32))

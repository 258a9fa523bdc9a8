"""A table of reviews and a file of word vectors -> the tensors of a corpus."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.data.embeddings import embedding_matrix, read_vectors
from pipeline.data.reviews import SPLITS, pack
from pipeline.data.split import split_by_movie
from pipeline.data.tensors import Tensors
from pipeline.data.tokenizer import Tokenizer, make_tokenizer
from pipeline.data.vocabulary import UNK, Vocabulary, choose_words

if TYPE_CHECKING:
    import pandas as pd

PIECES = 1_000_000  # remembered at most


class _Numbers(dict[str, int]):
    """A number for every word W, in the order in which they are met: texts in a tenth of the memory of their words."""

    def __missing__(self, word: str) -> int:
        self[word] = len(self)
        return self[word]


class _Pieces(dict[str, bytes]):
    """The numbers of the words of every piece between white space, as bytes: each piece is tokenised once.

    Args:
        tokenizer: of texts.
        numbers: of words, old and new.
    """

    def __init__(self, tokenizer: Tokenizer, numbers: _Numbers) -> None:
        super().__init__()
        self.tokenizer, self.numbers = tokenizer, numbers

    def __missing__(self, piece: str) -> bytes:
        if len(self) == PIECES:  # the frequent ones are soon back
            self.clear()
        numbers = [self.numbers[token] for token in self.tokenizer.split(piece)]
        self[piece] = np.array(numbers, dtype=np.int32).tobytes()
        return self[piece]

    def of(self, text: str) -> npt.NDArray[np.int32]:
        """The numbers of a text's words."""
        pieces = map(self.__getitem__, self.tokenizer.clean(text).split())
        return np.frombuffer(b"".join(pieces), dtype=np.int32)


def build_tensors(
    table: "pd.DataFrame",
    vectors: Path,
    *,
    tokenizer: str,
    min_count: int,
    max_size: int,
    validation_fraction: float,
    validation_seed: int,
    max_tokens: int = 0,
    test_fraction: float = 1.0,
) -> tuple[Tensors, dict[str, float]]:
    """Tokenises, splits, chooses the vocabulary from the training texts alone, and encodes.

    Args:
        table: columns split ("train" or "test"), label, movie, text.
        vectors: word vectors in GloVe's text format.
        tokenizer: a name that `make_tokenizer` knows.
        min_count: times a word must stand in the training texts.
        max_size: words at most.
        validation_fraction: of the training reviews.
        validation_seed: of the draw of movies, and of test reviews.
        max_tokens: longer reviews are left out; 0 = none is.
        test_fraction: of the test reviews that are not.

    Returns:
        the tensors, and their coverage: see `coverage`.

    Raises:
        ValueError: no training word has a vector, or a split would be empty.
    """
    numbers = _Numbers()
    pieces = _Pieces(make_tokenizer(tokenizer), numbers)
    tokenised = [pieces.of(text) for text in table["text"]]
    in_train = table["split"].to_numpy() == "train"
    short = np.array([len(tokens) <= (max_tokens or len(tokens)) for tokens in tokenised], dtype=bool)
    test_rows, train_rows = np.flatnonzero(~in_train & short), np.flatnonzero(in_train & short)
    drawn = np.random.default_rng(validation_seed).permutation(len(test_rows))
    members = {"test": test_rows[np.sort(drawn[: math.ceil(test_fraction * len(test_rows))])]}
    held_out = split_by_movie(table["movie"].to_numpy(dtype=str)[train_rows], validation_fraction, validation_seed)
    members["train"], members["validation"] = train_rows[~held_out], train_rows[held_out]
    for split, rows in members.items():
        if not len(rows):
            raise ValueError(f"the {split} split has no reviews")

    times_W = np.bincount(np.concatenate([tokenised[row] for row in members["train"]]), minlength=len(numbers))
    counts = {word: times for word, times in zip(numbers, times_W.tolist(), strict=True) if times}
    known = read_vectors(vectors, counts.keys())
    vocabulary = Vocabulary(choose_words(counts, known.keys(), min_count, max_size))
    if len(vocabulary) == 2:
        raise ValueError(f"no word of the training texts has a vector in {vectors}: are both of one language?")
    row_W = np.full(len(numbers), UNK, dtype=np.int32)
    row_W[[numbers[word] for word in vocabulary.words[2:]]] = np.arange(2, len(vocabulary))
    for row, tokens in enumerate(tokenised):  # in their place: texts in numbers are most of the memory
        tokenised[row] = row_W[tokens] if len(tokens) else vocabulary.encode([])
    labels = table["label"].to_numpy()
    splits = {
        split: pack([tokenised[row] for row in members[split]], labels[members[split]], members[split])
        for split in SPLITS
    }
    tensors = Tensors(
        vocabulary=vocabulary,
        embeddings=embedding_matrix(vocabulary.words, known),
        counts=np.bincount(splits["train"].tokens, minlength=len(vocabulary)),
        splits=splits,
        tokenizer=tokenizer,
        digest="",
    )
    return tensors, coverage(tensors, types=len(counts), types_with_vector=len(known))


def coverage(tensors: Tensors, types: int, types_with_vector: int) -> dict[str, float]:
    """How much of the text the vocabulary knows: shares of running tokens by split, and of the training types."""
    known = {
        f"{split}_tokens_known": float(np.mean(reviews.tokens != UNK)) for split, reviews in tensors.splits.items()
    }
    sizes = {f"{split}_reviews": len(reviews) for split, reviews in tensors.splits.items()}
    return {
        **sizes,
        "train_tokens": len(tensors.splits["train"].tokens),
        "train_types": types,
        "train_types_known": types_with_vector / types,
        "vocabulary": len(tensors.vocabulary),
        **known,
    }

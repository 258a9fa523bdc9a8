"""A table of reviews and a file of word vectors -> the tensors of a corpus, which need not fit into memory.

What is kept of a review is a few numbers: label, movie, split, length. What is kept of all texts is their words.
"""

import math
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.data.embeddings import embedding_matrix, read_vectors
from pipeline.data.reviews import SPLITS, writing_reviews
from pipeline.data.split import split_by_movie
from pipeline.data.tables import check_parquet
from pipeline.data.tensors import CLASSES, writing_tensors
from pipeline.data.tokenised import NO_WORD, Numbers, TokenisedTexts, tokenised
from pipeline.data.vocabulary import UNK, Vocabulary, choose_words

TRAIN, LEFT_OUT = SPLITS.index("train"), -1


def build_tensors(
    table: Path,
    vectors: Path,
    out: Path,
    *,
    tokenizer: str,
    min_count: int,
    max_size: int,
    validation_fraction: float,
    validation_seed: int,
    max_tokens: int = 0,
    test_fraction: float = 1.0,
    classes: Sequence[str] = CLASSES,
) -> dict[str, float]:
    """Tokenises, splits, chooses the vocabulary from the training texts alone, encodes and writes.

    Args:
        table: parquet with the columns split ("train" or "test"), label, movie, text; a copy goes with the tensors.
        vectors: word vectors in GloVe's text format.
        out: folder of tensors, replaced as a whole or not at all; beside it stands, meanwhile, four bytes a token.
        tokenizer: a name that `make_tokenizer` knows.
        min_count: times a word must stand in the training texts.
        max_size: words at most.
        validation_fraction: of the training reviews.
        validation_seed: of the draw of movies, and of test reviews.
        max_tokens: longer reviews are left out; 0 = none is.
        test_fraction: of the test reviews that are not.
        classes: names of the labels, by label.

    Returns:
        how much of the text the vocabulary knows: shares of running tokens by split, and of the training types.

    Raises:
        ValueError: no training word has a vector, a split would be empty, training would lack a class, or the table is
            not what the arguments say, of another format or damaged.
        ChildProcessError: a process that tokenised was killed.
    """
    check_parquet(table)
    with writing_tensors(out, tokenizer, classes) as made:
        facts = _read_facts(table, len(classes))
        with tokenised(table, tokenizer, made / "scratch") as texts:
            short_N = texts.lengths <= (max_tokens or np.inf)
            split_N = _choose_splits(facts, short_N, validation_fraction, validation_seed, test_fraction)
            if absent := set(range(len(classes))) - set(facts.labels_N[split_N == TRAIN].tolist()):
                kept = (split_N == TRAIN).sum()
                raise ValueError(f"no review of the class {classes[min(absent)]!r} is among the {kept} to train on")
            counts = _count_words(texts, split_N == TRAIN)
            known = read_vectors(vectors, counts.keys())
            vocabulary = Vocabulary(choose_words(counts, known.keys(), min_count, max_size))
            if not known:
                raise ValueError(f"no word of the training texts has a vector in {vectors}: are both of one language?")
            if len(vocabulary) == 2:
                raise ValueError(
                    f"no word with a vector stands {min_count} times in the training texts, as min_count asks: lower it"
                )
            times_SV = _write_splits(texts, vocabulary, split_N, facts.labels_N, made)
        vocabulary.write(made / "words.txt")
        np.save(made / "embeddings.npy", embedding_matrix(vocabulary.words, known))
        np.save(made / "counts.npy", times_SV[TRAIN])
        shutil.copyfile(table, made / "reviews.parquet")
    tokens_S = times_SV.sum(axis=1)
    shares = (tokens_S - times_SV[:, UNK]) / tokens_S
    return {
        **{f"{split}_reviews": int((split_N == place).sum()) for place, split in enumerate(SPLITS)},
        "train_tokens": int(tokens_S[TRAIN]),
        "train_types": len(counts),
        "train_types_known": len(known) / len(counts),
        "vocabulary": len(vocabulary),
        **{f"{split}_tokens_known": float(share) for split, share in zip(SPLITS, shares, strict=True)},
    }


class _Facts(NamedTuple):
    """What a table says of its N reviews, texts aside: movies are places among all names in code-point order."""

    in_train_N: npt.NDArray[np.bool_]
    labels_N: npt.NDArray[np.int64]
    movies_N: npt.NDArray[np.int64]


def _read_facts(table: Path, classes: int) -> _Facts:
    from pyarrow.parquet import ParquetFile

    names = Numbers()
    found = [(np.zeros(0, bool), np.zeros(0, np.int64), np.zeros(0, np.int64))]
    with ParquetFile(table, memory_map=True) as source:
        for batch in source.iter_batches(columns=["split", "label", "movie"]):
            split, label, movie = (batch.column(name).to_pylist() for name in ("split", "label", "movie"))
            start = sum(len(labels) for _, labels, _ in found)
            _check("split", split, ("train", "test"), start)
            _check("label", label, tuple(range(classes)), start)
            numbers = np.array([names[str(name)] for name in movie], dtype=np.int64)
            found.append((np.array(split) == "train", np.array(label, dtype=np.int64), numbers))
    in_train_N, labels_N, numbers_N = map(np.concatenate, zip(*found, strict=True))
    place_of_name = np.empty(len(names), np.int64)
    place_of_name[[names[name] for name in sorted(names)]] = np.arange(len(names))
    return _Facts(in_train_N, labels_N, place_of_name[numbers_N])


def _check(column: str, values: list[Any], allowed: tuple[object, ...], start: int) -> None:
    """What would otherwise be counted as something else, or stop a training an hour later."""
    for row, value in enumerate(values, start):
        if value not in allowed:
            raise ValueError(f"row {row} of the reviews: {column} = {value} is none of {allowed}")


def _choose_splits(
    facts: _Facts, short_N: npt.NDArray[np.bool_], validation_fraction: float, seed: int, test_fraction: float
) -> npt.NDArray[np.int8]:
    """The place of each review's split in `SPLITS`, LEFT_OUT where it has none."""
    test_rows, train_rows = np.flatnonzero(~facts.in_train_N & short_N), np.flatnonzero(facts.in_train_N & short_N)
    drawn = np.random.default_rng(seed).permutation(len(test_rows))
    held_out = split_by_movie(facts.movies_N[train_rows], validation_fraction, seed)
    split_N = np.full(len(short_N), LEFT_OUT, dtype=np.int8)
    split_N[test_rows[drawn[: math.ceil(test_fraction * len(test_rows))]]] = SPLITS.index("test")
    split_N[train_rows] = np.where(held_out, SPLITS.index("validation"), TRAIN)
    for place, split in enumerate(SPLITS):
        if place not in split_N:
            raise ValueError(f"the {split} split has no reviews")
    return split_N


def _count_words(texts: TokenisedTexts, chosen_N: npt.NDArray[np.bool_]) -> dict[str, int]:
    """How often each word stands in the chosen texts, for those that do."""
    times_W = np.zeros(len(texts.numbers), dtype=np.int64)
    for portion, numbers_T in texts.portions():
        chosen_T = np.repeat(chosen_N[portion], texts.lengths[portion])
        times_W += np.bincount(numbers_T[chosen_T], minlength=len(times_W))
    times_W[texts.numbers[NO_WORD]] = 0
    return {word: times for word, times in zip(texts.numbers, times_W.tolist(), strict=True) if times}


def _write_splits(
    texts: TokenisedTexts,
    vocabulary: Vocabulary,
    split_N: npt.NDArray[np.int8],
    labels_N: npt.NDArray[np.int64],
    folder: Path,
) -> npt.NDArray[np.int64]:
    """Encodes the texts and writes a folder per split; returns how often each word of the vocabulary stands in each."""
    row_W = np.full(len(texts.numbers), UNK, dtype=np.int32)
    row_W[[texts.numbers[word] for word in vocabulary.words[2:]]] = np.arange(2, len(vocabulary))
    times_SV = np.zeros((len(SPLITS), len(vocabulary)), dtype=np.int64)
    with ExitStack() as files:
        append = []
        for place, split in enumerate(SPLITS):
            rows = np.flatnonzero(split_N == place)
            written = writing_reviews(folder / split, texts.lengths[rows], labels_N[rows], rows)
            append.append(files.enter_context(written))
        for portion, numbers_T in texts.portions():
            split_T = np.repeat(split_N[portion], texts.lengths[portion])
            for place in range(len(SPLITS)):
                tokens = row_W[numbers_T[split_T == place]]
                append[place](tokens)
                times_SV[place] += np.bincount(tokens, minlength=len(vocabulary))
    return times_SV

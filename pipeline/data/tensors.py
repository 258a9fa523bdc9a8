"""A table of reviews and a file of vectors -> the tensors that every model of a corpus trains on."""

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.data.embeddings import embedding_matrix, read_vectors
from pipeline.data.reviews import SPLITS, Reviews, pack, read_reviews, write_reviews
from pipeline.data.split import split_by_movie
from pipeline.data.tokenizer import make_tokenizer
from pipeline.data.vocabulary import UNK, Vocabulary, choose_words

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
CLASSES = ("negative", "positive")


@dataclass(frozen=True)
class Tensors:
    """A corpus, ready for training.

    Attributes:
        vocabulary: rows of the embedding matrix.
        embeddings: (V, E) float32, mapped.
        counts: (V,) int64 occurrences in the training split.
        splits: the reviews of "train", "validation" and "test".
        tokenizer: name of the tokeniser that made them.
        digest: sha256 of all of it.
        classes: names of the labels, by label.
    """

    vocabulary: Vocabulary
    embeddings: npt.NDArray[np.float32]
    counts: npt.NDArray[np.int64]
    splits: dict[str, Reviews]
    tokenizer: str
    digest: str
    classes: tuple[str, ...] = CLASSES


def build_tensors(
    table: "pd.DataFrame",
    vectors: Path,
    *,
    tokenizer: str,
    min_count: int,
    max_size: int,
    validation_fraction: float,
    validation_seed: int,
) -> tuple[Tensors, dict[str, float]]:
    """Tokenises, splits, chooses the vocabulary from the training texts alone, and encodes.

    Args:
        table: columns split ("train" or "test"), label, movie, text.
        vectors: word vectors in GloVe's text format.
        tokenizer: a name that `make_tokenizer` knows.
        min_count: times a word must stand in the training texts.
        max_size: words at most.
        validation_fraction: of the training reviews.
        validation_seed: of the draw of movies.

    Returns:
        the tensors, and their coverage: see `coverage`.

    Raises:
        ValueError: no training word has a vector, or a split would be empty.
    """
    tokenize = make_tokenizer(tokenizer)
    tokenised = [tokenize(text) for text in table["text"]]
    in_train = table["split"].to_numpy() == "train"
    members = {"test": np.flatnonzero(~in_train)}
    train_rows = np.flatnonzero(in_train)
    held_out = split_by_movie(table["movie"].to_numpy(dtype=str)[train_rows], validation_fraction, validation_seed)
    members["train"], members["validation"] = train_rows[~held_out], train_rows[held_out]
    for split, rows in members.items():
        if not len(rows):
            raise ValueError(f"the {split} split has no reviews")

    counts = Counter(token for row in members["train"] for token in tokenised[row])
    known = read_vectors(vectors, counts.keys())
    vocabulary = Vocabulary(choose_words(counts, known.keys(), min_count, max_size))
    if len(vocabulary) == 2:
        raise ValueError(f"no word of the training texts has a vector in {vectors}: are both of one language?")
    encoded = [vocabulary.encode(tokens) for tokens in tokenised]
    labels = table["label"].to_numpy()
    splits = {
        split: pack([encoded[row] for row in members[split]], labels[members[split]], members[split])
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


def write_tensors(tensors: Tensors, folder: Path) -> None:
    """Writes the folder as a whole or not at all; no file in it can run code."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        tensors.vocabulary.write(made / "words.txt")
        np.save(made / "embeddings.npy", tensors.embeddings)
        np.save(made / "counts.npy", tensors.counts)
        for split, reviews in tensors.splits.items():
            write_reviews(reviews, made / split)
        digest = hashlib.sha256()
        for path in sorted(path for path in made.rglob("*") if path.is_file()):
            digest.update(path.relative_to(made).as_posix().encode() + b"\0" + path.read_bytes())
        manifest = {"format": FORMAT, "tokenizer": tensors.tokenizer, "classes": tensors.classes, "sha256": digest.hexdigest()}
        (made / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        made.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def read_tensors(folder: Path) -> Tensors:
    """Opens what `write_tensors` wrote; the large arrays are mapped, not loaded.

    Raises:
        ValueError: the folder was written in another format.
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        raise ValueError(f"{folder} has format {manifest['format']}, this version reads {FORMAT}: run `dvc repro`")
    return Tensors(
        vocabulary=Vocabulary.read(folder / "words.txt"),
        embeddings=np.load(folder / "embeddings.npy", mmap_mode="r", allow_pickle=False),
        counts=np.load(folder / "counts.npy", mmap_mode="r", allow_pickle=False),
        splits={split: read_reviews(folder / split) for split in SPLITS},
        tokenizer=manifest["tokenizer"],
        digest=manifest["sha256"],
        classes=tuple(manifest["classes"]),
    )

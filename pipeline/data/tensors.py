"""The tensors that every model of a corpus trains on, in memory and on disk."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline import formats
from pipeline.data.reviews import SPLITS, Reviews, read_array, read_reviews
from pipeline.data.tables import read_parquet
from pipeline.data.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas as pd

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


@contextmanager
def writing_tensors(folder: Path, tokenizer: str, classes: Sequence[str] = CLASSES) -> Iterator[Path]:
    """Yields an empty folder to fill; when the block ends well, it gets its manifest and takes the place of `folder`.

    When the block raises, what was written is removed and `folder` is as it was; what a kill left, the next call
    removes. No file in it can run code.

    Args:
        folder: is replaced.
        tokenizer: name of the tokeniser that made the tensors.
        classes: names of the labels, by label.
    """
    made = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        yield made
        digest = hashlib.sha256()
        for path in sorted(path for path in made.rglob("*") if path.is_file()):
            digest.update(path.relative_to(made).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        manifest = {
            "format": formats.FORMATS[formats.TENSORS],
            "tokenizer": tokenizer,
            "classes": tuple(classes),
            "sha256": digest.hexdigest(),
        }
        (made / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def read_tensors(folder: Path) -> Tensors:
    """Opens what `writing_tensors` completed; the large arrays are mapped, not loaded.

    Raises:
        ValueError: the folder was written in another format, or a file in it is damaged.
    """
    manifest = _read_manifest(folder)
    with formats.reading(folder / "words.txt", AssertionError):
        vocabulary = Vocabulary.read(folder / "words.txt")
    tensors = Tensors(
        vocabulary=vocabulary,
        embeddings=read_array(folder / "embeddings.npy"),
        counts=read_array(folder / "counts.npy"),
        splits={split: read_reviews(folder / split) for split in SPLITS},
        tokenizer=manifest["tokenizer"],
        digest=manifest["sha256"],
        classes=tuple(manifest["classes"]),
    )
    with formats.reading(folder):
        if not len(vocabulary) == len(tensors.embeddings) == len(tensors.counts):
            raise ValueError("words, embeddings and counts are not of one length")
    return tensors


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    with formats.reading(path):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict):
            raise ValueError("no entries of the form name: value")
    formats.check(formats.TENSORS, manifest.get("format", 1), folder)
    with formats.reading(path):
        if missing := {"tokenizer", "sha256", "classes"} - manifest.keys():
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    return manifest


def read_table(folder: Path, columns: list[str]) -> "pd.DataFrame":
    """Columns of the reviews that the tensors were made of; `Reviews.rows` are its rows."""
    return read_parquet(folder / "reviews.parquet", columns)

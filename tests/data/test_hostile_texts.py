"""Reviews that nobody would write, from a table to tensors: each has a row, and nothing is lost or done."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile_texts import HOSTILE

from pipeline.data.prepare import build_tensors
from pipeline.data.tensors import read_tensors


@pytest.mark.parametrize("tokenizer", ["glove", "whitespace", "unicode"])
def test_every_review_has_its_row(tmp_path: Path, tokenizer: str) -> None:
    (tmp_path / "vectors.txt").write_text("good 1 0\nbad 0 1\n= 1 1\n<pad> 5 5\n", encoding="utf-8")
    rows = [
        {"split": split, "label": place % 2, "name": name, "movie": f"{split} {place} {name}", "text": text}
        for split in ("train", "test")
        for place, (name, text) in enumerate(HOSTILE.items())
    ]
    pd.DataFrame(rows).astype({"label": "int8"}).to_parquet(tmp_path / "reviews.parquet")
    build_tensors(
        *(tmp_path / "reviews.parquet", tmp_path / "vectors.txt", tmp_path / "tensors"),
        **{"tokenizer": tokenizer, "min_count": 1, "max_size": 9, "validation_fraction": 0.5, "validation_seed": 0},
    )
    read = read_tensors(tmp_path / "tensors")
    lengths = {}
    for split in read.splits.values():
        assert (split.lengths > 0).all()
        assert split.tokens.max() < len(read.vocabulary)
        lengths |= dict(zip(split.rows.tolist(), split.lengths.tolist(), strict=True))
    assert sorted(lengths) == list(range(2 * len(HOSTILE)))
    of = dict(zip(HOSTILE, (lengths[row] for row in range(len(HOSTILE), 2 * len(HOSTILE))), strict=True))
    assert (of["empty"], of["white space"], of["one token"], of["one endless word"]) == (1, 1, 1, 1)
    assert of["a megabyte"] == 222_000
    assert np.isfinite(read.embeddings).all()
    assert read.vocabulary.words[:2] == ("<pad>", "<unk>")

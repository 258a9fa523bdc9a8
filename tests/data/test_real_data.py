"""The real data sets: run where their mirror is present, skipped elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from pipeline.data.sources import MIRROR

ROOT = Path(__file__).parents[2]
FOLDER = Path(ROOT, os.environ.get(MIRROR, "../shared/data")).resolve()

pytestmark = pytest.mark.skipif(
    not (FOLDER / "aclImdb_v1.tar.gz").is_file() or not (FOLDER / "glove.6B.zip").is_file(),
    reason=f"{MIRROR} names no folder that has aclImdb_v1.tar.gz and glove.6B.zip",
)


def stage(name: str, out: Path) -> None:
    """Runs a download stage with the project's own params.yaml, and no source but the mirror."""
    command = [sys.executable, "-m", f"stages.{name}", "--downloads", str(out.parent / "downloads"), "--out", str(out)]
    environment = {
        **os.environ,
        MIRROR: str(FOLDER),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (out.parent / "downloads").exists()  # the mirror's file is read in place


def letters(text: str) -> str:
    """The first hundred letters and digits: copies of a review differ in their spaces and marks."""
    return re.sub(r"[^a-z0-9]", "", text.lower())[:100]


def test_imdb(tmp_path: Path) -> None:
    stage("imdb", out := tmp_path / "imdb" / "reviews.parquet")
    reviews = pandas.read_parquet(out)
    assert list(reviews.columns) == ["split", "label", "name", "movie", "text"]
    assert reviews["name"].is_monotonic_increasing
    assert reviews.groupby(["split", "label"]).size().to_list() == [12_500] * 4
    movies = {split: set(rows["movie"]) for split, rows in reviews.groupby("split")}
    assert {split: len(names) for split, names in movies.items()} == {"test": 3_581, "train": 3_456}
    assert len(movies["train"] & movies["test"]) == 1
    assert reviews.set_index("name")["movie"]["train/pos/0_9.txt"] == "tt0453418"
    assert reviews["text"].str.len().min() > 0

    stage("pairs", out := tmp_path / "counterfactual" / "pairs.parquet")
    pairs = pandas.read_parquet(out)
    seen = set(reviews.loc[reviews["split"] == "train", "text"].map(letters))
    assert len(pairs) == 488
    assert set(pairs["text"].map(letters)) <= seen, "models have seen the originals, so accuracy is that on the edits"


def test_glove(tmp_path: Path) -> None:
    stage("glove", out := tmp_path / "glove" / "vectors.txt")
    with out.open("rb") as file:
        first = file.readline().split()
        rest = sum(1 for _ in file)
    assert first[0] == b"the"
    assert (1 + rest, len(first) - 1) == (400_000, 50)

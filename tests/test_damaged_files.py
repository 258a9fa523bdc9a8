"""A file that is damaged is named in a line that says what to do; one that is not there is not called damaged."""

from pathlib import Path

import numpy as np
import pytest
from golden_files import read_all, results_of

from pipeline.data.tensors import read_tensors

DAMAGED = (
    *("tensors/manifest.json", "tensors/embeddings.npy", "tensors/counts.npy", "tensors/words.txt"),
    *("tensors/reviews.parquet", "tensors/train/tokens.npy", "tensors/test/offsets.npy"),
    *("models/attention/seed-0.safetensors", "models/tfidf/seed-0.safetensors", "models/tfidf/seed-0.json"),
    *("evaluation/attention/by_seed.json", "evaluation/tfidf/examples.json", "evaluation/tfidf/predictions.parquet"),
    *("evaluation/attention/explanation/words.parquet", "results/explanation/attention.json"),
    *("results/timing/attention.json", "results/variants/tfidf.json", "pairs.parquet"),
    *("results/explanation/frontier/attention/0.1.json", "results/published/row.json"),
    *("evaluation/attention.uniform.parquet", "evaluation/attention/explanation/by_seed.json"),
)


@pytest.mark.parametrize("file", DAMAGED)
@pytest.mark.parametrize("damage", ["truncated", "empty", "zeros"])
def test_a_damaged_file_is_named_with_the_command_that_makes_it_again(golden: Path, file: str, damage: str) -> None:
    read_all(golden)
    content = (golden / file).read_bytes()
    left = {"truncated": content[: len(content) // 2], "empty": b"", "zeros": bytes(len(content))}
    (golden / file).write_bytes(left[damage])
    with pytest.raises(ValueError, match=r"is damaged or incomplete .*: run `dvc repro` to make it again$") as caught:
        read_all(golden)
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    assert file in said or said.startswith(f"{golden / file.split('/')[0]} "), "the file, or its folder"


@pytest.mark.parametrize(
    ("content", "why"),
    [("[]", "no entries"), ("null", "no entries"), ('{"format": 1}', "lacks classes, sha256, tokenizer")],
)
def test_a_manifest_of_other_content_is_named(golden: Path, content: str, why: str) -> None:
    (golden / "tensors/manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=f"manifest.json is damaged or incomplete .*{why}.*run `dvc repro`"):
        read_tensors(golden / "tensors")


def test_arrays_that_do_not_belong_together_are_refused(golden: Path) -> None:
    labels = golden / "tensors/test/labels.npy"
    np.save(labels, np.load(labels)[:-1])
    with pytest.raises(ValueError, match=r"tensors/test is damaged .*not of one length"):
        read_tensors(golden / "tensors")


def test_a_file_that_is_not_there_is_not_called_damaged(golden: Path) -> None:
    (golden / "results/timing/tfidf.json").unlink()
    with pytest.raises(FileNotFoundError):
        results_of(golden)
    (golden / "tensors/counts.npy").unlink()
    with pytest.raises(FileNotFoundError):
        read_tensors(golden / "tensors")

"""What an earlier version wrote is read, or refused in a line that says what to do."""

import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from pipeline import formats
from pipeline.data.tensors import read_table, read_tensors
from pipeline.evaluation.frontier import read_frontier
from pipeline.evaluation.predict import predict
from pipeline.evaluation.results import Results, read_results
from pipeline.models.checkpoint import kind_of
from pipeline.params import load_params
from pipeline.source import ROOT
from pipeline.training.resume import read_state
from stages import publish, published

GOLDEN = Path(__file__).parent / "golden"
FOLDERS = sorted(GOLDEN.glob("format-*"))
VARIANTS = ("attention", "tfidf")


def results_of(folder: Path) -> Results:
    return read_results(VARIANTS, [], folder / "models", folder / "evaluation", folder / "results")


def test_there_is_a_folder_of_every_format() -> None:
    assert [path.name for path in FOLDERS] == [f"format-{n + 1}" for n in range(max(formats.FORMATS.values()))]


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """A copy of the newest folder."""
    return Path(shutil.copytree(FOLDERS[-1], tmp_path / "golden"))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_committed_model_gives_its_committed_answers(golden: Path, name: str) -> None:
    corpus = read_tensors(golden / "tensors")
    test = corpus.splits["test"]
    found = predict(golden / f"models/{name}/seed-0.safetensors", corpus.embeddings, test)
    table = results_of(golden).predictions[name]
    assert table["row"].tolist() == test.rows.tolist()
    np.testing.assert_allclose(found.probabilities_NC[:, 1], table["probability"], atol=1e-5)


def test_committed_results_are_read(golden: Path) -> None:
    found = results_of(golden)
    assert found.metrics["attention"]["seeds"] == 1
    assert found.by_seed["attention"].keys() == {"0"}
    assert [record["epoch"] for record in found.histories["attention"]["0"]] == [1, 2]
    assert found.timing["attention"]["epochs"] == {"0": 2}
    assert "own" in found.explanations["attention"]["accuracy"]
    assert set(found.words["attention"]["ranking"]) == {"mean", "mass", "lift"}
    assert "good" in found.lexicons["attention"]["word"].tolist()
    assert len(found.examples["tfidf"]) > 0


def test_a_committed_training_could_go_on(golden: Path) -> None:
    state = read_state(golden / "seed-0.pt")
    assert state is not None
    assert [record["epoch"] for record in state["history"]] == [1, 2]
    assert state["best"].keys() == state["fit"]["weights"].keys()


def numbered(path: Path, number: int) -> None:
    """Writes a number into a JSON file as a later version would."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({"format": number, **content}), encoding="utf-8")


def read_point(golden: Path) -> None:
    path = golden / "results/explanation/frontier/attention/0.1.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"format": 2, "variant": "attention", "entropy_weight": 0.1}', encoding="utf-8")
    read_frontier(golden / "results", ["attention"], [0.1])


NEWER = r" has format 2 of {kind}, this version reads 1: a newer version wrote it: update, or run `dvc repro`$"


@pytest.mark.parametrize(
    "file",
    [
        "results/variants/attention.json",
        "results/timing/tfidf.json",
        "results/explanation/attention.json",
        "evaluation/tfidf/by_seed.json",
    ],
)
def test_results_of_a_newer_version_are_refused(golden: Path, file: str) -> None:
    numbered(golden / file, 2)
    with pytest.raises(ValueError, match=file + NEWER.format(kind="results")):
        results_of(golden)


def test_a_point_of_a_newer_sweep_is_refused(golden: Path) -> None:
    with pytest.raises(ValueError, match="0.1.json" + NEWER.format(kind="results")):
        read_point(golden)


def test_explanations_by_seed_of_a_newer_version_are_refused(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["seeds"], params["variants"] = [0], {name: params["variants"][name] for name in VARIANTS}
    params["nulls"]["variants"] = params["frontier"]["variants"] = ["attention"]
    yaml.dump(params, golden / "params.yaml")
    monkeypatch.chdir(golden)
    monkeypatch.setattr(publish, "Tracker", MagicMock())
    file = Path("evaluation/attention/explanation/by_seed.json")
    numbered(file, 2)
    with pytest.raises(ValueError, match=str(file) + NEWER.format(kind="results")):
        publish.main(
            corpus="demo",
            tensors=Path("tensors"),
            models=Path("models"),
            evaluation=Path("evaluation"),
            results=Path("results"),
            page=Path("report.html"),
        )


def test_a_replica_of_a_newer_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in load_params("params.yaml").published:
        (tmp_path / f"{name}.json").write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(ValueError, match="average_dot.json" + NEWER.format(kind="results")):
        published.main(rows=tmp_path, table=tmp_path / "published.csv", page=tmp_path / "published.md")
    assert not list(tmp_path.glob("published.*"))


def test_tensors_of_a_newer_version_are_refused(golden: Path) -> None:
    path = golden / "tensors/manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 1', '"format": 2'), encoding="utf-8")
    with pytest.raises(ValueError, match="tensors" + NEWER.format(kind="tensors")):
        read_tensors(golden / "tensors")


def read_all(folder: Path) -> None:
    """Everything that evaluation, comparison and `attention explain` read."""
    corpus = read_tensors(folder / "tensors")
    read_table(folder / "tensors", ["text"])
    results_of(folder)
    for name in VARIANTS:
        predict(folder / f"models/{name}/seed-0.safetensors", corpus.embeddings, corpus.splits["test"])


DAMAGED = (
    *("tensors/manifest.json", "tensors/embeddings.npy", "tensors/counts.npy", "tensors/words.txt"),
    *("tensors/reviews.parquet", "tensors/train/tokens.npy", "tensors/test/offsets.npy"),
    *("models/attention/seed-0.safetensors", "models/tfidf/seed-0.safetensors", "models/tfidf/seed-0.json"),
    *("evaluation/attention/by_seed.json", "evaluation/tfidf/examples.json", "evaluation/tfidf/predictions.parquet"),
    *("evaluation/attention/explanation/words.parquet", "results/explanation/attention.json"),
    *("results/timing/attention.json", "results/variants/tfidf.json"),
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


def test_what_this_version_numbers_with_2_the_one_before_refuses(
    golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One number is raised, and every writer of that kind follows it."""
    import torch

    from pipeline.models.checkpoint import load_classifier, save_classifier
    from pipeline.models.tfidf import TfidfClassifier
    from pipeline.params_variants import AttentionVariant
    from pipeline.training.resume import write_state

    embeddings_VE = torch.from_numpy(np.array(read_tensors(golden / "tensors").embeddings))
    attention = load_classifier(golden / "models/attention/seed-0.safetensors", embeddings_VE)
    tfidf = TfidfClassifier.load(golden / "models/tfidf/seed-0.safetensors")
    with monkeypatch.context() as later:
        later.setattr(formats, "FORMATS", dict.fromkeys(formats.FORMATS, 2))
        save_classifier(attention, AttentionVariant(), tmp_path / "attention")
        tfidf.save(tmp_path / "tfidf")
        write_state(tmp_path / "state", {})
        text = formats.results_json({"accuracy": 1})
    (tmp_path / "results").write_text(text, encoding="utf-8")
    for file, kind, read in (
        ("attention", "attention-classifier", kind_of),
        ("tfidf", "tfidf-classifier", kind_of),
        ("state", "state of a training", read_state),
        ("results", "results", formats.read_results_json),
    ):
        with pytest.raises(ValueError, match=file + NEWER.format(kind=kind)):
            read(tmp_path / file)


def test_an_older_format_says_how_to_make_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", dict.fromkeys(formats.FORMATS, 3))
    with pytest.raises(ValueError, match="has format 1 of results, this version reads 3: run `dvc repro` to make"):
        formats.read_results_json(FOLDERS[0] / "results/variants/attention.json")


def test_format_1_of_the_results_has_no_number_so_that_its_bytes_stay() -> None:
    assert formats.FORMATS[formats.RESULTS] > 1 or formats.results_json({"a": 1}) == '{\n  "a": 1\n}\n'
    assert isinstance(pd.read_parquet(FOLDERS[0] / "evaluation/attention/predictions.parquet"), pd.DataFrame)

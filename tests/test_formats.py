"""What an earlier version wrote is read, or refused in a line that says what to do."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
from golden_files import FOLDERS, VARIANTS, read_all, results_of
from pyarrow import parquet
from ruamel.yaml import YAML

from pipeline import formats
from pipeline.data.prepare import build_tensors
from pipeline.data.tables import read_csv, read_parquet, write_csv, write_parquet
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.frontier import read_frontier
from pipeline.evaluation.null_names import null_name
from pipeline.evaluation.predict import predict
from pipeline.evaluation.published import beside
from pipeline.formats import read_results_json
from pipeline.models.checkpoint import kind_of
from pipeline.params import load_params
from pipeline.source import ROOT
from pipeline.training.resume import read_state
from stages import compare, publish, published

PUBLISHED = {"paper": "A paper", "corpus": "demo", "numbers": {"accuracy": 0.9}}


def test_there_is_a_folder_of_every_format() -> None:
    numbers = {int(path.name.split("-")[1]) for path in FOLDERS}  # format-1 is of before most files had a number
    assert numbers == set(range(1, max(formats.FORMATS.values()) + 1))


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
    assert {record["kind"] for record in found.examples["tfidf"]} == {"fixed", "mistake"}
    assert found.nulls[null_name("attention", "uniform")]["seed"].tolist() == [0] * 6
    assert found.words["tfidf"].empty


def test_committed_results_of_the_questions_are_read(golden: Path) -> None:
    (point,) = read_frontier(golden / "results", ["attention"], [0.1])
    assert point["by_seed"].keys() == {"0"}
    row = read_results_json(golden / "results/published/row.json")
    (beside_ours,) = beside({"row": PUBLISHED}, {"row": row})["ours"]
    assert beside_ours == row["ours"]["accuracy"]["mean"]
    exchanged = read_csv(golden / "results/explanation/exchange.csv")
    assert exchanged.to_dict("records") == [{"model": "attention", "donor": "attention", "accuracy": 0.5}]
    edits = read_csv(golden / "results/explanation/counterfactual.csv")
    assert edits.set_index("variant")["accuracy_edited"].to_dict() == {"attention": 0.0, "tfidf": 1.0}
    assert edits.columns[-1] == "undefined"
    pairs = read_parquet(golden / "pairs.parquet")
    assert pairs["edited_text"].tolist() == ["a bad film with a dull cast"]


def test_a_committed_training_could_go_on(golden: Path) -> None:
    (path,) = golden.glob("seed-0.*")
    state = read_state(path)
    assert state is not None
    assert [record["epoch"] for record in state["history"]] == [1, 2]
    assert state["best"].keys() == state["fit"]["weights"].keys()


def numbered(path: Path, number: int) -> None:
    """Writes a number into a file as another version would."""
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = content if isinstance(content, dict) else {"records": content}
        path.write_text(json.dumps({**entries, "format": number}), encoding="utf-8")
    elif path.suffix == ".csv":
        pd.read_csv(path, keep_default_na=False).assign(format=number).to_csv(path, index=False)
    else:
        table = parquet.read_table(path)
        metadata = {**table.schema.metadata, b"format": str(number)}
        parquet.write_table(table.replace_schema_metadata(metadata), path)


NUMBERED = {
    "results": (
        *("results/variants/attention.json", "results/timing/tfidf.json", "results/explanation/attention.json"),
        *("results/explanation/frontier/attention/0.1.json", "results/published/row.json"),
        *("evaluation/tfidf/by_seed.json", "evaluation/attention/explanation/by_seed.json"),
        *("evaluation/tfidf/examples.json", "models/attention/seed-0.json", "models/tfidf/seed-0.json"),
    ),
    "tables": (
        *("tensors/reviews.parquet", "pairs.parquet", "evaluation/attention.uniform.parquet"),
        *("evaluation/tfidf/predictions.parquet", "evaluation/attention/explanation/words.parquet"),
        *("evaluation/attention/top_words.csv", "results/explanation/exchange.csv"),
        "results/explanation/counterfactual.csv",
    ),
}
FILES = [(kind, file) for kind, files in NUMBERED.items() for file in files]
NEWER = r" has format 2 of {kind}, this version reads 1: a newer version wrote it: update, or run `dvc repro`$"


@pytest.mark.parametrize(("kind", "file"), FILES)
def test_a_file_of_a_newer_version_is_refused_and_one_of_this_version_is_read(
    golden: Path, kind: str, file: str
) -> None:
    numbered(golden / file, 1)
    read_all(golden)
    numbered(golden / file, 2)
    with pytest.raises(ValueError, match=file + NEWER.format(kind=kind)):
        read_all(golden)


@pytest.mark.parametrize(("kind", "file"), FILES)
def test_each_file_says_its_number(kind: str, file: str) -> None:
    path = FOLDERS[-1] / file
    if path.suffix == ".json":
        number = json.loads(path.read_text(encoding="utf-8"))["format"]
    elif path.suffix == ".csv":
        (number,) = set(pd.read_csv(path)["format"])
    else:
        number = int(parquet.read_schema(path).metadata[b"format"])
    assert number == formats.FORMATS[kind]


def test_reviews_of_a_newer_version_make_no_tensors(golden: Path, tmp_path: Path) -> None:
    reviews = golden / "tensors/reviews.parquet"
    numbered(reviews, 2)
    settings = {"min_count": 1, "max_size": 9, "validation_fraction": 0.5, "validation_seed": 0}
    with pytest.raises(ValueError, match="reviews.parquet" + NEWER.format(kind="tables")):
        build_tensors(reviews, tmp_path / "no vectors", tmp_path / "tensors", tokenizer="glove", **settings)
    assert not (tmp_path / "tensors").exists()


@pytest.fixture
def standing_in(golden: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The folder is the project's root, with params that ask for what is in it; the arguments of its last stages."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["seeds"], params["variants"] = [0], {name: params["variants"][name] for name in VARIANTS}
    params["nulls"] = {"corpora": ["demo"], "variants": ["attention"], "kinds": ["uniform"]}
    params["frontier"] = {"corpora": ["demo"], "variants": ["attention"], "entropy_weights": [0.1]}
    yaml.dump(params, golden / "params.yaml")
    monkeypatch.chdir(golden)
    for stage in (compare, publish):
        monkeypatch.setattr(stage, "Tracker", MagicMock())
    folders = {name: Path(name) for name in ("tensors", "models", "evaluation", "results")}
    return {"corpus": "demo", **folders, "page": Path("report.html")}


def test_committed_results_are_compared(standing_in: dict[str, Any]) -> None:
    compare.main(**standing_in)
    frontier = pd.read_csv("results/entropy_frontier.csv")
    assert frontier["entropy_weight"].tolist() == [0, 0.1]
    assert pd.read_csv("results/comparison.csv")["variant"].tolist() == list(VARIANTS)
    assert pd.read_csv("results/faithfulness.csv")["accuracy_trained_uniform"].tolist() == [0.5]
    assert pd.read_csv("results/counterfactual.csv")["accuracy_edited"].tolist() == [0, 1]


@pytest.mark.parametrize("name", ["exchange", "counterfactual"])
def test_answers_of_a_newer_version_are_not_compared(standing_in: dict[str, Any], name: str) -> None:
    file = Path(f"results/explanation/{name}.csv")
    numbered(file, 2)
    with pytest.raises(ValueError, match=str(file) + NEWER.format(kind="tables")):
        compare.main(**standing_in)


def test_explanations_by_seed_of_a_newer_version_are_refused(standing_in: dict[str, Any]) -> None:
    file = Path("evaluation/attention/explanation/by_seed.json")
    numbered(file, 2)
    with pytest.raises(ValueError, match=str(file) + NEWER.format(kind="results")):
        publish.main(**standing_in)


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
        (tmp_path / "entries").write_text(formats.results_json({"accuracy": 1}), encoding="utf-8")
        (tmp_path / "records").write_text(formats.results_json([{"epoch": 1}]), encoding="utf-8")
        write_parquet(pd.DataFrame({"row": [0]}), tmp_path / "parquet")
        write_csv(pd.DataFrame({"row": [0]}), tmp_path / "csv")
    for file, kind, read in (
        ("attention", "attention-classifier", kind_of),
        ("tfidf", "tfidf-classifier", kind_of),
        ("state", "state of a training", read_state),
        ("entries", "results", read_results_json),
        ("records", "results", read_results_json),
        ("parquet", "tables", read_parquet),
        ("csv", "tables", read_csv),
    ):
        with pytest.raises(ValueError, match=file + NEWER.format(kind=kind)):
            read(tmp_path / file)


def test_an_older_format_says_how_to_make_it_again(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", dict.fromkeys(formats.FORMATS, 3))
    for file in ("results/variants/attention.json", "models/attention/seed-0.json"):
        with pytest.raises(ValueError, match="has format 1 of results, this version reads 3: run `dvc repro` to make"):
            read_results_json(golden / file)
    for file, read in (("pairs.parquet", read_parquet), ("results/explanation/exchange.csv", read_csv)):
        with pytest.raises(ValueError, match=f"{file} has format 1 of tables, this version reads 3: run `dvc repro`"):
            read(golden / file)


@pytest.mark.parametrize("content", [{"accuracy": 1}, [{"epoch": 1}], []])
def test_results_are_read_as_they_were_given_to_be_written(content: Any, tmp_path: Path) -> None:
    (tmp_path / "results").write_text(formats.results_json(content), encoding="utf-8")
    assert read_results_json(tmp_path / "results") == content

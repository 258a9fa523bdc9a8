"""What one variant shows, as the others of the small project read it."""

import pytest
from scipy.stats import entropy
from small_project import VARIANTS, Project

from pipeline.data.tables import read_parquet
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.shared_examples import shared_examples
from pipeline.formats import read_results_json


def test_what_others_show_is_answered_as_on_the_test_split(project: Project) -> None:
    evaluation = project.root / "evaluation/demo"
    examples = {name: read_results_json(evaluation / name / "examples.json") for name in VARIANTS}
    tensors = read_tensors(project.root / "data/tensors/demo")
    shared = shared_examples(examples, project.root / "models/demo", tensors, "demo")
    everything = {record["id"] for records in examples.values() for record in records}
    assert len(everything) > max(map(len, examples.values())), "their mistakes differ"
    for name, records in shared.items():
        own, others = records[: len(examples[name])], records[len(examples[name]) :]
        assert own == examples[name]
        assert {record["id"] for record in records} == everything
        assert {record["kind"] for record in others} == {"other"}
        table = read_parquet(evaluation / name / "predictions.parquet")
        answers = table[table["seed"] == table["seed"].min()].set_index("row")
        for record in others:
            answer = answers.loc[record["id"]]
            assert (record["seed"], record["label"]) == (answer["seed"], answer["label"])
            assert record["probability"] == pytest.approx(answer["probability"], abs=1e-5)
            if name != "tfidf":
                assert entropy(record["weights"]) == pytest.approx(answer["entropy_nats"], abs=1e-4)


def test_where_all_show_the_same_nothing_is_read(project: Project) -> None:
    record = {"id": 1, "kind": "fixed"}
    tensors = read_tensors(project.root / "data/tensors/demo")
    same = {"mean": [record], "tfidf": [record]}
    assert shared_examples(same, project.root / "nowhere", tensors, "demo") == same

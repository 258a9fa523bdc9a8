"""Our numbers beside published ones: the right ones, their difference, and no table of two protocols."""

import math
from typing import Any

import numpy as np
import pytest
import tiny

from pipeline.data.tensors import Tensors
from pipeline.data.vocabulary import Vocabulary
from pipeline.evaluation.predict import Predictions
from pipeline.evaluation.published import TOLERANCE, beside, replica, to_markdown


def entry(corpus: str, **numbers: float) -> dict[str, Any]:
    return {"paper": f"A paper on {corpus}", "corpus": corpus, "numbers": numbers}


def ours(accuracy: float, tau: float | None = 0.3) -> dict[str, Any]:
    return {"ours": {"accuracy": {"mean": accuracy, "std": 0.01}, "tau_gradient": {"mean": tau}}}


PUBLISHED = {"one": entry("short", accuracy=0.9, tau_gradient=0.5), "two": entry("long", accuracy=0.7)}


def test_a_replica_has_the_measures_of_the_tables() -> None:
    reviews = tiny.reviews(40)
    splits = {"train": tiny.reviews(9), "validation": tiny.reviews(5), "test": reviews}
    nothing = np.zeros((0, 0), dtype=np.float32)
    corpus = Tensors(Vocabulary(()), nothing, np.zeros(0, np.int64), splits, "glove", "digest")
    labels = np.asarray(reviews.labels)
    right = np.stack([1.0 - labels, labels], axis=1)
    wrong = right.copy()
    wrong[:10] = wrong[:10, ::-1]
    predictions = {seed: Predictions(logits, None, 3) for seed, logits in enumerate((right, wrong))}
    summary = {"measures": {"tau_gradient": {"mean": 0.25}, "tau_leave_one_out": {"mean": None}}}
    found = replica(predictions, summary, corpus)
    assert found["reviews"] == {"train": 9, "validation": 5, "test": 40}
    assert found["ours"]["accuracy"] == {"mean": 0.875, "std": pytest.approx(0.25 / math.sqrt(2), abs=1e-6)}
    assert found["ours"]["roc_auc"]["mean"] < 1
    assert found["ours"]["tau_gradient"] == {"mean": 0.25}
    assert found["ours"]["tau_leave_one_out"] == {"mean": None}


def test_a_number_of_ours_stands_beside_each_published_one() -> None:
    table = beside(PUBLISHED, {"one": ours(0.885), "two": ours(0.75)})
    assert list(table["measure"]) == ["accuracy", "tau_gradient", "accuracy"]
    assert list(table["difference"]) == pytest.approx([-0.015, -0.2, 0.05])
    assert list(table["tolerance"]) == [TOLERANCE["accuracy"], TOLERANCE["tau_gradient"], TOLERANCE["accuracy"]]
    assert list(table["within"]) == [True, False, False]


def test_a_number_that_is_undefined_is_within_nothing() -> None:
    table = beside({"one": PUBLISHED["one"]}, {"one": ours(0.9, None)})
    assert list(table["within"]) == [True, False]
    assert "| undefined |" in to_markdown(table)


def test_protocols_stand_apart() -> None:
    page = to_markdown(beside(PUBLISHED, {"one": ours(0.885), "two": ours(0.75)}))
    tables = page.split("## ")[1:]
    assert [table.splitlines()[0] for table in tables] == [
        "A paper on short, as corpus short",
        "A paper on long, as corpus long",
    ]
    assert "| one | accuracy | 0.900 | 0.885 ± 0.010 | -0.015 | 0.02 | within |" in tables[0]
    assert "| two |" not in tables[0]
    assert "| two | accuracy | 0.700 | 0.750 ± 0.010 | +0.050 | 0.02 | outside |" in tables[1]

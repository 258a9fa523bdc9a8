"""A test split in which not every measure is defined."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.tensors import read_table, read_tensors
from pipeline.evaluation.comparison import compare, to_markdown
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.predict import Predictions

GOLDEN = Path(__file__).parents[1] / "golden/format-1"
SETTINGS = {"confidence": 0.95, "top_words": 3, "top_words_min_count": 1}
SHOWN = {"examples": 2, "mistakes": 1}


def test_a_measure_that_one_class_leaves_undefined_is_null_and_is_compared() -> None:
    corpus = read_tensors(GOLDEN / "tensors")
    test = corpus.splits["test"]
    ones = replace(corpus, splits={**corpus.splits, "test": replace(test, labels=np.ones_like(test.labels))})
    logits_NC = np.stack([np.zeros(len(test)), np.linspace(-1, 2, len(test))], axis=1)
    weights = np.repeat(1 / test.lengths, test.lengths).astype(np.float32)
    table = read_table(GOLDEN / "tensors", ["name", "text"])
    found = evaluate("one", {0: Predictions(logits_NC, weights, 7)}, ones, table, **SETTINGS, **SHOWN)
    assert found.metrics["roc_auc_mean"] is None
    assert found.by_seed[0]["roc_auc"] is None
    assert found.metrics["accuracy_mean"] == pytest.approx((logits_NC[:, 1] > 0).mean())
    metrics = json.loads(json.dumps(found.metrics, allow_nan=False))
    clock = json.loads((GOLDEN / "results/timing/attention.json").read_text(encoding="utf-8"))
    frame = compare([metrics], [clock], {"one": {"query": {"kind": "none"}}})
    assert frame["accuracy_mean"].tolist() == [metrics["accuracy_mean"]]
    assert "**66.7**" in to_markdown(frame, 0.95)

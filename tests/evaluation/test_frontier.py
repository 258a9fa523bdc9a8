"""The points of a sweep of entropy weights, side by side with the variants themselves."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from pipeline.evaluation.frontier import entropy_frontier, point, read_frontier, steering
from pipeline.evaluation.frontier_figure import entropy_frontier as figure
from pipeline.evaluation.predict import Predictions
from pipeline.evaluation.results import Results

GLOBAL: dict[str, Any] = {"query": {"kind": "global"}}
VARIANTS: dict[str, Any] = {
    "mean": {},
    "attention": GLOBAL,
    "attention_entropy": {**GLOBAL, "training": {"entropy_weight": 0.02}},
}


def seeds(accuracy: float, nats: float) -> dict[str, dict[str, float]]:
    return {
        str(seed): {"accuracy": accuracy + seed / 100, "entropy_nats": nats, "entropy_normalised": nats / 5}
        for seed in (0, 1)
    }


def summary(attention: float | None) -> dict[str, Any]:
    falls = {"random": 0.1, "attention": attention, "leave_one_out": 0.4, "gradient": 0.5, "integrated": 0.3}
    return {
        "accuracy": {"own": 0.9, "uniform": 0.6},
        "measures": {f"comprehensiveness_{ranking}": {"mean": fall} for ranking, fall in falls.items()},
    }


def results() -> Results:
    nothing: dict[str, Any] = {}
    return Results(
        metrics=nothing,
        by_seed={"mean": seeds(0.7, 5), "attention": seeds(0.8, 4), "attention_entropy": seeds(0.78, 3)},
        timing=nothing,
        predictions=nothing,
        nulls=nothing,
        words=nothing,
        examples=nothing,
        histories=nothing,
        explanations={"mean": summary(None), "attention": summary(0.2), "attention_entropy": summary(0.3)},
        asked=nothing,
        lexicons=nothing,
    )


def swept(weight: float, accuracy: float, nats: float, variant: str = "attention") -> dict[str, Any]:
    return {"variant": variant, "entropy_weight": weight, "by_seed": seeds(accuracy, nats), **summary(0.4)}


def test_rows_are_ordered_by_weight_with_the_variant_itself_at_zero() -> None:
    table = entropy_frontier(VARIANTS, results(), [swept(0.1, 0.6, 2), swept(-0.1, 0.75, 4.5)])
    assert list(table["entropy_weight"]) == [-0.1, 0, 0.02, 0.1]
    assert set(table["variant"]) == {"attention"}
    np.testing.assert_allclose(table["accuracy_mean"], [0.755, 0.805, 0.785, 0.605])
    np.testing.assert_allclose(table["accuracy_std"], np.std([0, 0.01], ddof=1))
    np.testing.assert_allclose(table["entropy_nats_mean"], [4.5, 4, 3, 2])
    np.testing.assert_allclose(table["way"], [0.75, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(table["accuracy_uniform"], 0.6)


def test_a_point_that_is_a_variant_too_stands_once() -> None:
    table = entropy_frontier(VARIANTS, results(), [swept(0.02, 0.5, 1)])
    assert list(table["entropy_weight"]) == [0, 0.02]
    assert table["accuracy_mean"][1] == pytest.approx(0.785), "that of the variant"


def test_without_a_weight_anywhere_the_table_is_empty_and_still_drawn() -> None:
    table = entropy_frontier({"mean": {}, "attention": GLOBAL}, results(), [])
    assert table.empty
    assert list(steering(table)) == []
    figure(table, "nothing")


def test_what_a_sweep_did_is_said_from_the_numbers() -> None:
    table = entropy_frontier(VARIANTS, results(), [swept(0.1, 0.6, 2), swept(-0.1, 0.75, 4.5)])
    [sentence] = steering(table)
    assert sentence == (
        "attention: from weight -0.1 to +0.1 the entropy goes from 4.50 to 2.00 nats, the accuracy from 75.5 to 60.5 % "
        "(highest at +0: 80.5 %), and attended words from 75 to 75 % of the way to the best known"
    )
    [shorter] = steering(table.assign(way=np.nan))
    assert sentence.startswith(f"{shorter}, and attended words from ")
    assert not list(steering(table[:2])), "two points are a pair, and have their own verdict"


def test_a_panel_each_for_accuracy_entropy_and_faithfulness_and_the_frontier() -> None:
    table = entropy_frontier(VARIANTS, results(), [swept(0.1, 0.6, 2)])
    axes = figure(table, "the frontier").axes
    assert [one.get_xlabel() for one in axes] == [*["entropy weight (loss per nat)"] * 3, "entropy / ln(length)"]
    np.testing.assert_allclose(np.asarray(axes[0].lines[0].get_xdata(), float), [0, 0.02, 0.1])
    np.testing.assert_allclose(np.asarray(axes[3].lines[0].get_xdata(), float), [0.4, 0.6, 0.8])


def test_points_that_are_no_longer_asked_for_are_not_read(tmp_path: Path) -> None:
    for one in (swept(0.1, 0.6, 2), swept(0.2, 0.6, 2), swept(0.1, 0.6, 2, "best")):
        path = tmp_path / "explanation/frontier" / one["variant"] / f"{one['entropy_weight']}.json"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(json.dumps(one), encoding="utf-8")
    [found] = read_frontier(tmp_path, ("attention",), (0.1, 0.3))
    assert (found["variant"], found["entropy_weight"]) == ("attention", 0.1)
    assert read_frontier(tmp_path, (), ()) == []


def test_a_point_is_made_of_answers_and_weights() -> None:
    reviews = tiny.reviews(12)
    uniform = np.repeat(1 / reviews.lengths, reviews.lengths)
    logits = np.eye(2)[reviews.labels]
    logits[0] = 1 - logits[0]
    found = point(Predictions(logits, uniform, 1), reviews)
    assert found["accuracy"] == pytest.approx(11 / 12, abs=1e-6)
    assert found["entropy_nats"] == pytest.approx(np.log(reviews.lengths).mean(), abs=1e-6)
    assert found["entropy_normalised"] == pytest.approx(1)

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from evaluation_results import VARIANTS, predictions

from pipeline.evaluation.significance import holm, significance
from pipeline.evaluation.student import degrees_of_freedom, student_interval, student_p
from pipeline.evaluation.verdicts import QUESTIONS, clear_pairs, contrasts, equal_models, to_markdown, verdicts
from pipeline.params import load_params
from pipeline.source import ROOT


def answers(rng: np.random.Generator, rates: list[float], reviews: int) -> pd.DataFrame:
    """Predictions of a seed per rate; how hard a review is, is shared by all that answer it."""
    ease = np.random.default_rng(reviews).normal(size=reviews) * 0.1
    return predictions([(rng.random(reviews) < rate + ease).tolist() for rate in rates], nats=1.0)


def test_one_seed_agrees_with_mcnemar() -> None:
    rng = np.random.default_rng(0)
    tables = {"one": answers(rng, [0.8], 2000), "other": answers(rng, [0.77], 2000)}
    (row,) = significance(tables, resamples=4000, confidence=0.95).to_dict("records")
    right = {name: (table["predicted"] == table["label"]).to_numpy() for name, table in tables.items()}
    b, c = (right["one"] & ~right["other"]).sum(), (right["other"] & ~right["one"]).sum()
    assert (row["only_variant"], row["only_other"]) == (b / 2000, c / 2000)
    assert row["difference"] == pytest.approx((b - c) / 2000)
    z = (b - c) / math.sqrt(b + c)
    assert row["p"] == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), abs=0.02)
    assert row["difference_low"] == pytest.approx((b - c - 1.96 * math.sqrt(b + c)) / 2000, abs=0.002)


def test_equal_variants_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(1)
    found = [
        significance(
            {name: answers(rng, [0.8] * 3, 300) for name in ("one", "other")}, resamples=300, confidence=0.95, seed=i
        )
        for i in range(120)
    ]
    wrong = np.mean([frame["p"].iloc[0] < 0.05 for frame in found])
    inside = np.mean([f["difference_low"].iloc[0] <= 0 <= f["difference_high"].iloc[0] for f in found])
    assert wrong < 0.1
    assert inside > 0.9


def test_equal_variants_are_rarely_told_apart_by_three_seeds_that_differ() -> None:
    """Read off a normal curve, as if three seeds knew their own spread, an eighth of such pairs would differ."""
    rng = np.random.default_rng(4)
    found = []
    for i in range(200):
        rates = {name: rng.normal(0.7, 0.05, size=3) for name in ("one", "other")}
        tables = {  # all find the same reviews easy, so that a seed's luck is all there is
            name: predictions([(np.arange(1000) < 1000 * rate).tolist() for rate in drawn], nats=1.0)
            for name, drawn in rates.items()
        }
        found.append(significance(tables, resamples=100, confidence=0.95, seed=i))
    pairs = pd.concat(found)
    assert (pairs["p"] < 0.05).mean() < 0.085
    assert ((pairs["difference_low"] <= 0) & (pairs["difference_high"] >= 0)).mean() > 0.915


def test_degrees_of_freedom_are_those_of_welch() -> None:
    """Two samples of seeds with nothing else uncertain: the textbook's case."""
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(5)
    one_SN, other_SN = rng.normal(size=(3, 1)), rng.normal(size=(5, 1))
    variance = one_SN.var(ddof=1) / 3 + other_SN.var(ddof=1) / 5
    expected = ttest_ind(one_SN[:, 0], other_SN[:, 0], equal_var=False)
    freedom = degrees_of_freedom(variance, one_SN, other_SN)
    assert freedom == pytest.approx(expected.df)
    difference, deviation = one_SN.mean() - other_SN.mean(), np.sqrt(variance)
    interval = expected.confidence_interval()
    assert student_interval(difference, deviation, freedom, 0.95) == pytest.approx((interval.low, interval.high))
    assert student_p(difference, deviation, freedom) == pytest.approx(expected.pvalue)
    assert degrees_of_freedom(variance, one_SN[:1], other_SN[:1]) == np.inf
    assert (student_p(0.0, 0.0, np.inf), student_p(0.1, 0.0, np.inf)) == (1.0, 0.0), "nothing is left to chance"


def test_an_interval_leaves_zero_out_where_p_is_small() -> None:
    rng = np.random.default_rng(6)
    tables = {f"v{i}": answers(rng, list(rng.normal(0.6 + 0.02 * i, 0.02, size=3)), 500) for i in range(8)}
    pairs = significance(tables, resamples=300, confidence=0.95)
    outside = (pairs["difference_low"] > 0) | (pairs["difference_high"] < 0)
    assert 0 < outside.sum() < len(pairs)
    assert (outside == (pairs["p"] < 0.05)).all()


def test_seeds_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    other = answers(rng, [0.7] * 3, 3000)
    widths = []
    for rates in ([0.8, 0.8, 0.8], [0.7, 0.8, 0.9]):
        frame = significance({"one": answers(rng, rates, 3000), "other": other}, resamples=500, confidence=0.95)
        widths.append((frame["difference_high"] - frame["difference_low"]).iloc[0])
    assert widths[1] > 3 * widths[0]


def test_holm_is_that_of_the_book() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_other_reviews_are_refused_and_one_variant_has_no_pair() -> None:
    rng = np.random.default_rng(0)
    tables = {"one": answers(rng, [0.8], 100), "other": answers(rng, [0.8], 90)}
    with pytest.raises(ValueError, match="different reviews: run `dvc repro`"):
        significance(tables, resamples=100, confidence=0.95)
    tables["other"] = tables["one"].assign(row=tables["one"]["row"] + 1)
    with pytest.raises(ValueError, match="different reviews: run `dvc repro`"):
        significance(tables, resamples=100, confidence=0.95)
    alone = significance({"attention": tables["one"]}, resamples=100, confidence=0.95)
    assert alone.empty
    assert verdicts({"attention": VARIANTS["attention"]}, alone, confidence=0.95) == {}


def test_a_contrast_differs_in_one_part_and_the_plainer_is_the_parent() -> None:
    found = {(one.question, one.variant, one.parent) for one in contrasts(VARIANTS)}
    assert found == {
        ("query", "attention", "mean"),
        ("entropy_weight", "attention_entropy", "attention"),
        ("embeddings", "best", "attention"),
    }
    entries = {name: entry.model_dump() for name, entry in load_params(ROOT / "params.yaml").variants.items()}
    own = {(one.question, one.variant, one.parent) for one in contrasts(entries)}
    assert ("query", "attention_value", "mean_value") in own
    assert ("value", "attention_value", "attention") in own
    assert ("normaliser", "attention_sparsemax", "attention") in own
    assert ("heads", "attention_multihead", "attention") in own
    assert not {pair for pair in own if "tfidf" in pair}


def test_equal_weights_make_some_variants_one_model_whatever_their_key_normaliser_and_heads() -> None:
    entries = {name: entry.model_dump() for name, entry in load_params(ROOT / "params.yaml").variants.items()}
    found = equal_models(entries)
    means = [f"attention{rest}" for rest in ("", "_additive", "_sparsemax", "_multihead", "_text_query_mlp")]
    assert {name: found[name] for name in means} == dict.fromkeys(means, "mean")
    assert found["attention_text_query_value"] == "mean_value"
    assert found["attention_trainable"] == "mean_trainable"
    assert not {"mean", "lstm_attention", "best", "tfidf"} & found.keys()


def test_a_variant_that_is_the_null_model_stands_for_it_and_what_is_clear_is_named() -> None:
    rng = np.random.default_rng(3)
    tables = {name: answers(rng, [rate] * 3, 2000) for name, rate in (("mean", 0.7), ("attention", 0.8))}
    tables["attention_sparsemax"] = answers(rng, [0.8] * 3, 2000)
    entries = {"mean": {}, "attention": VARIANTS["attention"]}
    entries["attention_sparsemax"] = {**VARIANTS["attention"], "normaliser": "sparsemax"}
    nulls = {f"{name}/uniform": answers(rng, [0.6] * 3, 2000) for name in ("attention", "attention_sparsemax")}
    pairs = significance(tables, nulls, resamples=400, confidence=0.95)
    found = verdicts(entries, pairs, confidence=0.95)
    (null,) = found[QUESTIONS["null"]]
    assert null.startswith("attention_sparsemax beats mean by "), "attention beside mean is a question of its own"
    clear = clear_pairs(entries, pairs, confidence=0.95)
    assert clear == {("attention", "mean"), ("attention_sparsemax", "mean")}


def test_verdicts_say_who_wins_by_how_much_or_that_nobody_does() -> None:
    rng = np.random.default_rng(3)
    rates = dict(zip(VARIANTS, (0.7, 0.8, 0.8, 0.9, 0.85), strict=True))
    tables = {name: answers(rng, [rate] * 3, 2000) for name, rate in rates.items()}
    nulls = {"best/uniform": answers(rng, [0.8] * 3, 2000), "best/random": answers(rng, [0.9] * 3, 2000)}
    pairs = significance(tables, nulls, resamples=400, confidence=0.95)
    assert len(pairs) == 10 + 2, "a null model stands beside its own variant alone"
    found = verdicts(VARIANTS, pairs, confidence=0.95)
    assert list(found) == [QUESTIONS[key] for key in ("query", "null", "entropy_weight", "embeddings", "tfidf")]
    equal, drawn = found[QUESTIONS["null"]]
    assert equal.startswith("best beats best/uniform by ")
    assert drawn.startswith("best against best/random: no clear difference")
    (query,) = found[QUESTIONS["query"]]
    points = -100 * pairs.set_index(["variant", "other"]).loc[("mean", "attention"), "difference"]
    assert query.startswith(f"attention beats mean by {points:.1f} points [")
    assert found[QUESTIONS["entropy_weight"]][0].startswith("attention_entropy against attention: no clear difference")
    assert found[QUESTIONS["tfidf"]][0].startswith("best beats tfidf")
    page = to_markdown(found, "A note.")
    assert all(f"## {question}\n" in page for question in found)
    assert page.count("\n- ") == len(list(itertools.chain.from_iterable(found.values())))

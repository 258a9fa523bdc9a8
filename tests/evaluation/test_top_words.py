from dataclasses import dataclass

import evaluation_reference as reference
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from pipeline.data.reviews import Reviews, pack
from pipeline.evaluation.top_words import DIGITS, RANKINGS, count_words, rank_words

WORDS = ("<pad>", "<unk>", "fine", "dull", "the", "film", "never said")
CLASSES = ("negative", "positive")
SETTINGS = settings(deadline=None, max_examples=20)


@dataclass(frozen=True)
class Attended:
    """Reviews, and how some seeds read them."""

    reviews: Reviews
    weights: list[list[list[float]]]
    probabilities: list[list[list[float]]]

    @property
    def texts(self) -> list[list[int]]:
        return [self.reviews[i].tolist() for i in range(len(self.reviews))]

    def rank(self, min_count: int = 1, top: int = len(WORDS)) -> pd.DataFrame:
        flat = [np.array([weight for row in seed for weight in row], np.float32) for seed in self.weights]
        totals = count_words(self.reviews, flat, [np.array(p) for p in self.probabilities], len(WORDS))
        return rank_words(totals, WORDS, CLASSES, min_count=min_count, top=top)


def attended(
    texts: list[list[int]], labels: list[int], scores: list[list[list[float]]], odds: list[list[float]]
) -> Attended:
    return Attended(
        pack([np.array(text, np.int32) for text in texts], labels, range(len(texts))),
        [[reference.softmax(row) for row in seed] for seed in scores],
        [[reference.softmax([0.0, odd]) for odd in seed] for seed in odds],
    )


@st.composite
def corpora(draw: st.DrawFn) -> Attended:
    texts = draw(st.lists(st.lists(st.integers(1, len(WORDS) - 2), min_size=1, max_size=8), min_size=2, max_size=8))
    labels = draw(
        st.permutations([0, 1, *draw(st.lists(st.integers(0, 1), min_size=len(texts) - 2, max_size=len(texts) - 2))])
    )
    seeds = draw(st.integers(1, 3))
    scores = [[[draw(st.floats(-3, 3)) for _ in text] for text in texts] for _ in range(seeds)]
    odds = [[draw(st.floats(-5, 5)) for _ in texts] for _ in range(seeds)]
    return attended(texts, list(labels), scores, odds)


@given(corpora())
@SETTINGS
def test_every_number_matches_the_slow_twin(corpus: Attended) -> None:
    table = corpus.rank()
    for scope, label in (("all", None), ("negative", 0), ("positive", 1)):
        slow = reference.word_statistics(corpus.texts, corpus.reviews.labels.tolist(), corpus.weights, label)
        for ranking in RANKINGS:
            rows = table[(table["ranking"] == ranking) & (table["scope"] == scope)]
            assert {WORDS.index(word) for word in rows["word"]} == set(slow)
            for row in rows.to_dict("records"):
                expected = slow[WORDS.index(row["word"])]
                assert {name: row[name] for name in expected} == pytest.approx(expected, abs=2 * 10**-DIGITS)


@given(corpora())
@SETTINGS
def test_a_word_pushes_to_the_class_of_the_reviews_where_it_is_looked_at(corpus: Attended) -> None:
    for row in corpus.rank().to_dict("records"):
        pushes = [
            reference.push(corpus.texts, corpus.weights, corpus.probabilities, WORDS.index(row["word"]), label)
            for label in (0, 1)
        ]
        assert row["push"] == pytest.approx(max(pushes), abs=2 * 10**-DIGITS)
        assert row["push"] == pytest.approx(pushes[CLASSES.index(row["pushes_to"])], abs=2 * 10**-DIGITS)


@given(corpora())
@SETTINGS
def test_all_attention_is_shared_out_and_pushes_cancel(corpus: Attended) -> None:
    table = corpus.rank()
    everything = table[(table["ranking"] == "mass") & (table["scope"] == "all")]
    assert everything["mass"].sum() == pytest.approx(len(corpus.reviews), abs=1e-4)
    signs = np.where(everything["pushes_to"] == "positive", 1, -1)
    assert (everything["mass"] * everything["push"] * signs).sum() == pytest.approx(0, abs=1e-4)


@given(corpora(), st.integers(1, 4), st.integers(1, 3))
@SETTINGS
def test_each_ranking_falls_and_keeps_to_its_limits(corpus: Attended, min_count: int, top: int) -> None:
    table = corpus.rank(min_count, top)
    for (ranking, _), rows in table.groupby(["ranking", "scope"]):
        assert len(rows) <= top
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert rows[RANKINGS[str(ranking)]].is_monotonic_decreasing
        assert (rows["count"] >= (1 if ranking == "mass" else min_count)).all()


def test_the_unknown_word_shows_and_unseen_words_do_not() -> None:
    table = attended([[1, 1], [2]], [0, 1], [[[0.0, 0.0], [0.0]]], [[-1.0, 1.0]]).rank()
    assert set(table["word"]) == {"<unk>", "fine"}
    unknown = table[table["word"] == "<unk>"].iloc[0]
    assert (unknown["count"], unknown["reviews"], unknown["pushes_to"]) == (2, 1, "negative")


def test_uniform_attention_has_lift_one_and_ties_go_by_row_of_the_vocabulary() -> None:
    texts = [[4, 2, 3], [5, 2, 4, 3, 1, 3, 5], [5, 4]]
    table = attended(texts, [0, 1, 1], [[[0.0] * len(text) for text in texts]], [[0.0] * 3]).rank()
    lifts = table[(table["ranking"] == "lift") & (table["scope"] == "all")]
    assert lifts["lift"].tolist() == [1.0] * 5
    assert lifts["word"].tolist() == ["<unk>", "fine", "dull", "the", "film"]
    assert table["push"].tolist() == pytest.approx([0.0] * len(table))


def test_a_rare_word_counts_in_the_ranking_by_mass_alone() -> None:
    table = attended([[2, 3], [3]], [0, 1], [[[5.0, 0.0], [0.0]]], [[0.0, 0.0]]).rank(min_count=2)
    everything = table[table["scope"] == "all"]
    found = {ranking: rows["word"].tolist() for ranking, rows in everything.groupby("ranking")}
    assert found == {"mean": ["dull"], "mass": ["dull", "fine"], "lift": ["dull"]}


def test_a_word_with_no_attention_pushes_nowhere() -> None:
    table = attended([[2, 3], [3]], [0, 1], [[[-2000.0, 0.0], [0.0]]], [[-1.0, 1.0]]).rank()
    assert table.loc[table["word"] == "fine", "push"].unique().tolist() == [0.0]
    assert not table.isna().to_numpy().any()


def test_rankings_and_scopes_come_in_a_fixed_order() -> None:
    table = attended([[2, 3], [3]], [0, 1], [[[0.0, 0.0], [0.0]]], [[-1.0, 1.0]]).rank()
    assert table["ranking"].unique().tolist() == ["mean", "mass", "lift"]
    assert table["scope"].unique().tolist() == ["all", "negative", "positive"]

"""What the generated corpus promises: the laws that make each kind of review need its part of the model family."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from pipeline.data import demo, demo_lexicon, embeddings

SEED, TRAIN, TEST = 7, 960, 480
GOLDEN_REVIEWS = "97b1adbcc7fa728f4d25c27a885a488216af3d6406ee0de26e9db5070d5bee30"
GOLDEN_VECTORS = "a5b11b1ae98645137cfb5120d1a986eed613f3f608465c22c56365f2dac09f6c"

Vectors = dict[str, npt.NDArray[np.float32]]


@pytest.fixture(scope="module")
def corpus() -> tuple[pd.DataFrame, Vectors]:
    return demo.generate(SEED, TRAIN, TEST)


@pytest.fixture(scope="module")
def reviews(corpus: tuple[pd.DataFrame, Vectors]) -> pd.DataFrame:
    return corpus[0]


@pytest.fixture(scope="module")
def vectors(corpus: tuple[pd.DataFrame, Vectors]) -> Vectors:
    return corpus[1]


def labels_of(keys: Iterable[object], labels: Iterable[int]) -> dict[object, Counter[int]]:
    """How often each key stands under each label."""
    counts: dict[object, Counter[int]] = defaultdict(Counter)
    for key, label in zip(keys, labels, strict=True):
        counts[key][label] += 1
    return counts


def bag(review: pd.Series, without: str = "") -> tuple[str, ...]:
    """The words of a review, their order forgotten, without those of some roles."""
    return tuple(
        sorted(word for word, role in zip(review.text.split(), review.roles, strict=True) if role not in without)
    )


def words_with(review: pd.Series, role: str) -> list[str]:
    return [word for word, letter in zip(review.text.split(), review.roles, strict=True) if letter == role]


def test_the_same_arguments_give_the_same_bits(corpus: tuple[pd.DataFrame, Vectors]) -> None:
    frame, vectors = corpus
    assert hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest() == GOLDEN_REVIEWS
    digest = hashlib.sha256()
    for word, vector in vectors.items():
        digest.update(word.encode() + vector.tobytes())
    assert digest.hexdigest() == GOLDEN_VECTORS


def test_another_seed_gives_another_corpus(reviews: pd.DataFrame, vectors: Vectors) -> None:
    other_reviews, other_vectors = demo.generate(SEED + 1, TRAIN, TEST)
    assert set(other_reviews.text).isdisjoint(reviews.text[reviews.kind == "filler"])
    assert not np.allclose(other_vectors["the"], vectors["the"])


def test_every_kind_has_as_many_reviews_of_each_label(reviews: pd.DataFrame) -> None:
    sizes = reviews.groupby(["split", "kind", "label"]).size()
    assert sizes["train"].tolist() == [TRAIN // 8] * 8
    assert sizes["test"].tolist() == [TEST // 8] * 8
    assert set(reviews.kind) == set(demo.KINDS)


def test_columns_are_those_of_every_corpus_in_path_order(reviews: pd.DataFrame) -> None:
    assert reviews.columns.tolist() == ["split", "label", "name", "movie", "kind", "text", "roles"]
    assert reviews.label.dtype == np.int8
    assert reviews["name"].is_monotonic_increasing
    assert reviews["name"].is_unique
    folders = reviews.split + np.where(reviews.label == 1, "/pos/", "/neg/")
    assert all(name.startswith(folder) for name, folder in zip(reviews["name"], folders, strict=True))


def test_movies_are_many_and_stand_in_one_split(reviews: pd.DataFrame) -> None:
    movies = {split: set(rows.movie) for split, rows in reviews.groupby("split")}
    assert movies["train"].isdisjoint(movies["test"])
    assert reviews.groupby("movie").size().eq(8).all()
    assert reviews.groupby("movie").label.mean().eq(0.5).all()


def test_every_token_has_a_role_and_every_role_occurs(reviews: pd.DataFrame) -> None:
    assert (reviews.text.str.split(" ").str.len() == reviews.roles.str.len()).all()
    assert set("".join(reviews.roles)) == set(demo.ROLES)
    assert set(demo.ROLES) > demo.EVIDENCE


def test_every_tokeniser_would_split_at_the_spaces(reviews: pd.DataFrame) -> None:
    tokens = set(" ".join(reviews.text).split(" "))
    assert all(re.fullmatch(r"[a-z]+|[.,!]", token) for token in tokens)
    assert tokens.isdisjoint({"cannot", "gonna", "gotta", "wanna", "gimme", "lemme"})


def test_a_word_belongs_to_one_group() -> None:
    genres = [words for genre in demo_lexicon.GENRES for words in (genre.cues, genre.praise, genre.blame)]
    groups = [*demo_lexicon.FILLER.values(), demo_lexicon.GOOD, demo_lexicon.BAD, demo_lexicon.GRAMMAR, *genres]
    repeated = [word for word, count in Counter(word for group in groups for word in group).items() if count > 1]
    assert repeated == []


def test_only_invented_names_have_no_vector(reviews: pd.DataFrame, vectors: Vectors) -> None:
    unknown = [
        role
        for review in reviews.itertuples()
        for word, role in zip(review.text.split(), review.roles, strict=True)
        if word not in vectors
    ]
    assert set(unknown) == {"u"}
    assert 0.002 < len(unknown) / reviews.roles.str.len().sum() < 0.01
    assert "".join(reviews.roles).count("u") == len(unknown)


@pytest.mark.parametrize("kind", ["plain", "filler"])
def test_plain_and_filler_are_told_by_the_sentiment_words_and_by_nothing_else(reviews: pd.DataFrame, kind: str) -> None:
    rows = reviews[reviews.kind == kind]
    poles = {0: set(demo_lexicon.BAD), 1: set(demo_lexicon.GOOD)}
    for _, review in rows.iterrows():
        assert len(words_with(review, "s")) == 2
        assert set(words_with(review, "s")) <= poles[review.label]
    rest = labels_of((bag(review, without="s") for _, review in rows.iterrows()), rows.label)
    assert all(counts[0] == counts[1] for counts in rest.values())


def test_filler_is_long_and_the_others_are_short(reviews: pd.DataFrame) -> None:
    lengths = reviews.roles.str.len().groupby(reviews.kind)
    assert lengths.min()["filler"] > 40
    assert lengths.max().drop("filler").max() < 30


def test_in_genre_reviews_neither_the_genre_nor_the_other_words_tell_the_label(reviews: pd.DataFrame) -> None:
    rows = reviews[reviews.kind == "genre"]
    without_cues = labels_of((bag(review, without="g") for _, review in rows.iterrows()), rows.label)
    cues = labels_of((bag(review, without="fpsdxnu") for _, review in rows.iterrows()), rows.label)
    assert all(counts[0] == counts[1] for counts in (*without_cues.values(), *cues.values()))


def test_in_genre_reviews_every_word_is_as_common_under_both_labels(reviews: pd.DataFrame) -> None:
    rows = reviews[reviews.kind == "genre"]
    words = rows.text.str.split().explode()
    counts = labels_of(words, rows.label.reindex(words.index))
    assert all(count[0] == count[1] for count in counts.values())


def test_in_genre_reviews_the_word_of_the_films_own_genre_decides(reviews: pd.DataFrame) -> None:
    for _, review in reviews[reviews.kind == "genre"].iterrows():
        (genre,) = [genre for genre in demo_lexicon.GENRES if set(words_with(review, "g")) <= set(genre.cues)]
        (deciding,), (distractor,) = words_with(review, "d"), words_with(review, "x")
        others = [other for other in demo_lexicon.GENRES if other is not genre]
        assert deciding in (genre.praise if review.label else genre.blame)
        assert any(distractor in (other.blame if review.label else other.praise) for other in others)


def test_negation_reviews_come_in_pairs_with_the_same_words_and_opposite_labels(reviews: pd.DataFrame) -> None:
    rows = reviews[reviews.kind == "negation"]
    bags = labels_of(zip(rows.movie, (bag(review) for _, review in rows.iterrows()), strict=True), rows.label)
    assert all(counts == {0: 1, 1: 1} for counts in bags.values())


def test_in_negation_reviews_the_word_that_counts_stands_first_as_often_as_second(reviews: pd.DataFrame) -> None:
    rows = reviews[reviews.kind == "negation"]
    first_is_praise = [words_with(review, "s")[0] in demo_lexicon.GOOD for _, review in rows.iterrows()]
    assert np.mean(first_is_praise == (rows.label == 1)) == pytest.approx(0.5, abs=0.1)
    assert all("n" in roles for roles in rows.roles)


def test_sentiment_is_a_direction_that_the_plot_drowns_and_evaluation_one_that_it_does_not(vectors: Vectors) -> None:
    def along(axis: npt.NDArray[np.float32], words: Iterable[str]) -> npt.NDArray[np.float32]:
        return np.stack([vectors[word] for word in words]) @ (axis / np.linalg.norm(axis))

    plot = demo_lexicon.FILLER["PERSON"] + demo_lexicon.FILLER["OBJECT"]
    good, bad = (np.mean([vectors[word] for word in words], axis=0) for words in (demo_lexicon.GOOD, demo_lexicon.BAD))
    assert np.std(along(good - bad, plot)) > np.mean(along(good - bad, demo_lexicon.GOOD))
    assert np.max(along(good + bad, plot)) < np.min(along(good + bad, demo_lexicon.GOOD + demo_lexicon.BAD))


@pytest.mark.parametrize(("train", "test", "named"), [(0, 16, "train"), (-16, 16, "train"), (32, 24, "test")])
def test_numbers_of_reviews_that_cannot_be_balanced_are_refused(train: int, test: int, named: str) -> None:
    with pytest.raises(ValueError, match=rf"{named}_reviews is .* multiple of 16"):
        demo.generate(SEED, train, test)


def test_files_read_back_as_they_were_written(reviews: pd.DataFrame, vectors: Vectors, tmp_path: Path) -> None:
    demo.write_reviews(reviews, tmp_path / "demo" / "reviews.parquet")
    demo.write_vectors(vectors, tmp_path / "demo" / "vectors.txt")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "demo" / "reviews.parquet"), reviews)
    read = embeddings.read_vectors(tmp_path / "demo" / "vectors.txt", set(vectors))
    assert list(read) == list(vectors)
    assert all(np.array_equal(read[word], vectors[word]) for word in vectors)
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["reviews.parquet", "vectors.txt"]

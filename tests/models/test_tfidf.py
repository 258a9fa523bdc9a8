from pathlib import Path

import numpy as np
import pytest
import tiny
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline.models.tfidf import TfidfClassifier


@pytest.fixture(scope="module")
def fitted() -> TfidfClassifier:
    model = TfidfClassifier(ngrams=2, min_count=2, regularisation=10.0)
    train = tiny.reviews(96)
    model.fit(train, train.labels)
    return model


def test_it_is_scikit_learn_on_the_words(fitted: TfidfClassifier) -> None:
    train, test = tiny.reviews(96), tiny.reviews(48, seed=1)
    spelt = [[" ".join(f"w{row}" for row in review) for review in split] for split in (train, test)]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"\S+")
    regression = LogisticRegression(C=10.0, max_iter=1000).fit(vectorizer.fit_transform(spelt[0]), train.labels)
    expected = regression.predict_proba(vectorizer.transform(spelt[1]))
    np.testing.assert_allclose(softmax(fitted.logits(test), axis=1), expected, atol=1e-4)
    assert fitted.parameters == regression.coef_.size + 1


def test_what_is_saved_is_loaded_and_the_bytes_do_not_change(fitted: TfidfClassifier, tmp_path: Path) -> None:
    test = tiny.reviews(48, seed=1)
    fitted.save(tmp_path / "seed-0.safetensors")
    first = (tmp_path / "seed-0.safetensors").read_bytes()
    loaded = TfidfClassifier.load(tmp_path / "seed-0.safetensors")
    np.testing.assert_array_equal(loaded.logits(test), fitted.logits(test))
    loaded.save(tmp_path / "seed-0.safetensors")
    assert (tmp_path / "seed-0.safetensors").read_bytes() == first


def test_a_model_of_three_classes_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    reviews = tiny.reviews(96)
    model = TfidfClassifier(ngrams=2, min_count=1, regularisation=10.0)
    model.fit(reviews, np.arange(96) % 3)
    model.save(tmp_path / "seed-0.safetensors")
    loaded = TfidfClassifier.load(tmp_path / "seed-0.safetensors")
    np.testing.assert_array_equal(loaded.logits(reviews), model.logits(reviews))
    assert loaded.logits(reviews).shape == (96, 3)


def test_loss_and_accuracy(fitted: TfidfClassifier) -> None:
    test = tiny.reviews(48, seed=1)
    loss, accuracy = fitted.evaluate(test, test.labels)
    probabilities = softmax(fitted.logits(test), axis=1)
    assert loss == pytest.approx(np.mean([-np.log(probabilities[i, label]) for i, label in enumerate(test.labels)]))
    assert accuracy == np.mean(probabilities.argmax(axis=1) == test.labels)


@pytest.mark.parametrize("classes", [2, 3])
def test_answers_that_are_nearly_sure_keep_their_order_and_a_finite_loss(classes: int) -> None:
    reviews, labels = tiny.reviews(96), np.arange(96) % classes
    model = TfidfClassifier(ngrams=2, min_count=1, regularisation=1e7)
    model.fit(reviews, labels)
    logits_NC = model.logits(reviews)
    assert np.isfinite(logits_NC).all()
    assert np.isfinite(model.evaluate(reviews, (labels + 1) % classes)[0])
    assert len(np.unique(logits_NC[:, 1] - logits_NC[:, 0])) > 90


def test_too_few_reviews_for_the_minimum_are_refused_with_the_numbers() -> None:
    model = TfidfClassifier(ngrams=1, min_count=9, regularisation=10.0)
    train = tiny.reviews(3)
    with pytest.raises(ValueError, match="no n-gram stands in 9 of the 3 training reviews: lower min_count"):
        model.fit(train, train.labels)

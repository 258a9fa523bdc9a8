import numpy as np
import pytest
import tiny
import torch
from scipy.stats import kendalltau
from sklearn.metrics import average_precision_score

from pipeline.explanation import importance
from pipeline.explanation.agreement import kendall, top_overlap
from pipeline.explanation.evidence import evidence_mask, evidence_scores
from pipeline.explanation.lexicon import KINDS, closed_form, kinds_of, mass_by_kind, word_lifts
from pipeline.models.variants import build_model
from pipeline.params_variants import AttentionVariant


@pytest.mark.parametrize(
    "name", ["attention", "attention_random", "attention_value", "attention_linear_value", "attention_trainable"]
)
def test_two_numbers_per_word_are_the_whole_model(name: str) -> None:
    model, reviews = tiny.model(name).eval(), tiny.reviews(20)
    logit_V, polarity_V = closed_form(model)
    if "value" not in name:
        assert polarity_V[0] == 0
    for tokens in reviews:
        shares = np.exp(logit_V[tokens]) / np.exp(logit_V[tokens]).sum()
        row = torch.from_numpy(np.array(tokens))[None]
        logits, weights = model(row, torch.tensor([len(tokens)]))
        np.testing.assert_allclose(weights[0].detach(), shares, atol=1e-6)
        bias = (model.classifier.bias[1] - model.classifier.bias[0]).item()
        assert (logits[0, 1] - logits[0, 0]).item() == pytest.approx(shares @ polarity_V[tokens] + bias, abs=1e-5)


@pytest.mark.parametrize(
    "name", ["lstm_attention", "attention_text_query", "mean", "attention_sparsemax", "attention_multihead"]
)
def test_a_model_that_looks_at_the_text_has_no_lexicon(name: str) -> None:
    with pytest.raises(ValueError, match="no lexicon in closed form"):
        closed_form(tiny.model(name))


def test_a_model_of_three_classes_has_no_polarity() -> None:
    model = build_model(AttentionVariant.model_validate(tiny.VARIANTS["attention"]), tiny.embeddings(), classes=3)
    with pytest.raises(ValueError, match="or its classes are not two"):
        closed_form(model)


def test_lifts_are_those_of_a_loop() -> None:
    model, reviews = tiny.model("lstm_attention"), tiny.reviews(40)
    weights = importance.attention(model, reviews)
    mean_V, deviation_V = word_lifts(reviews, weights, tiny.VOCABULARY + 1)
    for word in range(tiny.VOCABULARY + 1):
        own = [
            np.log(w * len(tokens))
            for tokens, shares in zip(reviews, tiny.by_review(reviews, weights), strict=True)
            for token, w in zip(tokens, shares, strict=True)
            if token == word
        ]
        if own:
            assert (mean_V[word], deviation_V[word]) == pytest.approx((np.mean(own), np.std(own)), abs=1e-6)
        else:
            assert np.isnan(mean_V[word])
            assert np.isnan(deviation_V[word])


def test_kinds_of_words_and_where_the_attention_lies() -> None:
    words = ["<pad>", "<unk>", "n't", "not", "the", "'s", ",", "...", "superb", "10/10", "himself", "dull"]
    kinds = kinds_of(words)
    named = [KINDS[kind] for kind in kinds[1:]]
    first = ["unknown", "negation", "negation", "function word", "function word", "punctuation", "punctuation"]
    assert named == [*first, "other", "other", "function word", "other"]
    reviews = tiny.reviews(30)
    uniform = np.repeat(1 / reviews.lengths, reviews.lengths)
    table = mass_by_kind(reviews, uniform, kinds)
    assert table["attention"].sum() == pytest.approx(1)
    np.testing.assert_allclose(table["lift"], 1)
    on_unknown = mass_by_kind(reviews, (reviews.tokens == 1).astype(float), kinds).set_index("kind")
    assert on_unknown.loc["other", "attention"] == 0


def test_agreement_of_rankings() -> None:
    reviews = tiny.reviews(30)
    ranking = np.random.default_rng(0).random(len(reviews.tokens))
    long = reviews.lengths > 1
    np.testing.assert_allclose(kendall(reviews, ranking, ranking)[long], 1)
    np.testing.assert_allclose(kendall(reviews, ranking, -ranking)[long], -1)
    assert np.isnan(kendall(reviews, ranking, ranking)[~long]).all()
    assert np.isnan(kendall(reviews, ranking, np.ones(len(ranking)))).all(), "no order, no agreement"
    assert (top_overlap(reviews, ranking, ranking)[long] == 1).all()
    assert (top_overlap(reviews, ranking, -ranking, share=0.1)[long] == 0).all()


def test_kendall_is_that_of_scipy_ties_and_all() -> None:
    reviews, rng = tiny.reviews(30), np.random.default_rng(5)
    one, other = (rng.integers(4, size=len(reviews.tokens)).astype(float) for _ in range(2))
    found_N = kendall(reviews, one, other)
    for found, start, end in zip(found_N, reviews.offsets[:-1], reviews.offsets[1:], strict=True):
        expected = kendalltau(one[start:end], other[start:end]).statistic if end - start > 1 else np.nan
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_average_precision_is_that_of_scikit_learn_ties_and_all() -> None:
    reviews, rng = tiny.reviews(40), np.random.default_rng(6)
    truth = rng.random(len(reviews.tokens)) < 0.4
    weights = rng.integers(5, size=len(truth)) / 10
    found_N = evidence_scores(reviews, weights, truth)["average_precision"]
    assert np.isfinite(found_N).sum() > 10
    for found, start, end in zip(found_N, reviews.offsets[:-1], reviews.offsets[1:], strict=True):
        if 0 < truth[start:end].sum() < end - start:
            assert found == pytest.approx(average_precision_score(truth[start:end], weights[start:end]), abs=1e-12)


def test_evidence_is_found_or_not() -> None:
    reviews = tiny.reviews(20)
    rng = np.random.default_rng(0)
    roles = np.array(["".join(rng.choice(list("sf"), length)) for length in reviews.lengths], dtype=object)
    truth = evidence_mask(reviews, roles, frozenset("s"))
    assert truth.tolist() == [letter == "s" for word in roles for letter in word]
    mixed = np.array([0 < word.count("s") < len(word) for word in roles])
    perfect = truth / np.repeat(np.maximum(np.add.reduceat(truth, reviews.offsets[:-1]), 1), reviews.lengths)
    scores = evidence_scores(reviews, perfect, truth)
    assert (scores["average_precision"][mixed] == 1).all()
    np.testing.assert_allclose(scores["mass"][mixed], 1)
    assert np.isnan(scores["mass"][~mixed]).all()
    uniform = np.repeat(1 / reviews.lengths, reviews.lengths)
    np.testing.assert_allclose(evidence_scores(reviews, uniform, truth)["lift"][mixed], 1)
    with pytest.raises(ValueError, match="do not fit"):
        evidence_mask(reviews, np.array(["f"] * len(reviews), dtype=object), frozenset("s"))

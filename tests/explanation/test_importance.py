import numpy as np
import pytest
import tiny
import torch

from pipeline.explanation import importance
from pipeline.explanation.opened import kept, opened, probabilities

MODELS = [
    *("mean", "attention", "attention_text_query_value", "lstm_attention", "bidirectional", "attention_trainable"),
    *("attention_sparsemax", "attention_multihead", "attention_multihead_sparsemax_value", "lstm_multihead_text_query"),
]


@pytest.mark.parametrize("name", MODELS)
def test_opening_a_model_changes_nothing(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(30)
    found = probabilities(model, reviews, batch_size=7)
    for index in range(len(reviews)):
        np.testing.assert_allclose(found[index], tiny.alone(model, reviews[index]), atol=1e-6)
    flat = importance.attention(model, reviews)
    for weights in tiny.by_review(reviews, flat):
        assert weights.sum() == pytest.approx(1, abs=1e-5)
    for batch in opened(model, reviews):
        assert (batch.weights_BT[~batch.mask_BT] == 0).all(), "attention on padding"


def test_deleted_tokens_are_gone_and_the_others_in_order() -> None:
    reviews = tiny.reviews(40)
    keep = np.random.default_rng(0).random(len(reviews.tokens)) < 0.4
    rest, left = kept(reviews, keep)
    expected = [reviews[i][keep[reviews.offsets[i] : reviews.offsets[i + 1]]].tolist() for i in range(len(reviews))]
    assert [rest[i].tolist() for i in range(len(rest))] == [tokens for tokens in expected if tokens]
    assert left.tolist() == [i for i, tokens in enumerate(expected) if tokens]
    np.testing.assert_array_equal(rest.labels, reviews.labels[left])


def test_the_gradient_of_a_bag_has_a_closed_form() -> None:
    """With the weights held fixed, the log odds are linear in the vectors: the product is a_i (W_1 - W_0) . x_i."""
    model, reviews = tiny.model("attention"), tiny.reviews(20)
    pull_V = (tiny.embeddings() @ (model.classifier.weight[1] - model.classifier.weight[0])).detach().numpy()
    towards_second = importance.attention(model, reviews) * pull_V[reviews.tokens]
    answer_N = probabilities(model, reviews).argmax(axis=1)
    expected = towards_second * np.repeat(2 * answer_N - 1, reviews.lengths)
    np.testing.assert_allclose(importance.gradient_x_input(model, reviews), expected, atol=1e-6)


def test_a_saturated_answer_still_has_a_gradient() -> None:
    """A probability of 1 has none, and a normalised gradient would be 0 / 0."""
    model, reviews = tiny.model("attention"), tiny.reviews(20)
    torch.nn.init.constant_(model.classifier.bias, 0.0)
    with torch.no_grad():
        model.classifier.weight *= 1e4
    assert (probabilities(model, reviews).max(axis=1) == 1).any()
    for found in (importance.gradient_x_input(model, reviews), importance.integrated_gradients(model, reviews)):
        assert np.isfinite(found).all()
        assert all(own.any() for own in tiny.by_review(reviews, found))


@pytest.mark.parametrize("name", ["attention", "attention_value", "attention_multihead", "lstm_attention"])
def test_integrated_gradients_add_up_to_the_change_of_the_log_odds(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(20)
    found = importance.integrated_gradients(model, reviews, steps=300)
    for index, attributions in enumerate(tiny.by_review(reviews, found)):
        vectors = model.embedding(torch.from_numpy(np.array(reviews[index]))[None])
        lengths = torch.tensor([vectors.shape[1]])
        odds = []
        with torch.inference_mode():
            for scaled in (torch.zeros_like(vectors), vectors):
                states = model.encoder(scaled, lengths)
                logits = model.classify(model.attend(states, lengths), model.value(states))[0]
                odds.append(logits)
        answer = int(odds[1].argmax())
        change = (odds[1][answer] - odds[1][1 - answer]) - (odds[0][answer] - odds[0][1 - answer])
        assert attributions.sum() == pytest.approx(change.item(), abs=2e-3)

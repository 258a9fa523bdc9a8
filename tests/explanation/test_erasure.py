import numpy as np
import pytest
import tiny
import torch

from pipeline.data.reviews import pack
from pipeline.explanation import importance
from pipeline.explanation.erasure import SHARES, decision_flip, erasure, ranks

MODELS = [
    *("attention", "attention_text_query_value", "lstm_attention"),
    *("attention_sparsemax", "attention_multihead", "attention_multihead_sparsemax_value", "lstm_multihead_text_query"),
]


def test_ranks_count_within_a_review_and_the_earlier_of_equals_comes_first() -> None:
    reviews = pack(
        [np.array([2, 3, 4], np.int32), np.array([5], np.int32), np.array([2, 2], np.int32)], [0] * 3, range(3)
    )
    assert ranks(reviews, np.array([0.1, 0.5, 0.4, 9.0, 0.3, 0.3])).tolist() == [2, 0, 1, 0, 0, 1]


@pytest.mark.parametrize("name", MODELS)
def test_erasure_is_running_the_text_without_its_top_tokens_and_on_them_alone(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(25)
    ranking = np.random.default_rng(1).random(len(reviews.tokens))
    found = erasure(model, reviews, ranking)
    for index, own in enumerate(tiny.by_review(reviews, ranking)):
        tokens = reviews[index]
        whole = tiny.alone(model, tokens)
        answer = whole.argmax()
        order = np.argsort(-own, kind="stable")
        for column, share in enumerate(SHARES):
            top = int(np.ceil(share * len(tokens)))
            alone = tiny.alone(model, tokens[np.sort(order[:top])])[answer]
            assert found.sufficiency_NK[index, column] == pytest.approx(whole[answer] - alone, abs=1e-6)
            if top == len(tokens):
                assert np.isnan(found.comprehensiveness_NK[index, column])
            else:
                without = tiny.alone(model, tokens[np.sort(order[top:])])[answer]
                assert found.comprehensiveness_NK[index, column] == pytest.approx(whole[answer] - without, abs=1e-6)


def test_the_word_that_decides_is_needed_and_enough() -> None:
    """With an inverted mask the two numbers would change places."""
    model = tiny.model("mean")
    with torch.no_grad():
        model.embedding.weight.zero_()
        model.embedding.weight[2] = 1.0
        model.classifier.weight[0], model.classifier.weight[1] = -20.0, 20.0
        model.classifier.bias[:] = torch.tensor([2.0, 0.0])
    reviews = pack([np.array([3, 4, 2, 5, 6, 7, 8, 9, 10, 11], np.int32)], [1], [0])
    truth = (reviews.tokens == 2).astype(float)
    found = erasure(model, reviews, truth)
    assert found.comprehensiveness_NK[0, 0] > 0.8
    assert found.sufficiency_NK[0, 0] < 0.01
    reversed_order = erasure(model, reviews, -truth)
    assert reversed_order.comprehensiveness_NK[0, 0] < 0.1
    assert reversed_order.sufficiency_NK[0, 0] > 0.8


@pytest.mark.parametrize("name", MODELS)
def test_a_decision_flips_where_removing_one_by_one_says_so(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(40)
    with torch.no_grad():  # as many answers of one class as of the other
        logits = [model(torch.from_numpy(np.array(r))[None], torch.tensor([len(r)])).logits_BC[0] for r in reviews]
        model.classifier.bias -= torch.stack(logits).median(dim=0).values
    weights = importance.attention(model, reviews)
    found = decision_flip(model, reviews, weights)
    assert 0 < (found == 1).sum() < len(found), "some answers never turn"
    for index, own in enumerate(tiny.by_review(reviews, weights)):
        tokens = torch.from_numpy(np.array(reviews[index]))[None]
        lengths = torch.tensor([tokens.shape[1]])
        with torch.inference_mode():
            states = model.encoder(model.embedding(tokens), lengths)
            values, attended = model.value(states), model.attend(states, lengths)
            answer = model.classify(attended, values).argmax()
            order, slow = np.argsort(-own, kind="stable"), 1.0
            for removed in range(1, len(own)):
                left = attended.clone()
                left[0, :, order[:removed].copy()] = 0
                if not left.sum(dim=2).all():
                    break
                if model.classify(left / left.sum(dim=2, keepdim=True), values).argmax() != answer:
                    slow = removed / len(own)
                    break
        np.testing.assert_equal(found[index], slow)

import copy

import numpy as np
import pytest
import tiny
import torch

from pipeline.data.reviews import pack
from pipeline.explanation.agreement import kendall
from pipeline.explanation.leave_one_out import EXACT, leave_one_out
from pipeline.explanation.opened import opened, places

SHARED = ["lstm_attention", "gru_attention", "lstm_text_query_additive"]  # one layer, of one direction or two
ONE_BY_ONE = [
    "attention_sparsemax",
    "attention_multihead",
    "attention_multihead_sparsemax_value",
    "lstm_multihead_text_query",
]
PLAIN = ["mean", "attention", "attention_text_query_value", "attention_trainable", "bidirectional"]
MODELS = [*PLAIN, *SHARED, *ONE_BY_ONE]


@pytest.mark.parametrize("rows", [1, 3, 64])
@pytest.mark.parametrize("name", MODELS)
def test_leaving_a_token_out_is_running_the_rest(name: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.explanation.leave_one_out.ROWS", rows)
    model, reviews = tiny.model(name), pack([np.array([5], np.int32), *(tiny.reviews(12))], [0] * 13, range(13))
    found = tiny.by_review(reviews, leave_one_out(model, reviews))
    assert np.isnan(found[0]).all(), "nothing is left of a single token"
    for index in range(1, len(reviews)):
        tokens = reviews[index]
        if len(tokens) == 1:
            continue
        whole = tiny.alone(model, tokens)
        answer = whole.argmax()
        slow = [whole[answer] - tiny.alone(model, np.delete(tokens, place))[answer] for place in range(len(tokens))]
        np.testing.assert_allclose(found[index], slow, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 10, 30])
def test_the_order_of_small_effects_is_more_than_rounding(scale: float) -> None:
    """Under attention on a word or two most effects are far below float32's precision, and are ranked all the same."""
    model, reviews = tiny.model("attention"), pack(list(tiny.reviews(12)), [0] * 12, range(12))
    with torch.no_grad():
        model.query.query.mul_(scale / model.query.query.norm())
    found = leave_one_out(model, reviews)
    exact = copy.deepcopy(model).double()
    slow = []
    for tokens in reviews:
        whole = tiny.alone(exact, tokens)
        rest = [tiny.alone(exact, np.delete(tokens, place)) for place in range(len(tokens))] if len(tokens) > 1 else []
        slow += [whole[whole.argmax()] - one[whole.argmax()] for one in rest] or [np.nan]
    taus = kendall(reviews, found, np.round(slow, EXACT))
    assert np.nanmin(taus) > 0.95


@pytest.mark.parametrize("name", ["attention_sparsemax", "attention_multihead_sparsemax_value"])
def test_a_token_without_weight_has_no_effect(name: str) -> None:
    model, reviews = tiny.model(name), pack(list(tiny.reviews(12)), [0] * 12, range(12))
    found = leave_one_out(model, reviews)
    for batch in opened(model, reviews):
        nothing = (batch.weights_BHT == 0).all(dim=1) & batch.mask_BT & (batch.lengths_B > 1)[:, None]
        assert nothing.any()
        assert not found[places(reviews, batch.index_B, nothing.numpy())].any()

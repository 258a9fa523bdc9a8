import numpy as np
import pytest
import tiny

from pipeline.data.reviews import pack
from pipeline.explanation.leave_one_out import leave_one_out

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

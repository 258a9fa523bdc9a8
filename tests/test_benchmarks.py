"""The peers that speed is measured against compute the same, and a table says what has become slower."""

import math

import pandas as pd
import pytest
import tiny
import torch

from benchmarks.__main__ import COLUMNS, Measure, moved, renewed
from benchmarks.models import bytes_per_token, flops_per_token
from benchmarks.notebook import NotebookFit, NotebookModel, batches


@pytest.mark.parametrize("name", tiny.VARIANTS)
def test_the_notebook_gives_the_same_logits_and_trains(name: str) -> None:
    model = tiny.model(name).eval()
    peer = NotebookModel(model, dropout=0.0, word_dropout=0.0)
    tokens_BT, lengths_B = tiny.batch()
    assert torch.allclose(peer(tokens_BT, lengths_B), model(tokens_BT, lengths_B).logits_BC, atol=1e-6)
    fit = NotebookFit(peer, learning_rate=0.01, gradient_clip=1.0)
    reviews = tiny.reviews(20)
    assert sum(fit.step(batch) for batch in batches(reviews, 8, shuffle=True)) == len(reviews.tokens)


def test_the_work_of_a_recurrent_layer_is_counted() -> None:
    model = tiny.model("lstm_attention")
    once = 2 * 4 * 3 * (4 + 3)  # four gates of three units, from four inputs and three states
    assert flops_per_token(model, training=False) == once
    assert flops_per_token(model, training=True) == 2 * once + 2 * 12 * 3, "no gradient to frozen vectors"
    assert flops_per_token(tiny.model("attention"), training=True) == 0
    assert bytes_per_token(tiny.model("attention"), training=True) == 2 * bytes_per_token(model, training=False)


def test_a_ratio_above_one_is_better_whatever_the_unit() -> None:
    rate = Measure("a", "tokens/s", lambda: 0.0, lambda: 0.0, "peer", limit=20.0).row([9, 10, 50], [4, 5, 6])
    assert (rate["ratio"], rate["share_of_limit"]) == (2, 0.5)
    time = Measure("b", "s", lambda: 0.0, lambda: 0.0, "peer", limit=1.0).row([2.0], [6.0])
    assert (time["ratio"], time["share_of_limit"]) == (3, 0.5)
    alone = Measure("c", "s", lambda: 0.0).row([2.0], [])
    assert math.isnan(float(str(alone["ratio"])))
    assert tuple(alone) == COLUMNS


def test_what_became_slower_is_named() -> None:
    before = pd.DataFrame({"measure": ["a", "b", "c"], "ratio": [2.0, 2.0, None], "share_of_limit": [None, None, 0.5]})
    now = pd.DataFrame({"measure": ["a", "b", "c"], "ratio": [1.9, 1.0, None], "share_of_limit": [None, None, 0.1]})
    assert moved(now, before) == ["slower: b, ratio 2 -> 1", "slower: c, share_of_limit 0.5 -> 0.1"]
    assert moved(before, before) == []


def test_a_row_that_is_measured_again_takes_its_place_and_the_others_stay() -> None:
    first, second, third = (Measure(name, "s", lambda: 0.0) for name in "abc")
    before = renewed([first.row([1.0], []), second.row([2.0], [])], None)
    after = renewed([third.row([3.0], []), first.row([9.0], [])], before)
    assert after["measure"].tolist() == ["a", "b", "c"]
    assert after["ours"].tolist() == [9.0, 2.0, 3.0]

"""The peers that speed is measured against compute the same, and a table says what has become slower."""

import math
import sys
from pathlib import Path

import pandas as pd
import pytest
import tiny
import torch
from elsewhere import ELSEWHERE, Elsewhere
from typer import BadParameter

from benchmarks.__main__ import ARCHIVES, COLUMNS, FASTTEXT, Measure, main, moved, renewed
from benchmarks.cost import cost
from benchmarks.models import LONG, Pair, bytes_per_token, flops_per_token, long_reviews
from benchmarks.notebook import NotebookFit, NotebookModel, batches
from pipeline.data.tensors import Tensors
from pipeline.data.vocabulary import Vocabulary
from pipeline.params import load_params
from pipeline.params_variants import AttentionVariant


@pytest.mark.parametrize("name", tiny.VARIANTS)
def test_the_notebook_gives_the_same_logits_and_trains(name: str) -> None:
    model = tiny.model(name).eval()
    peer = NotebookModel(model, dropout=0.0, word_dropout=0.0)
    tokens_BT, lengths_B = tiny.batch()
    said = model(tokens_BT, lengths_B)
    for theirs, ours in zip(peer(tokens_BT, lengths_B), said, strict=True):
        assert torch.allclose(theirs, ours, atol=1e-6)
    before = [parameter.clone() for parameter in model.parameters()]
    fit = NotebookFit(peer, learning_rate=0.01, gradient_clip=1.0, entropy_weight=0.1)
    reviews = tiny.reviews(20)
    assert sum(fit.step(batch) for batch in batches(reviews, 8, shuffle=True)) == len(reviews.tokens)
    assert all(map(torch.equal, before, model.parameters())), "it has weights of its own"


@pytest.mark.parametrize("name", sorted(set(tiny.VARIANTS) - tiny.RECURRENT))  # nothing stands in for cuDNN's packing
def test_the_notebook_goes_where_the_model_goes(name: str) -> None:
    tokens_BT, lengths_B = tiny.batch()
    model = tiny.model(name).eval()
    expected = model(tokens_BT, lengths_B).logits_BC
    with Elsewhere():
        peer = NotebookModel(model.to(ELSEWHERE), dropout=0.0, word_dropout=0.1)
        logits = peer.eval()(tokens_BT.to(ELSEWHERE), lengths_B.to(ELSEWHERE))[0].cpu()
        step = NotebookFit(peer.train(), learning_rate=0.01, gradient_clip=1.0).step
        assert step(next(iter(batches(tiny.reviews(8), 8, shuffle=True)))) == len(tiny.reviews(8).tokens)
        assert {parameter.device for parameter in peer.parameters()} == {ELSEWHERE}
    assert torch.allclose(logits, expected, atol=1e-6)


@pytest.mark.parametrize("name", tiny.VARIANTS)
def test_the_step_whose_memory_is_watched_is_of_as_many_long_reviews_on_both_sides(name: str) -> None:
    train = long_reviews(tiny.reviews(20), 3)
    assert train.lengths.tolist() == 3 * [LONG]
    words, embeddings = Vocabulary([f"word-{row}" for row in range(12)]), tiny.embeddings().numpy()
    corpus = Tensors(words, embeddings, train.tokens, {"train": train}, tokenizer="glove", digest="")
    variant, training = AttentionVariant.model_validate(tiny.VARIANTS[name]), load_params("params.yaml").training
    read: list[int] = []
    pair = Pair(variant, training, corpus, measure=lambda step: read.append(step()) or 1.0)
    assert pair.our_training() > 0
    assert pair.their_training() > 0
    assert read == [3 * LONG, 3 * LONG]


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


@pytest.mark.parametrize(("only", "lacking"), [("", "aclImdb"), (ARCHIVES, "aclImdb"), (FASTTEXT, "fastText")])
def test_what_a_measure_needs_is_asked_for_before_any_work(
    tmp_path: Path, only: str, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.__main__.find_spec", lambda name: None)
    with pytest.raises(BadParameter, match=lacking):
        main(tensors=tmp_path, downloads=tmp_path, out=tmp_path, repeats=1, seconds=0.0, only=only)
    assert not list(tmp_path.iterdir())


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


def test_memory_is_that_of_the_whole_family_without_its_mapped_files(tmp_path: Path) -> None:
    size = 64 * 2**20
    (tmp_path / "mapped").write_bytes(bytes(size))
    hold = f"import time; held = bytearray(b'x') * {size}; time.sleep(1)"
    read = f"import mmap; file = open({str(tmp_path / 'mapped')!r}, 'rb'); seen = mmap.mmap(file.fileno(), 0, prot=1)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}], check=True); print('done')"
    found = cost([sys.executable, "-c", f"{read}; sum(seen[::4096]); held = bytearray(b'x') * {size}; {child}"])
    assert found.printed == "done\n"
    assert 2 * 64 < found.mib < 2 * 64 + 48, "its own and its child's, and not the file"
    assert 0 < found.seconds < 30
    largest = cost([sys.executable, "-c", "pass"]).mib
    assert largest < 64, "not what the process that started it holds"
    with pytest.raises(RuntimeError, match="no good"):
        cost([sys.executable, "-c", "raise SystemExit('no good')"])

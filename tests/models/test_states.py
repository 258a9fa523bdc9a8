"""States per word and states per token are the same to attention: in float64, values and gradients."""

import pytest
import reference
import tiny
import torch

from pipeline.models.classifier import AttentionClassifier
from pipeline.models.states import UNCHANGED, Sequence, States, Words, distinct

CONTEXTLESS = [name for name in tiny.VARIANTS if name not in tiny.RECURRENT]


def per_token(model: AttentionClassifier, tokens_BT: torch.Tensor, lengths_B: torch.Tensor) -> States:
    return Sequence(model.encoder(model.embedding(tokens_BT), lengths_B), lengths_B)


@pytest.mark.parametrize("name", CONTEXTLESS)
def test_words_and_tokens_give_the_same_answers_weights_and_gradients(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny.model(name).double()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = []
    for slow in (False, True):
        if slow:
            monkeypatch.setattr(model, "read", lambda tokens_BT, lengths_B: per_token(model, tokens_BT, lengths_B))
        attended = model(*tiny.batch())
        sizes = attended.logits_BC.square().sum() + attended.weights_BT.square().sum()
        found.append((*attended, *torch.autograd.grad(sizes, parameters, allow_unused=True)))
    for fast, exact in zip(*found, strict=True):
        assert (fast is None) == (exact is None)
        assert fast is None or torch.allclose(fast, exact, atol=1e-12)


@pytest.mark.parametrize("name", tiny.VARIANTS)
def test_a_word_has_one_state_where_nothing_tells_its_places_apart(name: str) -> None:
    tokens_BT, lengths_B = tiny.batch()
    assert isinstance(tiny.model(name).read(tokens_BT, lengths_B), Words) == (name not in tiny.RECURRENT)
    noisy = tiny.model(name, dropout=0.5)
    assert isinstance(noisy.train().read(tokens_BT, lengths_B), Sequence)
    assert isinstance(noisy.eval().read(tokens_BT, lengths_B), Words) == (name not in tiny.RECURRENT)


def test_the_mean_does_not_see_padding() -> None:
    states_BTD = torch.arange(12, dtype=torch.float64).reshape(2, 3, 2)
    assert Sequence(states_BTD, torch.tensor([2, 1])).mean().tolist() == [[1.0, 2.0], [6.0, 7.0]]
    embedding = torch.nn.Embedding.from_pretrained(states_BTD.reshape(6, 2))
    words = Words(embedding, torch.tensor([[0, 1, 5], [3, 2, 4]]), torch.tensor([2, 1]))
    assert words.mean().tolist() == [[1.0, 2.0], [6.0, 7.0]]


def test_a_word_that_stands_twice_counts_twice() -> None:
    embedding = torch.nn.Embedding.from_pretrained(torch.tensor([[0.0], [1.0], [10.0]], dtype=torch.float64))
    words = Words(embedding, torch.tensor([[2, 1, 2]]), torch.tensor([3]))
    weights_BHT = torch.tensor([[[0.5, 0.2, 0.3], [0.0, 0.0, 1.0]]], dtype=torch.float64)
    expected = reference.weighted([0.5, 0.2, 0.3], [[10.0], [1.0], [10.0]])
    assert words.total(weights_BHT, UNCHANGED)[0].tolist() == [pytest.approx(expected), [10.0]]


def test_distinct_is_unique() -> None:
    tokens_BT = torch.randint(0, 50, (7, 11), generator=torch.Generator().manual_seed(0)).int()
    words_U, places_BT = distinct(tokens_BT, 50)
    expected_U, expected_BT = torch.unique(tokens_BT, return_inverse=True)
    assert torch.equal(words_U, expected_U.long())
    assert torch.equal(places_BT, expected_BT)

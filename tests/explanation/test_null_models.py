import math

import numpy as np
import pytest
import tiny
import torch
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax

from pipeline.explanation import importance
from pipeline.explanation.adversary import CLOSE, adversary, jensen_shannon
from pipeline.explanation.null_models import permutation, permuted, replaced, total_variation, uniform
from pipeline.explanation.opened import opened, probabilities

MODELS = [
    *("attention", "attention_text_query_value", "lstm_attention"),
    *("attention_sparsemax", "attention_multihead", "attention_multihead_sparsemax_value"),
]


def test_a_permutation_moves_weights_among_the_real_tokens_alone() -> None:
    model, reviews = tiny.model("lstm_attention"), tiny.reviews(30)
    (batch,) = opened(model, reviews)
    moved_BHT = permutation(batch, torch.Generator().manual_seed(0))
    assert (moved_BHT[~batch.mask_BT[:, None].expand_as(moved_BHT)] == 0).all()
    torch.testing.assert_close(moved_BHT.sort(dim=2).values, batch.weights_BHT.sort(dim=2).values)
    assert not torch.equal(moved_BHT, batch.weights_BHT)


@pytest.mark.parametrize("name", MODELS)
def test_permuting_equal_weights_changes_nothing_and_others_something(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(30)
    assert permuted(model, reviews, permutations=9, seed=0).change_N.max() > 0.001
    if hasattr(model.query, "query"):
        torch.nn.init.zeros_(model.query.query)
        even = permuted(model, reviews, permutations=9, seed=0)
        assert even.change_N.max() < 1e-6
        np.testing.assert_allclose(even.largest_N, 1 / reviews.lengths, rtol=1e-5)


def test_the_distance_of_two_classes_is_the_change_of_the_probability() -> None:
    """Neither halved once more nor summed over the reviews."""
    one, other = torch.tensor([[0.9, 0.1], [0.5, 0.5]]), torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    assert total_variation(one, other).tolist() == pytest.approx([0.7, 0.0])


@pytest.mark.parametrize("name", MODELS)
def test_own_weights_put_back_change_nothing(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(30)
    weights = importance.attention(model, reviews)
    found, own = replaced(model, reviews, seed=0, donors={"donor": weights}, batch_size=8)
    np.testing.assert_allclose(own, weights, atol=1e-6)
    same = np.allclose(softmax(found["donor"], axis=1), probabilities(model, reviews), atol=1e-6)
    assert same == (model.heads == 1), "the mean of several heads is the weights of none"
    np.testing.assert_allclose(softmax(found["own"], axis=1), probabilities(model, reviews), atol=1e-6)
    assert not np.allclose(found["uniform"], found["own"], atol=1e-3)


def test_the_weights_of_another_stand_in_every_head() -> None:
    """So the heads are one, whose classifier is the sum of theirs."""
    model, one, reviews = tiny.model("attention_multihead"), tiny.model("mean"), tiny.reviews(30)
    with torch.no_grad():
        one.classifier.weight[:] = model.classifier.weight.unflatten(1, (3, -1)).sum(dim=1)
        one.classifier.bias[:] = model.classifier.bias
    donors = {"donor": importance.attention(tiny.model("attention"), reviews)}
    several, single = (
        replaced(model, reviews, seed=0, donors=donors)[0],
        replaced(one, reviews, seed=0, donors=donors)[0],
    )
    for name in ("uniform", "donor"):
        np.testing.assert_allclose(several[name], single[name], atol=1e-5)


def test_uniform_weights_in_the_place_of_a_global_query_are_the_mean() -> None:
    model, mean, reviews = tiny.model("attention"), tiny.model("mean"), tiny.reviews(30)
    mean.classifier = model.classifier
    found = replaced(model, reviews, seed=0)[0]["uniform"]
    np.testing.assert_allclose(softmax(found, axis=1), probabilities(mean, reviews), atol=1e-6)
    (batch,) = opened(model, reviews)
    np.testing.assert_allclose(uniform(batch).sum(dim=2), 1, rtol=1e-6)


def test_the_divergence_is_in_nats() -> None:
    one, other = torch.tensor([[0.5, 0.5, 0, 0]]), torch.tensor([[0, 0, 0.5, 0.5]])
    assert jensen_shannon(one, other).item() == pytest.approx(math.log(2))
    assert jensen_shannon(one, one).item() == 0
    mixed = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    zero = one.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(jensen_shannon(zero, mixed).sum(), zero)
    assert torch.isfinite(gradient).all()
    assert jensen_shannon(one, mixed).item() == pytest.approx(jensenshannon(one[0], mixed[0]) ** 2, rel=1e-5)


@pytest.mark.parametrize("name", ["lstm_attention", "attention_multihead_sparsemax_value"])
def test_an_adversary_keeps_the_answer_and_leaves_the_weights(name: str) -> None:
    model, reviews = tiny.model(name), tiny.reviews(12)
    found = adversary(model, reviews, seed=0, steps=60)
    assert (found.change_N <= CLOSE).all()
    assert ((found.divergence_N >= 0) & (found.divergence_N <= math.log(2) + 1e-6)).all()
    assert (found.divergence_N[reviews.lengths == 1] < 1e-6).all()
    torch.nn.init.zeros_(model.classifier.weight)  # an answer that does not look: any weights will do
    free = adversary(model, reviews, seed=0, steps=60)
    assert (free.divergence_N >= found.divergence_N - 1e-3).all()
    assert free.divergence_N[reviews.lengths > 4].mean() > 0.2

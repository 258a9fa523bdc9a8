"""The divergence of two seeds' attention is the adversary's, and nothing where they agree."""

import numpy as np
import pytest
import tiny
import torch

from pipeline.explanation.adversary import jensen_shannon
from pipeline.explanation.between_seeds import between_seeds


def test_it_is_the_divergence_of_each_review_alone() -> None:
    reviews, rng = tiny.reviews(9), np.random.default_rng(0)
    weights = {seed: rng.random(len(reviews.tokens)) for seed in (0, 1, 5)}
    for own in weights.values():
        own[::3] = 0
        own[reviews.offsets[:-1]] += 1e-3
        own /= np.repeat(np.add.reduceat(own, reviews.offsets[:-1]), reviews.lengths)
    found = between_seeds(weights, reviews)
    for review, (start, stop) in enumerate(zip(reviews.offsets[:-1], reviews.offsets[1:], strict=True)):
        one, other, third = (torch.from_numpy(own[None, start:stop]) for own in weights.values())
        expected = (jensen_shannon(one, other) + jensen_shannon(one, third)) / 2
        assert found[0][review] == pytest.approx(expected.item())
    assert (found[0] > 0).any()


def test_equal_weights_are_not_apart_and_one_seed_says_nothing() -> None:
    reviews = tiny.reviews(4)
    even = np.repeat(1 / reviews.lengths, reviews.lengths)
    assert between_seeds({0: even, 1: even}, reviews)[1].tolist() == [0.0] * 4
    assert np.isnan(between_seeds({0: even}, reviews)[0]).all()

import math

import numpy as np
import pytest
import reference
import tiny
import torch

from pipeline.training.timing import timing
from pipeline.training.validate import HISTOGRAM_BINS, validate


@pytest.mark.parametrize("name", ["attention", "bidirectional"])
def test_it_equals_its_slow_twin(name: str) -> None:
    model, reviews = tiny.model(name).double().eval(), tiny.reviews(40)
    found = validate(model, reviews)
    losses, right, entropies, normalised = [], 0, [], []
    for index in range(len(reviews)):
        tokens_BT = torch.from_numpy(reviews[index].copy())[None]
        logits_BC, weights_BT = model(tokens_BT, torch.tensor([tokens_BT.shape[1]]))
        probabilities = reference.softmax(logits_BC[0].tolist())
        label = int(reviews.labels[index])
        losses.append(-math.log(probabilities[label]))
        right += probabilities[label] == max(probabilities)
        entropies.append(reference.entropy(weights_BT[0].tolist()))
        if tokens_BT.shape[1] > 1:
            normalised.append(entropies[-1] / math.log(tokens_BT.shape[1]))
    histogram = [0] * HISTOGRAM_BINS
    for value in normalised:
        histogram[min(int(value * HISTOGRAM_BINS), HISTOGRAM_BINS - 1)] += 1
    assert found["validation_loss"] == pytest.approx(np.mean(losses))
    assert found["validation_accuracy"] == right / len(reviews)
    assert found["entropy_mean"] == pytest.approx(np.mean(entropies))
    assert found["entropy_p25"] == pytest.approx(np.quantile(entropies, 0.25))
    assert found["entropy_p95"] == pytest.approx(np.quantile(entropies, 0.95))
    assert found["entropy_normalised_mean"] == pytest.approx(np.mean(normalised), abs=1e-6)
    assert found["entropy_histogram"] == histogram


def test_a_model_is_left_in_the_mode_it_was_in() -> None:
    model = tiny.model("attention", dropout=0.5).train()
    first, second = (validate(model, tiny.reviews(10)) for _ in range(2))
    assert model.training
    assert first == second


def test_times_are_summed_and_tokens_weighted_by_them() -> None:
    histories = {
        1: [{"seconds": 2.0, "tokens_per_second": 100.0}],
        0: [{"seconds": 1.0, "tokens_per_second": 400.0}, {"seconds": 1.0, "tokens_per_second": 200.0}],
    }
    assert timing(histories) == {
        "train_seconds": 4.0,
        "tokens_per_second": 200,
        "seconds": {"0": 2.0, "1": 2.0},
        "epochs": {"0": 2, "1": 1},
        "by_epoch": {"0": histories[0], "1": histories[1]},
    }

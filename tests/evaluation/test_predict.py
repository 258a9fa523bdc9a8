from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from pipeline.evaluation.predict import predict
from pipeline.models.checkpoint import save_classifier
from pipeline.models.tfidf import TfidfClassifier
from pipeline.params_variants import AttentionVariant


@pytest.mark.parametrize("name", ["attention", "lstm_attention", "attention_trainable"])
def test_every_review_gets_its_own_logits_and_weights(name: str, tmp_path: Path) -> None:
    model, reviews = tiny.model(name).eval(), tiny.reviews(60)
    save_classifier(model, AttentionVariant.model_validate(tiny.VARIANTS[name]), tmp_path / "seed-0.safetensors")
    found = predict(tmp_path / "seed-0.safetensors", tiny.embeddings().numpy(), reviews)
    assert found.weights is not None
    for index in range(len(reviews)):
        tokens = torch.from_numpy(reviews[index].copy())[None]
        logits_BC, weights_BT = model(tokens, torch.tensor([tokens.shape[1]]))
        np.testing.assert_allclose(found.logits_NC[index], logits_BC[0].detach(), atol=1e-5)
        own = found.weights[reviews.offsets[index] : reviews.offsets[index + 1]]
        np.testing.assert_allclose(own, weights_BT[0].detach(), atol=1e-6)
    np.testing.assert_allclose(found.probabilities_NC.sum(axis=1), 1)
    assert (found.predicted_N == found.probabilities_NC.argmax(axis=1)).all()


def test_tfidf_is_told_by_its_file_and_has_no_weights(tmp_path: Path) -> None:
    reviews = tiny.reviews(60)
    model = TfidfClassifier(ngrams=1, min_count=1, regularisation=1.0)
    model.fit(reviews, reviews.labels)
    model.save(tmp_path / "seed-0.safetensors")
    found = predict(tmp_path / "seed-0.safetensors", tiny.embeddings().numpy(), reviews)
    assert found.weights is None
    np.testing.assert_array_equal(found.logits_NC, model.logits(reviews))
    assert found.parameters == model.parameters

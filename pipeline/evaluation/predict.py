"""A trained model, of either family, on a split of reviews: its logits and where it looked."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from pipeline.data.batching import evaluation_batches
from pipeline.data.reviews import Reviews
from pipeline.models.checkpoint import kind_of, load_classifier
from pipeline.models.inference import infer
from pipeline.models.tfidf import KIND, TfidfClassifier
from pipeline.models.variants import trained_parameters

BATCH_SIZE = 256


@dataclass(frozen=True)
class Predictions:
    """What one model says of N reviews.

    Attributes:
        logits_NC: (N, C) float64.
        weights: (all tokens,) float32 attention weights, aligned with `Reviews.tokens`; None without attention.
        parameters: numbers that training could change.
    """

    logits_NC: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float32] | None
    parameters: int

    @property
    def probabilities_NC(self) -> npt.NDArray[np.float64]:
        """(N, C), the softmax of the logits."""
        shifted = np.exp(self.logits_NC - self.logits_NC.max(axis=1, keepdims=True))
        probabilities: npt.NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
        return probabilities

    @property
    def predicted_N(self) -> npt.NDArray[np.int64]:
        """(N,) the class of the largest logit."""
        predicted: npt.NDArray[np.int64] = self.logits_NC.argmax(axis=1)
        return predicted


def predict(checkpoint: Path, embeddings: npt.NDArray[np.float32], reviews: Reviews) -> Predictions:
    """Loads what `train_variant` wrote and runs it; the file says itself of which family it is.

    Args:
        checkpoint: of either family.
        embeddings: (V, E), the corpus's word vectors.
        reviews: what to classify.
    """
    if kind_of(checkpoint) == KIND:
        tfidf = TfidfClassifier.load(checkpoint)
        return Predictions(tfidf.logits(reviews), None, tfidf.parameters)
    return _predict_attention(checkpoint, embeddings, reviews)


def _predict_attention(checkpoint: Path, embeddings: npt.NDArray[np.float32], reviews: Reviews) -> Predictions:
    model = load_classifier(checkpoint, torch.from_numpy(np.array(embeddings)))
    weights = np.empty(len(reviews.tokens), dtype=np.float32)
    logits_NC = np.empty((len(reviews), len(model.classifier.bias)))
    for batch, attended in infer(model, evaluation_batches(reviews, BATCH_SIZE)):
        index = batch.index_B.numpy()
        logits_NC[index] = attended.logits_BC.numpy()
        places = reviews.offsets[index][:, None] + np.arange(batch.tokens_BT.shape[1])
        inside = np.arange(batch.tokens_BT.shape[1]) < batch.lengths_B.numpy()[:, None]
        weights[places[inside]] = attended.weights_BT.numpy()[inside]
    return Predictions(logits_NC, weights, trained_parameters(model))

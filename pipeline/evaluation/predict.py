"""A trained model, of either family, on a split of reviews: its logits and where it looked."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline import formats
from pipeline.data.reviews import Reviews
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.metrics import log_softmax
from pipeline.processes import Report, run_seeds
from pipeline.progress import Done, Progress, results_of

if TYPE_CHECKING:
    from pipeline.models.classifier import AttentionClassifier

BATCH_SIZE = 256
SMALL = 500_000  # tokens for all seeds: read in the time that it takes to start processes


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
        probabilities_NC: npt.NDArray[np.float64] = np.exp(log_softmax(self.logits_NC))
        return probabilities_NC

    @property
    def stated_N(self) -> npt.NDArray[np.float64]:
        """(N,) the probability that tables hold: of class 1 if there are two, else of the answer."""
        probabilities_NC = self.probabilities_NC
        return probabilities_NC[:, 1] if probabilities_NC.shape[1] == 2 else probabilities_NC.max(axis=1)

    @property
    def predicted_N(self) -> npt.NDArray[np.int64]:
        """(N,) the class of the largest logit."""
        predicted: npt.NDArray[np.int64] = self.logits_NC.argmax(axis=1)
        return predicted


def trained_seeds(models: Path) -> dict[int, Path]:
    """The checkpoint of every seed of a variant, in the order of seeds.

    Args:
        models: folder that `stages.train` wrote.

    Raises:
        FileNotFoundError: there is none.
    """
    found = {int(path.stem.removeprefix("seed-")): path for path in models.glob("seed-*.safetensors")}
    if not found:
        raise FileNotFoundError(f"{models} holds no trained seed: run `dvc repro`, which trains before it evaluates")
    return dict(sorted(found.items()))


def has_attention(checkpoint: Path) -> bool:
    """Whether it is a model with attention weights, uniform ones included."""
    from pipeline.models.checkpoint import kind_of

    return kind_of(checkpoint) == formats.ATTENTION


def predict_seeds(title: str, checkpoints: Mapping[int, Path], tensors: Path, split: str) -> dict[int, Predictions]:
    """Runs the model of every seed on a split, side by side.

    Args:
        title: for progress, such as "imdb attention".
        checkpoints: by seed.
        tensors: folder of the corpus that they were trained on.
        split: "train", "validation" or "test".

    Returns:
        by seed, in the order of `checkpoints`.
    """
    found: dict[int, Predictions] = {}
    work = functools.partial(_predict_seed, checkpoints=dict(checkpoints), tensors=tensors, split=split)
    reviews = read_tensors(tensors).splits[split]
    small = len(checkpoints) * len(reviews.tokens) < SMALL
    with Progress() as progress:
        task = progress.task(f"{title}  answers on the {split} split", len(checkpoints) * len(reviews), "reviews")
        on_report = results_of(task, found.__setitem__)
        run_seeds(work, list(checkpoints), on_report, preload="pipeline.models.checkpoint", in_turn=small)
    return {seed: found[seed] for seed in checkpoints}


def _predict_seed(seed: int, report: Report, *, checkpoints: Mapping[int, Path], tensors: Path, split: str) -> None:
    corpus = read_tensors(tensors)
    report(predict(checkpoints[seed], corpus.embeddings, corpus.splits[split], report))


def predict(
    checkpoint: Path,
    embeddings: npt.NDArray[np.float32],
    reviews: Reviews,
    report: Report = lambda done: None,
) -> Predictions:
    """Loads what `train_variant` wrote and runs it once: see `load_predictor`.

    Args:
        checkpoint: of either family.
        embeddings: (V, E), the corpus's word vectors.
        reviews: what to classify.
        report: called with `Done` after each batch.
    """
    return load_predictor(checkpoint, embeddings, report)(reviews)


def load_predictor(
    checkpoint: Path, embeddings: npt.NDArray[np.float32], report: Report = lambda done: None
) -> Callable[[Reviews], Predictions]:
    """Loads what `train_variant` wrote; the file says itself of which family it is.

    Args:
        checkpoint: of either family.
        embeddings: (V, E), the corpus's word vectors.
        report: called with `Done` after each batch.

    Returns:
        (reviews) -> what the model says of them.
    """
    from pipeline.models.checkpoint import kind_of
    from pipeline.models.tfidf import TfidfClassifier

    if kind_of(checkpoint) == formats.TFIDF:
        tfidf = TfidfClassifier.load(checkpoint)
        return lambda reviews: Predictions(tfidf.logits(reviews), None, tfidf.parameters)

    import torch

    from pipeline.models.checkpoint import load_classifier

    model = load_classifier(checkpoint, torch.from_numpy(np.array(embeddings)))
    return functools.partial(_predict_attention, model, report)


def _predict_attention(model: "AttentionClassifier", report: Report, reviews: Reviews) -> Predictions:
    from pipeline.data.batching import evaluation_batches
    from pipeline.models.inference import infer
    from pipeline.models.variants import trained_parameters

    weights = np.empty(len(reviews.tokens), dtype=np.float32)
    logits_NC = np.empty((len(reviews), len(model.classifier.bias)))
    for batch, attended in infer(model, evaluation_batches(reviews, BATCH_SIZE)):
        index = batch.index_B.numpy()
        logits_NC[index] = attended.logits_BC.numpy()
        places = reviews.offsets[index][:, None] + np.arange(batch.tokens_BT.shape[1])
        inside = np.arange(batch.tokens_BT.shape[1]) < batch.lengths_B.numpy()[:, None]
        weights[places[inside]] = attended.weights_BT.numpy()[inside]
        report(Done(len(index)))
    return Predictions(logits_NC, weights, trained_parameters(model))

"""A training step and an inference pass of every variant: ours, and the notebook's."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.notebook import NotebookFit, NotebookModel, batches, infer
from pipeline.data.batching import training_batches
from pipeline.data.reviews import Reviews, pack
from pipeline.data.tensors import Tensors, read_tensors
from pipeline.models import inference
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.encoders import RecurrentEncoder
from pipeline.models.variants import build_model
from pipeline.params import Training, load_params
from pipeline.params_variants import AttentionVariant
from pipeline.processes import compute_on_one_thread
from pipeline.training.fit import Fit, known_contexts

WARM_UP = 2  # batches before the clock starts
LEAST = 3  # batches, however long they take
LONG = 1000  # tokens of a review, where a step's memory is measured
Step = Callable[[], int]  # trains or answers a batch and returns its tokens
Rate = Callable[[], float]  # runs for a while and returns tokens per second


class Pair:
    """One variant twice, with the same weights.

    Args:
        variant: what to build.
        training: how it is trained.
        corpus: what on.
        measure: takes steps and says what they come to, such as tokens per second.
        device: of both.
    """

    def __init__(
        self,
        variant: AttentionVariant,
        training: Training,
        corpus: Tensors,
        measure: Callable[[Step], float],
        device: str = "cpu",
    ) -> None:
        torch.manual_seed(0)
        self.training, self.corpus, self.measure = training, corpus, measure
        noise = {"dropout": training.dropout, "word_dropout": training.word_dropout}
        self.ours = build_model(
            variant,
            torch.from_numpy(corpus.embeddings.copy()),
            classes=len(corpus.classes),
            dropout_mask=training.dropout_mask,
            **noise,
        ).to(device)
        self.device = self.ours.classifier.weight.device
        for parameter in self.ours.parameters():  # away from a query of zeros
            if parameter.requires_grad and parameter is not self.ours.embedding.weight:
                torch.nn.init.normal_(parameter, std=0.05)
        self.theirs = NotebookModel(self.ours, **noise)
        self.generator = torch.Generator().manual_seed(0)  # goes on from one measurement to the next

    def check(self) -> None:
        """Both give the same logits.

        Raises:
            AssertionError: they do not.
        """
        test = self.corpus.splits["test"]
        loader = batches(test, 64, shuffle=False)
        tokens, lengths, _ = next(iter(loader))
        ((_, logits),) = infer(self.theirs, loader, 1)
        (((_, attended)),) = inference.infer(self.ours, [(tokens.to(self.device), lengths.to(self.device))])
        torch.testing.assert_close(attended.logits_BC, logits, atol=1e-4, rtol=1e-3)

    def our_training(self) -> float:
        """Tokens per second of our training steps, with batching, and its share of what is read once for all epochs."""
        settings = self.training.model_dump(
            exclude={"dropout", "dropout_mask", "word_dropout", "epochs", "patience", "batch_size"}
        )
        self.ours.train()
        reviews, size = self.corpus.splits["train"], self.training.batch_size
        started = time.perf_counter()
        contexts_NF = known_contexts(self.ours, reviews, **settings)
        once = (time.perf_counter() - started) / (self.training.epochs * len(reviews.tokens))  # seconds a token
        fit = Fit(self.ours, steps=1000, contexts_NF=contexts_NF, **settings)
        tokens = contexts_NF is None
        source = _endless(lambda: training_batches(reviews, size, self.generator, tokens=tokens))
        return 1 / (1 / self.measure(lambda: fit.step(next(source)).tokens) + once)

    def their_training(self) -> float:
        """Tokens per second of the notebook's."""
        self.theirs.train()
        settings = self.training.model_dump(include={"learning_rate", "gradient_clip", "entropy_weight"})
        fit = NotebookFit(self.theirs, **settings)
        loader = batches(self.corpus.splits["train"], self.training.batch_size, shuffle=True)
        source = _endless(lambda: iter(loader))
        return self.measure(lambda: fit.step(next(source)))

    def our_inference(self) -> float:
        """Tokens per second of our pass over the test reviews, with batching; the batches in random order."""
        source_of = _endless(lambda: training_batches(self.corpus.splits["test"], 64, self.generator))
        source = iter(inference.infer(self.ours, (batch.to(self.device) for batch in source_of)))
        return self.measure(lambda: int(next(source)[0].lengths_B.sum()))

    def their_inference(self) -> float:
        """Tokens per second of the notebook's, in random batches."""
        source = infer(self.theirs, batches(self.corpus.splits["test"], 64, shuffle=True), 10**9)
        return self.measure(lambda: next(source)[0])


def tokens_per_second(seconds: float, device: str) -> Callable[[Step], float]:
    """Takes steps for a while, after a few that are not counted."""

    def rate(step: Step) -> float:
        for _ in range(WARM_UP):
            step()
        tokens, steps, started = 0, 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < seconds or steps < LEAST:
            tokens, steps = tokens + step(), steps + 1
            if torch.device(device).type == "cuda":  # else the clock would time how fast work is asked for
                torch.cuda.synchronize()
        return tokens / spent

    return rate


def train_on_long_reviews(tensors: Path, name: str, side: str) -> None:
    """One step on a batch of long reviews, in a process whose memory is watched; side: our or their."""
    compute_on_one_thread()
    params, corpus = load_params("params.yaml"), read_tensors(tensors)
    training, variant = params.training_of(tensors.name, name), params.variants[name]
    assert isinstance(variant, AttentionVariant)
    long = replace(corpus, splits={"train": long_reviews(corpus.splits["train"], training.batch_size)})
    getattr(Pair(variant, training, long, measure=lambda step: step()), f"{side}_training")()


def long_reviews(reviews: Reviews, count: int) -> Reviews:
    """As many reviews of LONG tokens, in which the tokens of the first ones follow each other."""
    tokens = np.resize(reviews.tokens[: count * LONG], count * LONG)
    return pack(list(tokens.reshape(count, LONG)), reviews.labels[:count], reviews.rows[:count])


def _endless(make: Callable[[], Iterator]) -> Iterator:  # type: ignore[type-arg]
    while True:
        yield from make()


def flops_per_token(model: AttentionClassifier, *, training: bool) -> float:
    """Multiplications and additions in the matrix products of the recurrent layers; 0 for a model without."""
    total = 0.0
    if isinstance(model.encoder, RecurrentEncoder):
        for layer, cell in enumerate([*model.encoder.forwards, *model.encoder.backwards]):
            gates, inputs, hidden = cell.weight_hh_l0.shape[0], cell.input_size, cell.hidden_size
            first = layer in (0, len(model.encoder.forwards))
            inward = model.embedding.weight.requires_grad or not first  # whether a gradient goes on below
            forward = 2 * gates * (inputs + hidden)
            total += forward + training * (forward + 2 * gates * hidden + inward * 2 * gates * inputs)
    return total


def bytes_per_token(model: AttentionClassifier, *, training: bool) -> float:
    """What a model without context reads if each token's vector comes from memory: once, and again for the gradient."""
    return model.embedding.weight.shape[1] * 4.0 * (2 if training else 1)

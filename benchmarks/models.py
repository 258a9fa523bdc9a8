"""A training step and an inference pass of every variant: ours, and the notebook's."""

import time
from collections.abc import Callable, Iterator

import torch

from benchmarks.notebook import NotebookFit, NotebookModel, batches, infer
from pipeline.data.batching import training_batches
from pipeline.data.tensors import Tensors
from pipeline.models import inference
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.encoders import RecurrentEncoder
from pipeline.models.variants import build_model
from pipeline.params import Training
from pipeline.params_variants import AttentionVariant
from pipeline.training.fit import Fit, known_contexts

WARM_UP = 2  # batches before the clock starts
LEAST = 3  # batches, however long they take
Rate = Callable[[], float]  # runs for a while and returns tokens per second


class Pair:
    """One variant twice, with the same weights.

    Args:
        variant: what to build.
        training: how it is trained.
        corpus: what on.
        seconds: of each measurement.
        device: of both.
    """

    def __init__(
        self, variant: AttentionVariant, training: Training, corpus: Tensors, seconds: float, device: str = "cpu"
    ) -> None:
        torch.manual_seed(0)
        self.training, self.corpus, self.seconds = training, corpus, seconds
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
        return 1 / (1 / self._rate(lambda: fit.step(next(source)).tokens) + once)

    def their_training(self) -> float:
        """Tokens per second of the notebook's."""
        self.theirs.train()
        settings = self.training.model_dump(include={"learning_rate", "gradient_clip", "entropy_weight"})
        fit = NotebookFit(self.theirs, **settings)
        loader = batches(self.corpus.splits["train"], self.training.batch_size, shuffle=True)
        source = _endless(lambda: iter(loader))
        return self._rate(lambda: fit.step(next(source)))

    def our_inference(self) -> float:
        """Tokens per second of our pass over the test reviews, with batching; the batches in random order."""
        source_of = _endless(lambda: training_batches(self.corpus.splits["test"], 64, self.generator))
        source = iter(inference.infer(self.ours, (batch.to(self.device) for batch in source_of)))
        return self._rate(lambda: int(next(source)[0].lengths_B.sum()))

    def their_inference(self) -> float:
        """Tokens per second of the notebook's, in random batches."""
        source = infer(self.theirs, batches(self.corpus.splits["test"], 64, shuffle=True), 10**9)
        return self._rate(lambda: next(source)[0])

    def _rate(self, step: Callable[[], int]) -> float:
        for _ in range(WARM_UP):
            step()
        tokens, steps, started = 0, 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < self.seconds or steps < LEAST:
            tokens, steps = tokens + step(), steps + 1
            if self.device.type == "cuda":  # else the clock would time how fast work is asked for
                torch.cuda.synchronize()
        return tokens / spent


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

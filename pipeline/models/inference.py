"""The one place that enters evaluation mode."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from pipeline.models.classifier import Attended

SomeBatch = TypeVar("SomeBatch", bound=tuple[Tensor, ...])


def infer(model: nn.Module, batches: Iterable[SomeBatch]) -> Iterator[tuple[SomeBatch, Attended]]:
    """Runs a model without dropout or gradients, and leaves it in the mode it was in.

    Args:
        model: (tokens_BT, lengths_B) -> Attended.
        batches: tuples that begin with tokens_BT and lengths_B.

    Yields:
        each batch with what the model says of it.
    """
    with evaluating(model):
        for batch in batches:
            yield batch, model(batch[0], batch[1])


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode while the block lasts, and no gradients."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)

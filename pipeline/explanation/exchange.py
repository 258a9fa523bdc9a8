"""Every variant with the attention of every other: are the weights its own reasons, or would anybody's do?

Wiegreffe & Pinter 2019 (section 3.4) put the weights of one model into another to ask what they carry by themselves.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.tensors import read_tensors
from pipeline.processes import Report, run_seeds
from pipeline.progress import Done, Progress, results_of

if TYPE_CHECKING:
    import pandas as pd

SMALL = 500_000  # tokens for all variants and seeds: read in the time that it takes to start processes


def exchange(checkpoints: Mapping[str, Mapping[int, Path]], tensors: Path, *, reviews: int) -> "pd.DataFrame":
    """Accuracy on a sample of test reviews, the same for all, under the weights of the same seed of another variant.

    Args:
        checkpoints: by variant, the same seeds of each.
        tensors: folder of the corpus that they were trained on.
        reviews: size of the sample.

    Returns:
        a row per model and donor, in the order of `checkpoints`: model, donor, accuracy (a mean over seeds). Where
        the two are the same the weights are the model's own.
    """
    import pandas as pd

    found: dict[int, dict[tuple[str, str], float]] = {}
    seeds = list(next(iter(checkpoints.values()), {}))
    work = functools.partial(_exchange_seed, checkpoints=dict(checkpoints), tensors=tensors, reviews=reviews)
    test = read_tensors(tensors).splits["test"]
    share = min(reviews, len(test)) / len(test)
    small = len(checkpoints) * len(seeds) * share * len(test.tokens) < SMALL
    with Progress() as progress:
        task = progress.task(
            f"{tensors.name}  exchanging weights", 2 * len(checkpoints) * len(seeds), "readings of the sample"
        )
        on_report = results_of(task, found.__setitem__)
        run_seeds(work, seeds, on_report, preload="pipeline.models.checkpoint", in_turn=small)
    rows = [
        {"model": model, "donor": donor, "accuracy": np.mean([found[seed][model, donor] for seed in seeds])}
        for model in checkpoints
        for donor in checkpoints
    ]
    return pd.DataFrame(rows, columns=["model", "donor", "accuracy"])


def _exchange_seed(
    seed: int, report: Report, *, checkpoints: Mapping[str, Mapping[int, Path]], tensors: Path, reviews: int
) -> None:
    import torch

    from pipeline.explanation import importance
    from pipeline.explanation.explain import sample_of
    from pipeline.explanation.null_models import replaced
    from pipeline.explanation.opened import chosen
    from pipeline.models.checkpoint import load_classifier

    corpus = read_tensors(tensors)
    test = corpus.splits["test"]
    sample = chosen(test, sample_of(len(test), reviews))
    embeddings_VE = torch.from_numpy(np.array(corpus.embeddings))
    weights = {}
    for name, paths in checkpoints.items():
        weights[_of(name)] = importance.attention(load_classifier(paths[seed], embeddings_VE), sample)
        report(Done())
    accuracies = {}
    for name, paths in checkpoints.items():
        answers, _ = replaced(load_classifier(paths[seed], embeddings_VE), sample, seed=seed, donors=weights)
        for donor in checkpoints:  # of several heads, the own weights are more than the mean that goes to others
            answers_NC = answers["own" if donor == name else _of(donor)]
            accuracies[name, donor] = float((answers_NC.argmax(axis=1) == sample.labels).mean())
        report(Done())
    report(accuracies)


def _of(variant: str) -> str:
    """The name of its weights, which is none of a variant, and not "own" either."""
    return f"of {variant}"

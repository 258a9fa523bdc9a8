"""A model that is trained for its numbers alone: fitted, asked, and not kept."""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from pipeline.data.tensors import read_tensors
from pipeline.params import Compute, Training
from pipeline.params_variants import Variant
from pipeline.processes import run_seeds
from pipeline.tracking.run import fingerprint
from pipeline.training.finished import begin, finish
from pipeline.training.place import place_seeds
from pipeline.training.progress import TrainingProgress
from pipeline.training.variant import code_digest, train_variant


@contextmanager
def trained(
    title: str,
    entry: Variant,
    training: Training,
    compute: Compute,
    seeds: tuple[int, ...],
    tensors: Path,
    states: Path,
) -> Iterator[dict[int, Path]]:
    """Trains every seed and yields the checkpoints by seed; they are gone soon after the block.

    A call that was interrupted, in the block too, goes on from its last epoch.

    Args:
        title: of the progress bars.
        entry: what to train.
        training: how.
        compute: where.
        seeds: side by side.
        tensors: folder of the corpus.
        states: folder for what an interrupted training goes on from, from the project's root.
    """
    places = place_seeds(compute, seeds)
    data = read_tensors(tensors)
    decides = places[seeds[0]].decides
    name = fingerprint("trial", entry.model_dump(), training.model_dump(), data.digest, code_digest(), decides)
    state = Path(os.environ.get("DVC_ROOT", ".")) / states / name
    models = state / "models"
    state.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{state}.lock"):
        begin(state)
        models.mkdir(exist_ok=True)
        tokens = len(data.splits["train"].tokens)
        with TrainingProgress(title, seeds, training.epochs, tokens) as progress:
            work = functools.partial(
                train_variant,
                title=title,
                variant=entry,
                training=training,
                tensors=tensors,
                out=models,
                states=state,
                places=places,
            )
            run_seeds(work, seeds, progress, preload="pipeline.training.fit")
        yield {seed: models / f"seed-{seed}.safetensors" for seed in seeds}
        finish(state)

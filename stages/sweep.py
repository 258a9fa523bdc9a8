"""One variant under one entropy weight: a point of the frontier between accuracy, entropy and faithfulness."""

import functools
import json
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock

from pipeline.data.atomic import replacing
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.frontier import point
from pipeline.explanation.explain import explain_seeds
from pipeline.explanation.summary import summarise
from pipeline.params import load_params
from pipeline.processes import run_seeds
from pipeline.tracking.run import fingerprint
from pipeline.training.progress import TrainingProgress
from pipeline.training.variant import code_digest, train_variant
from stages import cli


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    variant: Annotated[str, typer.Option(help="A name under variants in params.yaml.")],
    weight: Annotated[float, typer.Option(help="Loss per nat of entropy: above 0 focuses, below 0 spreads.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    states: Annotated[Path, typer.Option(help="Folder for what interrupted trainings go on from.")],
    out: Annotated[Path, typer.Option(help="JSON of accuracy, entropy and faithfulness to write.")],
) -> None:
    """Train one variant under another entropy weight, and test and question every seed. The models are not kept.

    Example: python -m stages.sweep --corpus demo --variant attention --weight -0.05 --tensors data/tensors/demo
    --states .dvc/tmp/training --out results/demo/explanation/frontier/attention/-0.05.json
    """
    params = load_params("params.yaml")
    entry, seeds = params.variant(variant), params.seeds_of(variant)
    training = params.training_of(corpus, variant).model_copy(update={"entropy_weight": weight})
    data = read_tensors(tensors)
    name = fingerprint("sweep", corpus, variant, entry.model_dump(), training.model_dump(), data.digest, code_digest())
    state = Path(os.environ.get("DVC_ROOT", ".")) / states / name
    models = state / "models"
    models.mkdir(parents=True, exist_ok=True)
    title = f"{corpus} {variant} {weight:+g}"
    with FileLock(f"{state}.lock"):
        tokens = len(data.splits["train"].tokens)
        with TrainingProgress(title, seeds, training.epochs, tokens) as progress:
            work = functools.partial(
                train_variant, variant=entry, training=training, tensors=tensors, out=models, states=state
            )
            run_seeds(work, seeds, progress, preload="pipeline.training.fit")
        explained = explain_seeds(
            {seed: models / f"seed-{seed}.safetensors" for seed in seeds},
            tensors,
            reviews=params.explanation.reviews,
            permutations=params.explanation.permutations,
        )
        shutil.rmtree(state)
    by_seed = {seed: point(one.predictions, data.splits["test"]) for seed, one in explained.items()}
    summary = summarise(explained, resamples=params.evaluation.bootstrap, confidence=params.evaluation.confidence)
    found: dict[str, Any] = {"variant": variant, "entropy_weight": weight, "by_seed": by_seed, **summary}
    with replacing(out) as part:
        part.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"{title}: accuracy {summary['accuracy']['own']:.4f} on the test split")


if __name__ == "__main__":
    cli.run(main)

"""One variant under one entropy weight: a point of the frontier between accuracy, entropy and faithfulness."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.data.atomic import replacing
from pipeline.data.tensors import read_tensors
from pipeline.evaluation.frontier import point
from pipeline.explanation.explain import explain_seeds
from pipeline.explanation.summary import means, summarise
from pipeline.formats import results_json
from pipeline.params import load_params
from stages import cli
from stages.trial import trained


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
    if not math.isfinite(weight) or weight == 0:
        raise ValueError(f"--weight {weight}: a finite number other than 0 is needed")
    entry, seeds = params.learns_attention(variant), params.seeds_of(variant)
    training = params.training_of(corpus, variant).model_copy(update={"entropy_weight": weight})
    title = f"{corpus} {variant} {weight:+g}"
    with trained(title, entry, training, params.compute, seeds, tensors, states) as checkpoints:
        asked = params.explanation
        explained = explain_seeds(title, checkpoints, tensors, reviews=asked.reviews, permutations=asked.permutations)
    test = read_tensors(tensors).splits["test"]
    by_seed = {seed: point(one.predictions, test) for seed, one in explained.items()}
    summary = summarise(explained, resamples=params.evaluation.bootstrap, confidence=params.evaluation.confidence)
    asked_by_seed = {
        seed: {name: round(value, 6) for name, value in means(one).items()} for seed, one in explained.items()
    }
    found: dict[str, Any] = {"variant": variant, "entropy_weight": weight, "by_seed": by_seed, **summary}
    found["explanation_by_seed"] = asked_by_seed
    with replacing(out) as part:
        part.write_text(results_json(found), encoding="utf-8")
    typer.echo(f"{title}: accuracy {summary['accuracy']['own']:.4f} on the test split")


if __name__ == "__main__":
    cli.run(main)

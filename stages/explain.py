"""Whether the attention of one variant may be read as a reason: null models, faithfulness, the words it looks at."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.data.atomic import replacing
from pipeline.data.demo import EVIDENCE
from pipeline.data.tensors import read_tensors
from pipeline.explanation.explain import explain_seeds
from pipeline.explanation.explanation_files import write_explanations
from pipeline.explanation.summary import summarise
from pipeline.params import TfidfVariant, load_params
from pipeline.tracking.tracker import Tracker
from stages import cli
from stages.runs import variant_run


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    variant: Annotated[str, typer.Option(help="A name under variants in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder of the variant's weights to read.")],
    donor: Annotated[Path, typer.Option(help="Folder of the weights of the variant that lends its attention.")],
    out: Annotated[Path, typer.Option(help="Folder of tables and figures to write.")],
    summary: Annotated[Path, typer.Option(help="JSON of the measures to write.")],
) -> None:
    """Ask every seed of a trained variant whether its attention may be read as a reason.

    Example: python -m stages.explain --corpus demo --variant attention --tensors data/tensors/demo
    --models models/demo/attention --donor models/demo/attention --out explanation/demo/attention
    --summary results/demo/explanation/attention.json
    """
    params = load_params("params.yaml")
    settings, evaluation = params.explanation, params.evaluation
    seeds = params.seeds_of(variant)
    out.mkdir(parents=True, exist_ok=True)
    measured: dict[str, object] = {"seeds": len(seeds), "reviews": 0, "accuracy": {}, "measures": {}}
    if not isinstance(params.variant(variant), TfidfVariant):
        with Tracker() as tracker:
            data = read_tensors(tensors)
            runs = {seed: tracker.resume(variant_run(params, corpus, variant, seed, data)) for seed in seeds}
            found = explain_seeds(
                {seed: models / f"seed-{seed}.safetensors" for seed in seeds},
                {seed: donor / f"seed-{seed}.safetensors" for seed in seeds},
                tensors,
                reviews=settings.reviews,
                permutations=settings.permutations,
                evidence=EVIDENCE,
            )
            write_explanations(found, data.classes, f"{variant} on {corpus}", out)
            measured = summarise(found, resamples=evaluation.bootstrap, confidence=evaluation.confidence)
            for seed, run in runs.items():
                means = found[seed].reviews.mean(numeric_only=True).drop(["row", "length", "seed"]).dropna()
                run.metrics({f"explanation/{name}": float(value) for name, value in means.items()})
                run.metrics({f"null/accuracy_{name}": value for name, value in found[seed].accuracy.items()})
                for path in sorted(path for path in out.iterdir() if path.suffix in {".png", ".csv"}):
                    run.artifact(path)
    with replacing(summary) as part:
        part.write_text(json.dumps({"variant": variant, **measured}, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"{corpus} {variant}: {summary}")


if __name__ == "__main__":
    cli.run(main)

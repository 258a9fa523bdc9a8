"""The results of a corpus, added to MLflow once more: to a store that was away, or to a new one."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.evaluation.results import read_results
from pipeline.params import load_params
from pipeline.tracking.tracker import Tracker
from stages import cli
from stages.publishing import Folders, publish_comparison, publish_variants


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    models: Annotated[Path, typer.Option(help="Folder of the variants' weights and histories to read.")],
    evaluation: Annotated[Path, typer.Option(help="Folder of the variants' tables to read.")],
    results: Annotated[Path, typer.Option(help="Folder of metrics and of the comparison to read.")],
    page: Annotated[Path, typer.Option(help="HTML report to read.")],
) -> None:
    """Add all results of a corpus to MLflow: what its runs hold already is left alone.

    `dvc repro` does it with the comparison. When the store was away or is a new one: dvc repro --single-item --force
    compare@demo, or this alone.

    Example: python -m stages.publish --corpus demo --tensors data/tensors/demo --models models/demo
    --evaluation evaluation/demo --results results/demo --page reports/demo.html
    """
    params = load_params("params.yaml")
    with Tracker(f"compare@{corpus}") as tracker:
        found = read_results(params.variants, params.nulls_of(corpus), models, evaluation, results)
        publish_variants(tracker, params, corpus, found, Folders(tensors, models, evaluation, results))
        publish_comparison(tracker, params, corpus, found, results, page)


if __name__ == "__main__":
    cli.run(main)

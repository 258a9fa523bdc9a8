"""One variant on one corpus, every seed: weights, the history of epochs, and live curves in MLflow.

Started by torchrun, several processes train each seed together, one seed after the other.
"""

import functools
import os
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock

from pipeline.data.atomic import replacing
from pipeline.data.tensors import read_tensors
from pipeline.formats import results_json
from pipeline.params import Params, load_params
from pipeline.params_variants import AttentionVariant, Recurrent
from pipeline.processes import allowed_cores, run_seeds
from pipeline.tracking.run import fingerprint
from pipeline.tracking.tracker import RunHandle, Tracker
from pipeline.training.finished import begin, finish
from pipeline.training.place import Place, place_seeds
from pipeline.training.progress import TrainingProgress
from pipeline.training.timing import timing
from pipeline.training.variant import code_digest, train_variant
from pipeline.training.workers import Workers, workers
from stages import cli
from stages.runs import variant_run

SMALL = 2_000_000  # tokens of all seeds and epochs: read in the time that it takes to start processes


def main(
    corpus: Annotated[str, typer.Option(help="A name under corpora in params.yaml.")],
    variant: Annotated[str, typer.Option(help="A name under variants in params.yaml.")],
    tensors: Annotated[Path, typer.Option(help="Folder of tensors to read.")],
    states: Annotated[Path, typer.Option(help="Folder for what interrupted trainings go on from.")],
    out: Annotated[Path, typer.Option(help="Folder of weights and histories to write.")],
    clock: Annotated[Path, typer.Option(help="JSON of durations to write.")],
) -> None:
    """Train one variant on one corpus. A training that was interrupted goes on from its last epoch.

    Example: python -m stages.train --corpus demo --variant attention --tensors data/tensors/demo
    --states .dvc/tmp/training --out models/demo/attention --clock results/demo/timing/attention.json

    With `torchrun --nproc-per-node 2 -m stages.train ...` two processes share every batch.
    """
    params = load_params("params.yaml")
    places = place_seeds(params.compute, params.seeds_of(variant))
    with workers(places[params.seeds[0]].kind) as together:
        _train(params, corpus, variant, tensors, states, out, clock, places, together)


def _train(
    params: Params,
    corpus: str,
    variant: str,
    tensors: Path,
    states: Path,
    out: Path,
    clock: Path,
    places: dict[int, Place],
    together: Workers,
) -> None:
    entry, training = params.variant(variant), params.training_of(corpus, variant)
    seeds = params.seeds_of(variant)
    data = read_tensors(tensors)
    train_tokens = len(data.splits["train"].tokens)
    settings = entry.model_dump(), training.model_dump(), data.digest, code_digest(), places[seeds[0]].decides
    name = fingerprint(corpus, variant, *settings, *([together.world_size] if together.world_size > 1 else []))
    state = Path(os.environ.get("DVC_ROOT", ".")) / states / name
    work = functools.partial(
        train_variant,
        title=f"{corpus} {variant}",
        variant=entry,
        training=training,
        tensors=tensors,
        out=out,
        states=state,
        workers=together,
        places=places,
    )
    if not together.first:
        together.agree(lambda: None)  # until the first holds the lock
        for seed in seeds:
            work(seed, lambda report: None)
        return
    out.mkdir(parents=True, exist_ok=True)
    for path in out.glob("seed-*"):  # a seed that is no longer asked for would be tested with the others
        if path.stem not in {f"seed-{seed}" for seed in seeds}:
            path.unlink()
    histories: dict[int, list[dict[str, Any]]] = defaultdict(list)
    small = len(seeds) * training.epochs * train_tokens < SMALL
    state.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{state}.lock"), ExitStack() as stack:
        over = begin(state)
        progress = stack.enter_context(TrainingProgress(f"{corpus} {variant}", seeds, training.epochs, train_tokens))
        together.agree(lambda: None)
        runs: dict[int, RunHandle] = {}
        if not small:  # else it is over before MLflow is imported, and `stages.publish` writes it
            tracker = stack.enter_context(Tracker(f"compare@{corpus}"))
            own = {seed: variant_run(params, corpus, variant, seed, data) for seed in seeds}
            runs = {seed: tracker.start(run, over=over) for seed, run in own.items()}
        for run in runs.values():
            run.dataset(corpus, data.digest, str(tensors), "training", {"tokens": train_tokens})

        def on_report(seed: int, report: dict[str, Any]) -> None:
            progress(seed, report)
            if "epoch" in report:
                histories[seed].append(report)
                if seed in runs:
                    runs[seed].epoch(report)
                if seed in runs and seed == seeds[0]:  # one picture of each variant is what the grid can show
                    runs[seed].histogram(report)

        is_recurrent = isinstance(entry, AttentionVariant) and isinstance(entry.encoder, Recurrent)
        in_turn = together.world_size > 1 or (small and (not is_recurrent or allowed_cores() == 1))
        run_seeds(work, seeds, on_report, preload="pipeline.training.fit", in_turn=in_turn)
        finish(state)
    with replacing(clock) as part:
        part.write_text(results_json(timing(histories)), encoding="utf-8")


if __name__ == "__main__":
    cli.run(main)

"""What evaluation and comparison left of a corpus, as runs of MLflow."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.data.tensors import Tensors, read_tensors
from pipeline.evaluation.frontier import read_frontier
from pipeline.evaluation.null_names import variant_and_kind
from pipeline.evaluation.results import Results
from pipeline.evaluation.trained import best_seed, validation_accuracy
from pipeline.formats import read_results_json
from pipeline.params import Params
from pipeline.tracking.run import SWEEP, VARIANT, Run
from pipeline.tracking.tracker import RunHandle, Tracker
from stages.runs import comparison_run, sweep_run, variant_run

SHOWN = ("variant", "accuracy_mean", "accuracy_low", "accuracy_high", "entropy_nats_mean", "entropy_normalised_mean")


class Folders(NamedTuple):
    """Of a corpus: what its stages made."""

    tensors: Path
    models: Path
    evaluation: Path
    results: Path


def publish_variants(tracker: Tracker, params: Params, corpus: str, found: Results, folders: Folders) -> None:
    """All that there is before the comparison: a run per variant and seed, and per point of the sweep.

    Args:
        tracker: that writes them, while this process goes on.
        params: all of params.yaml.
        corpus: a name under corpora.
        found: the results of its variants.
        folders: where they are.

    Raises:
        ValueError: a variant was not trained with a seed of params.yaml; nothing is published then.
    """
    tensors, models, evaluation, results = folders
    data = read_tensors(tensors)
    for variant in params.variants:
        seconds = found.timing[variant]["seconds"]
        if untrained := [str(seed) for seed in params.seeds_of(variant) if str(seed) not in seconds]:
            seeds = ", ".join(untrained)
            raise ValueError(f"{corpus} {variant} was not trained with seed {seeds}: `dvc repro` does that")
    for variant in params.variants:
        files = [
            path
            for path in sorted((evaluation / variant).iterdir())
            if path.suffix in {".png", ".html", ".csv", ".json"}
        ]
        reasons = sorted((evaluation / variant / "explanation").glob("*.*"))
        nulls = sorted(evaluation.glob(f"{variant}.*.parquet"))
        digest = _digest([results / "variants" / f"{variant}.json", *files, *reasons, *nulls])
        own = {seed: variant_run(params, corpus, variant, seed, data) for seed in params.seeds_of(variant)}
        seconds = found.timing[variant]["seconds"]
        runs = {seed: tracker.publish(run, digest, seconds[str(seed)]) for seed, run in own.items()}
        for seed, run in runs.items():
            _publish_seed(run, variant, str(seed), found)
            run.metrics(_null_accuracies(found, variant, seed))
            for folder, paths in (("", files), ("explanation", reasons)):
                for path in paths:
                    if path.suffix in {".png", ".html", ".csv"}:
                        run.artifact(path, folder)
            if reasons:
                known = read_results_json(evaluation / variant / "explanation/by_seed.json")
                run.metrics(known[str(seed)])
            for split, context in (("train", "training"), ("test", "test")):
                reviews = data.splits[split]
                size = {"reviews": len(reviews), "tokens": len(reviews.tokens)}
                run.dataset(corpus, data.digest, str(tensors), context, size)
        first = params.seeds_of(variant)[0]
        for record in found.histories[variant][str(first)]:  # one picture of each variant is what the grid can show
            runs[first].histogram(record)
        for run in runs.values():
            run.finish()
        _publish_models(tracker, own, found.histories[variant], models / variant, tensors, data)
    for point in read_frontier(results, *params.swept(corpus)):
        _publish_point(tracker, point, params, corpus, data)
    for role in (VARIANT, SWEEP):
        tracker.retire_others(corpus, role)


def publish_comparison(
    tracker: Tracker, params: Params, corpus: str, found: Results, results: Path, page: Path
) -> None:
    """The side-by-side table, the figures and the report, and where to look at all of it.

    Args:
        tracker: that has published the variants.
        params: all of params.yaml.
        corpus: a name under corpora.
        found: the results of its variants.
        results: folder of the comparison.
        page: the report.
    """
    tables = [*sorted(results.iterdir()), *sorted((results / "explanation").iterdir())]
    files = [page, *(path for path in tables if path.suffix in {".png", ".csv", ".md"})]
    run = tracker.publish(comparison_run(params, corpus, found.metrics), _digest(files))
    columns = {name: [means[name] for means in found.metrics.values()] for name in SHOWN}
    run.table(columns, "comparison.json")
    run.metrics({"test/accuracy": max(columns["accuracy_mean"])})
    for path in files:
        run.artifact(path)
    tracker.print_links(corpus)


def _publish_seed(run: RunHandle, variant: str, seed: str, found: Results) -> None:
    """Epochs that training could not write, the numbers of the seed, and the words that all seeds attend to.

    Args:
        run: of that variant and seed.
        variant: its name.
        seed: as the results spell it.
        found: of all variants.
    """
    clocks = found.timing[variant].get("by_epoch", {}).get(seed, [])
    for number, record in enumerate(found.histories[variant][seed]):
        run.epoch({**record, **dict(*clocks[number : number + 1])})
    values = {**found.by_seed[variant][seed], "tokens_known": found.metrics[variant]["tokens_known"]}
    run.metrics({f"test/{name}": value for name, value in values.items() if value is not None})
    words = found.words[variant]
    if len(words):
        shown = words.query("ranking == 'mean' and scope == 'all'")
        ranks = [f"{rank:02d}." for rank in shown["rank"]]  # the dot: MLflow moves bare numbers to the top
        columns = {"rank": ranks, "word": list(shown["word"]), "weight": list(shown["mean_weight"])}
        run.table(columns, "top_words.json")


def _null_accuracies(found: Results, variant: str, seed: int) -> dict[str, float]:
    """What the null models of that variant and seed reach, by metric."""
    accuracies = {}
    for name, rows in found.nulls.items():
        owner, kind = variant_and_kind(name)
        if owner == variant:
            own = rows[rows["seed"] == seed]
            accuracies[f"null/trained_{kind}"] = float((own["label"] == own["predicted"]).mean())
    return accuracies


def _publish_point(tracker: Tracker, point: Mapping[str, Any], params: Params, corpus: str, data: Tensors) -> None:
    """A run per seed of one variant under one entropy weight."""
    means = {f"explanation/{name}": values["mean"] for name, values in point["measures"].items()}
    digest = hashlib.sha256(json.dumps(point, sort_keys=True).encode()).hexdigest()[:16]
    for seed, own in point["by_seed"].items():
        run = tracker.publish(
            sweep_run(params, corpus, point["variant"], point["entropy_weight"], int(seed), data), digest
        )
        asked = point.get("explanation_by_seed", {}).get(seed, means)  # an earlier version kept the means alone
        values = {**{f"test/{name}": value for name, value in own.items()}, **asked}
        run.metrics({name: value for name, value in values.items() if value is not None})
        run.finish()


def _publish_models(
    tracker: Tracker,
    runs: Mapping[int, Run],
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    models: Path,
    tensors: Path,
    data: Tensors,
) -> None:
    """The model of every seed, and which is the best.

    Args:
        tracker: that has published the runs.
        runs: by seed, of one variant.
        histories: epochs by seed.
        models: folder of the variant's weights.
        tensors: folder of the corpus.
        data: the corpus.
    """
    accuracies = {seed: validation_accuracy(histories[str(seed)]) for seed in runs}
    best = best_seed(accuracies)
    for seed, run in runs.items():
        tracker.text_model(
            run,
            name=f"{run.experiment}-{run.tags['variant']}",
            best=seed == best,
            validation_accuracy=accuracies[seed],
            checkpoint=models / f"seed-{seed}.safetensors",
            words=tensors / "words.txt",
            embeddings=tensors / "embeddings.npy",
            tokenizer=data.tokenizer,
            classes=data.classes,
        )


def _digest(files: Iterable[Path]) -> str:
    digests = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]

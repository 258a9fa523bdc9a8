"""What an MLflow store lacks of a project's results."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from chaos import earlier
from pipeline.formats import read_results_json
from tests.small_project import Project


def missing(file: Path, project: Project, seeds: tuple[int, ...], projects: int = 1) -> Iterator[str]:
    """What a store lacks, or has twice, of a project's results; that many projects write to it."""
    with sqlite3.connect(file) as store:
        runs = store.execute("SELECT run_uuid, name, status FROM runs WHERE name != ?", (earlier.NAME,)).fetchall()
        points = Counter(store.execute("SELECT run_uuid, key, step FROM metrics").fetchall())
        done = {run for (run,) in store.execute("SELECT run_uuid FROM tags WHERE key = 'results.digest'")}
        versions = Counter(run for (run,) in store.execute("SELECT run_id FROM model_versions"))
        kept = "SELECT source_run_id FROM logged_models WHERE lifecycle_stage = 'active'"
        models = Counter(run for (run,) in store.execute(kept))
    by_name = Counter(name for _, name, _ in runs)
    for run, name, status in runs:
        if status != "FINISHED":
            yield f"{name} is {status}"
        if run not in done:
            yield f"{name} is not complete"
    for variant in ("mean", "attention"):
        for seed in seeds:
            name = f"{variant} seed {seed}"
            if by_name[name] != 1:
                yield f"{name} is there {by_name[name]} times"
                continue
            (run,) = (found for found, other, _ in runs if other == name)
            epochs = len(read_results_json(project.root / f"models/demo/{variant}/seed-{seed}.json"))
            logged = {
                step: times for (owner, key, step), times in points.items() if (owner, key) == (run, "train/loss")
            }
            if logged != dict.fromkeys(range(1, epochs + 1), 1):
                yield f"{name} has {sum(logged.values())} points of {epochs} epochs"
            if points[run, "test/accuracy", 0] != 1:
                yield f"{name} has {points[run, 'test/accuracy', 0]} accuracies"
            if models[run] != 1 or versions[run] != 1:
                yield f"{name} has {models[run]} models, {versions[run]} versions"
    for name, times in {"comparison": projects, **{f"attention +0.5 seed {seed}": 1 for seed in seeds}}.items():
        if by_name[name] != times:
            yield f"{name} is there {by_name[name]} times"

"""What a stage found, put into MLflow."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.evaluation.evaluate import Evaluation
from pipeline.tracking.tracker import RunHandle

SHOWN = ("variant", "accuracy_mean", "accuracy_low", "accuracy_high", "entropy_nats_mean", "entropy_normalised_mean")


def log_evaluation(
    runs: Mapping[int, RunHandle],
    evaluation: Evaluation,
    histories: Mapping[int, Sequence[Mapping[str, object]]],
    folder: Path,
) -> None:
    """Logs what is known of a variant to the run of each of its seeds.

    Numbers are those of the seed; tables, figures and the page are of all seeds, and lie at the root of every run,
    where MLflow's page that compares runs finds them.

    Args:
        runs: by seed.
        evaluation: of the variant.
        histories: epoch records by seed, for a run that training could not write.
        folder: what `write_evaluation` made.
    """
    files = [path for path in sorted(folder.iterdir()) if path.suffix in {".png", ".html", ".csv"}]
    words = evaluation.words
    for seed, run in runs.items():
        for record in histories[seed]:
            run.epoch(record)
        values = evaluation.metrics["by_seed"][str(seed)]
        run.metrics({f"test/{name}": value for name, value in values.items() if value is not None})
        for path in files:
            run.artifact(path)
        if len(words):
            shown = words.query("ranking == 'mean' and scope == 'all'")
            ranks = [f"{rank:02d}" for rank in shown["rank"]]
            columns = {"rank": ranks, "word": list(shown["word"]), "weight": list(shown["mean_weight"])}
            run.table(columns, "top_words.json")


def log_comparison(run: RunHandle, frame: pd.DataFrame, results: Path, page: Path) -> None:
    """Logs the side-by-side table, the figures and the report.

    Args:
        run: the corpus's comparison.
        frame: from `compare`.
        results: folder of the files written.
        page: the report.
    """
    shown = frame[list(SHOWN)]
    columns = {name: [None if pd.isna(value) else value for value in shown[name].tolist()] for name in SHOWN}
    run.table(columns, "comparison.json")
    best = frame.loc[frame["accuracy_mean"].idxmax()]
    run.metrics({"test/accuracy": float(best["accuracy_mean"])})
    for path in (page, *sorted(path for path in results.iterdir() if path.suffix in {".png", ".csv", ".md"})):
        run.artifact(path)

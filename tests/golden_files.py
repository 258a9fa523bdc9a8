"""What earlier commits wrote, a folder each, and how it is read."""

from pathlib import Path

from pipeline.data.tables import read_csv, read_parquet
from pipeline.data.tensors import read_table, read_tensors
from pipeline.evaluation.frontier import read_frontier
from pipeline.evaluation.predict import predict
from pipeline.evaluation.results import Results, read_results
from pipeline.formats import read_results_json

FOLDERS = sorted((Path(__file__).parent / "golden").glob("format-*"))
VARIANTS = ("attention", "tfidf")


def results_of(folder: Path) -> Results:
    return read_results(
        VARIANTS, [("attention", "uniform")], folder / "models", folder / "evaluation", folder / "results"
    )


def read_all(folder: Path) -> None:
    """Everything that one stage reads of another, and `attention explain`."""
    corpus = read_tensors(folder / "tensors")
    read_table(folder / "tensors", ["text"])
    results_of(folder)
    for name in VARIANTS:
        predict(folder / f"models/{name}/seed-0.safetensors", corpus.embeddings, corpus.splits["test"])
    read_frontier(folder / "results", ["attention"], [0.1])
    read_results_json(folder / "results/published/row.json")
    read_results_json(folder / "evaluation/attention/explanation/by_seed.json")
    read_parquet(folder / "pairs.parquet")
    for name in ("exchange", "counterfactual"):
        read_csv(folder / f"results/explanation/{name}.csv")

"""`python -m benchmarks.growth`: how time and memory grow with corpus, vocabulary, text length and vector size.

Each point is measured in a process of its own, so that its peak memory is its own.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import typer
from rich.progress import Progress

NOISE = 0.02  # of the words of a copy, replaced by words of other reviews
VARIANTS = ("mean", "attention", "attention_value", "lstm_attention", "gru_attention")
STEPS, WARM_UP = 40, 5  # batches of a measurement
POINTS: dict[str, tuple[int, ...]] = {
    "corpus": (1, 2, 5, 10),  # times IMDB
    "vocabulary": (1_000, 10_000, 60_000, 600_000),  # words
    "text length": (50, 100, 200, 400, 800),  # tokens of each review
    "vector size": (50, 100, 200, 300),
}


def repeated(reviews: Path, times: int, out: Path) -> None:
    """Writes the table again and again, every copy after the first with other films and with noise in its words."""
    table = pd.read_parquet(reviews)
    draw = random.Random(0)
    words = " ".join(table["text"][:500]).split()

    def noisy(text: str) -> str:
        found = text.split(" ")
        for _ in range(round(NOISE * len(found))):
            found[draw.randrange(len(found))] = draw.choice(words)
        return " ".join(found)

    copies = [table]
    for copy in range(1, times):
        copies.append(table.assign(movie=table["movie"] + f"-{copy}", text=[noisy(text) for text in table["text"]]))
    pd.concat(copies, ignore_index=True).to_parquet(out, compression="zstd", index=False)


def tensors(reviews: Path, vectors: Path, out: Path) -> dict[str, float]:
    """Tokenises and encodes a table; seconds, and MiB at the peak."""
    from pipeline.data.prepare import build_tensors
    from pipeline.params import load_params

    corpus = load_params("params.yaml").corpus("imdb")
    elsewhere = {"reviews", "vectors", "top_words_min_count", "training"}
    started = time.perf_counter()
    build_tensors(reviews, vectors, out, **corpus.model_dump(exclude=elsewhere))
    return {"seconds": time.perf_counter() - started, "MiB": _peak()}


def training(folder: Path, variant: str, axis: str, value: int) -> dict[str, float]:
    """Steps of a training; microseconds a token, and MiB at the peak."""
    import torch

    from pipeline.data.batching import training_batches
    from pipeline.data.reviews import pack
    from pipeline.data.tensors import read_tensors
    from pipeline.models.variants import build_model
    from pipeline.params import load_params
    from pipeline.processes import keep_freed_memory
    from pipeline.training.fit import Fit

    torch.set_num_threads(1)
    keep_freed_memory()
    torch.manual_seed(0)
    params, corpus = load_params("params.yaml"), read_tensors(folder)
    settings = params.training_of("imdb", variant).model_dump()
    embeddings, train = corpus.embeddings, corpus.splits["train"]
    if axis == "vector size":
        embeddings = np.random.default_rng(0).normal(size=(len(embeddings), value)).astype(np.float32)
    if axis == "vocabulary":
        embeddings = np.random.default_rng(0).normal(size=(value, embeddings.shape[1])).astype(np.float32)
    if axis in {"vocabulary", "text length"}:
        length = value if axis == "text length" else 250
        flat = np.resize(train.tokens, 3000 * length).astype(np.int64)
        if axis == "vocabulary":  # a token's rank keeps its place in the longer or shorter list
            flat = 2 + (flat - 1) * (value - 3) // len(corpus.vocabulary)
        train = pack(list(flat.astype(np.int32).reshape(3000, length)), train.labels[:3000], range(3000))
    variants = params.variants[variant]
    model: Any = build_model(variants, torch.from_numpy(embeddings.copy()), classes=2, dropout=settings["dropout"])  # type: ignore[arg-type]
    for name in ("dropout", "dropout_mask", "word_dropout", "epochs", "patience"):
        settings.pop(name)
    size = settings.pop("batch_size")
    fit = Fit(model, steps=1000, **settings)
    batches = training_batches(train, size, torch.Generator().manual_seed(0))
    tokens, spent = 0, 0.0
    for place in range(STEPS):
        started = time.process_time()
        read = fit.step(next(batches)).tokens
        if place >= WARM_UP:
            tokens, spent = tokens + read, spent + time.process_time() - started
    return {"microseconds a token": 1e6 * spent / tokens, "MiB": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _apart(function: str, *given: Any) -> dict[str, float]:
    """Runs a function of this file in a process of its own."""
    code = "import json; from pathlib import PosixPath, WindowsPath; import benchmarks.growth as growth; "
    code += f"print(json.dumps(growth.{function}{given!r}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def points(folder: Path, reviews: Path, vectors: Path) -> Iterator[tuple[str, int, str, dict[str, float]]]:
    """Every point: what grows, to what, what was done, and what was found."""
    with tempfile.TemporaryDirectory() as scratch:
        for times in POINTS["corpus"]:
            table, made = Path(scratch, "reviews.parquet"), Path(scratch, "tensors")
            repeated(reviews, times, table)
            yield "corpus", times, "tensors", _apart("tensors", table, vectors, made)
            for variant in VARIANTS:
                yield "corpus", times, variant, _apart("training", made, variant, "corpus", times)
    for axis in ("vocabulary", "text length", "vector size"):
        for value in POINTS[axis]:
            for variant in VARIANTS:
                yield axis, value, variant, _apart("training", folder, variant, axis, value)


def figure(table: pd.DataFrame, out: Path) -> None:
    """A column for what grows; time above, memory below. Straight lines at 45 degrees are linear growth."""
    drawn, places = plt.subplots(2, len(POINTS), figsize=(14, 6), layout="constrained", sharex="col")
    for column, axis in enumerate(POINTS):
        for row, measures in enumerate((("seconds", "microseconds a token"), ("MiB",))):
            place = places[row][column]
            for what, lines in table[table["grows"] == axis].groupby("what", sort=False):
                for measure in measures:
                    if lines[measure].notna().any():
                        place.plot(lines["to"], lines[measure], marker="o", markersize=3, label=f"{what}, {measure}")
            place.set(xscale="log", yscale="log")
            place.grid(alpha=0.3)
            if row:
                place.set_xlabel({"corpus": "times IMDB", "vocabulary": "words"}.get(axis, axis))
            else:
                place.set_title(axis)
        places[0][0].set_ylabel("seconds, or microseconds a token")
        places[1][0].set_ylabel("MiB at the peak")
    places[0][0].legend(fontsize=7)
    drawn.savefig(out, dpi=110)


def main(
    folder: Annotated[Path, typer.Option(help="Tensors of IMDB.")] = Path("data/tensors/imdb"),
    reviews: Annotated[Path, typer.Option(help="Its table of reviews.")] = Path("data/imdb/reviews.parquet"),
    vectors: Annotated[Path, typer.Option(help="Its word vectors.")] = Path("data/glove/vectors.txt"),
    out: Annotated[Path, typer.Option(help="Folder for growth.csv.")] = Path("benchmarks"),
    picture: Annotated[Path, typer.Option(help="PNG to draw.")] = Path("docs/growth.png"),
) -> None:
    """Measure how time and memory grow, and draw it. It takes a quarter of an hour.

    Example: python -m benchmarks.growth
    """
    rows = []
    with Progress() as progress:
        task = progress.add_task(
            "growing", total=len(POINTS["corpus"]) + sum(map(len, POINTS.values())) * len(VARIANTS)
        )
        for axis, value, what, found in points(folder, reviews, vectors):
            rows.append({"grows": axis, "to": value, "what": what, **found})
            progress.update(task, advance=1, description=f"{axis} {value:,} {what}")
    table = pd.DataFrame(rows, columns=["grows", "to", "what", "seconds", "microseconds a token", "MiB"])
    table.to_csv(out / "growth.csv", index=False, float_format="%.4g")
    figure(table, picture)


if __name__ == "__main__":
    typer.run(main)

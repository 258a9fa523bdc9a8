"""`python -m benchmarks.growth`: how time and memory grow with corpus, vocabulary, text length and vector size."""

import itertools
import random
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

from benchmarks.cost import cost
from pipeline.progress import Progress

NOISE = 0.02  # of the words of a copy, replaced by words of other reviews
VARIANTS = ("attention", "attention_value", "lstm_attention", "gru_attention")
WARM_UP = 5  # batches before those that are measured
POINTS: dict[str, tuple[int, ...]] = {
    "corpus": (1, 2, 5, 10),  # times IMDB
    "vocabulary": (1_000, 10_000, 100_000, 1_000_000),  # words
    "text length": (50, 200, 800),  # tokens of each review
    "vector size": (50, 100, 300),
}

UNITS = {
    "corpus": "times IMDB",
    "vocabulary": "words",
    "text length": "tokens a review",
    "vector size": "numbers a word",
}
MEASURES = ("seconds", "microseconds a token", "MiB")


def copies(reviews: Path) -> Iterator[pd.DataFrame]:
    """The table, and again and again a copy with other films and with noise in its words."""
    table = pd.read_parquet(reviews)
    draw = random.Random(0)
    words = " ".join(table["text"][:500]).split()

    def noisy(text: str) -> str:
        found = text.split(" ")
        for _ in range(round(NOISE * len(found))):
            found[draw.randrange(len(found))] = draw.choice(words)
        return " ".join(found)

    yield table
    for copy in itertools.count(1):
        yield table.assign(movie=table["movie"] + f"-{copy}", text=[noisy(text) for text in table["text"]])


def tensors(reviews: Path, vectors: Path, out: Path) -> dict[str, float]:
    """The stage `tensors` on a table; seconds of processor time, and MiB at the peak."""
    words = ["--corpus", "imdb", "--reviews", reviews, "--vectors", vectors, "--out", out, "--coverage", f"{out}.json"]
    _, mib, seconds = cost([sys.executable, "-m", "stages.tensors", *map(str, words)])
    return {"seconds": seconds, "MiB": mib}


def training(folder: Path, variant: str, axis: str, value: int, steps: int) -> float:
    """Steps of a training; microseconds a token."""
    import torch

    from pipeline.data.batching import training_batches
    from pipeline.data.reviews import pack
    from pipeline.data.tensors import read_tensors
    from pipeline.models.variants import build_model
    from pipeline.params import load_params
    from pipeline.processes import compute_on_one_thread
    from pipeline.training.fit import Fit

    compute_on_one_thread()
    torch.manual_seed(0)
    params, corpus = load_params("params.yaml"), read_tensors(folder)
    settings = params.training_of("imdb", variant).model_dump()
    embeddings, train = corpus.embeddings, corpus.splits["train"]
    if axis == "vector size":
        embeddings = np.random.default_rng(0).standard_normal((len(embeddings), value), dtype=np.float32)
    if axis == "vocabulary":
        embeddings = np.random.default_rng(0).standard_normal((value, embeddings.shape[1]), dtype=np.float32)
    if axis in {"vocabulary", "text length"}:
        length = value if axis == "text length" else 250
        flat = np.resize(train.tokens, 3000 * length).astype(np.int64)
        if axis == "vocabulary":  # a token's rank keeps its place in the longer or shorter list
            flat = 2 + (flat - 1) * (value - 3) // len(corpus.vocabulary)
        train = pack(list(flat.astype(np.int32).reshape(3000, length)), train.labels[:3000], range(3000))
    variants = params.variants[variant]
    if not embeddings.flags.writeable:  # a mapped file, as in a training
        embeddings = embeddings.copy()
    model: Any = build_model(variants, torch.from_numpy(embeddings), classes=2, dropout=settings["dropout"])  # type: ignore[arg-type]
    for name in ("dropout", "dropout_mask", "word_dropout", "epochs", "patience"):
        settings.pop(name)
    size = settings.pop("batch_size")
    fit = Fit(model, steps=1000, **settings)
    batches = training_batches(train, size, torch.Generator().manual_seed(0))
    tokens, spent = 0, 0.0
    for place in range(WARM_UP + steps):
        started = time.process_time()
        read = fit.step(next(batches)).tokens
        if place >= WARM_UP:
            tokens, spent = tokens + read, spent + time.process_time() - started
    return 1e6 * spent / tokens


def trained(folder: Path, variant: str, axis: str, value: int, steps: int) -> dict[str, float]:
    """`training` in a process of its own; with MiB at the peak."""
    code = "from pathlib import Path; import benchmarks.growth as growth; "
    code += f"print(growth.training(Path({str(folder)!r}), {variant!r}, {axis!r}, {value}, {steps}))"
    printed, mib, _ = cost([sys.executable, "-c", code])
    return {"microseconds a token": float(printed.split()[-1]), "MiB": mib}


def points(folder: Path, reviews: Path, vectors: Path, steps: int) -> Iterator[tuple[str, int, str, dict[str, float]]]:
    """Every point: what grows, to what, what was done, and what was found."""
    with tempfile.TemporaryDirectory() as scratch:
        table, made = Path(scratch, "reviews.parquet"), Path(scratch, "tensors")
        source, parts = copies(reviews), list[pd.DataFrame]()
        for times in POINTS["corpus"]:
            parts += itertools.islice(source, times - len(parts))
            pd.concat(parts, ignore_index=True).to_parquet(table, compression="zstd", index=False)
            yield "corpus", times, "tensors", tensors(table, vectors, made)
            for variant in VARIANTS:
                yield "corpus", times, variant, trained(made, variant, "corpus", times, steps)
    for axis in ("vocabulary", "text length", "vector size"):
        for value in POINTS[axis]:
            for variant in VARIANTS:
                yield axis, value, variant, trained(folder, variant, axis, value, steps)


def markdown(table: pd.DataFrame) -> str:
    """A table per axis: what was done, and what it took."""
    found = []
    for axis, values in POINTS.items():
        found += ["", _row(UNITS[axis], [f"{value:,}" for value in values]), "|---|" + "---:|" * len(values)]
        for what, lines in table[table["grows"] == axis].groupby("what", sort=False):
            for measure in MEASURES:
                if lines[measure].notna().any():
                    numbers = [f"{value:.2g}" if value < 10 else f"{value:,.0f}" for value in lines[measure]]
                    found.append(_row(f"`{what}`, {measure}", numbers))
    return "\n".join(found)


def _row(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def figure(table: pd.DataFrame, out: Path) -> None:
    """A column for what grows; time above, on a log scale, memory below."""
    drawn, places = plt.subplots(2, len(POINTS), figsize=(14, 6), layout="constrained", sharex="col")
    colours = {what: f"C{place}" for place, what in enumerate(table["what"].unique())}
    for column, (axis, values) in enumerate(POINTS.items()):
        time, memory = places[:, column]
        for what, lines in table[table["grows"] == axis].groupby("what", sort=False):
            style = {"marker": "o", "markersize": 4, "color": colours[what]}
            time.plot(lines["to"], lines["seconds"].fillna(lines["microseconds a token"]), **style)
            memory.plot(lines["to"], lines["MiB"], **style)
        time.set(title=axis, xscale="log", yscale="log")
        memory.set(xlabel=UNITS[axis], ylim=(0, None))
        memory.set_xticks(values, [f"{value:,}" for value in values])
        memory.minorticks_off()
        for place in (time, memory):
            place.grid(alpha=0.3)
    places[0][0].set_ylabel("microseconds a token; tensors: seconds")
    places[1][0].set_ylabel("MiB at the peak")
    handles = [plt.Line2D([], [], marker="o", markersize=4, color=colour) for colour in colours.values()]
    drawn.legend(handles, list(colours), loc="outside lower center", ncols=len(colours), frameon=False)
    drawn.savefig(out, dpi=110)
    plt.close(drawn)


def main(
    folder: Annotated[Path, typer.Option(help="Tensors of IMDB.")] = Path("data/tensors/imdb"),
    reviews: Annotated[Path, typer.Option(help="Its table of reviews.")] = Path("data/imdb/reviews.parquet"),
    vectors: Annotated[Path, typer.Option(help="Its word vectors.")] = Path("data/glove/vectors.txt"),
    out: Annotated[Path, typer.Option(help="Folder for growth.csv.")] = Path("benchmarks"),
    picture: Annotated[Path, typer.Option(help="PNG to draw.")] = Path("docs/growth.png"),
    steps: Annotated[int, typer.Option(min=1, help="Batches of each training that are measured.")] = 40,
) -> None:
    """Measure how time and memory grow, draw it, and print the table of docs/scale.md. It takes ten minutes.

    Example: python -m benchmarks.growth
    """
    rows = []
    with Progress() as progress:
        total = len(POINTS["corpus"]) + sum(map(len, POINTS.values())) * len(VARIANTS)
        task = progress.task("growth", total, "points")
        for axis, value, what, found in points(folder, reviews, vectors, steps):
            rows.append({"grows": axis, "to": value, "what": what, **found})
            task.advance(note=f"{axis} {value:,} {what}")
    table = pd.DataFrame(rows, columns=["grows", "to", "what", *MEASURES])
    table.to_csv(out / "growth.csv", index=False, float_format="%.4g")
    figure(table, picture)
    typer.echo(markdown(table))


if __name__ == "__main__":
    typer.run(main)

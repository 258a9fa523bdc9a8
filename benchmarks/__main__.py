"""`python -m benchmarks`: every figure beside its peer, in one run, and what has moved since the committed table."""

import functools
import itertools
import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import psutil
import typer

from benchmarks.cost import cost
from benchmarks.loader import GLOVE, IMDB
from pipeline.progress import Progress

MOVED = 1.25  # a figure that is this many times worse than the committed one is named
KINDS = ("training", "inference")
ARCHIVES, FASTTEXT = "archives to tensors, peak memory", "training to 88 % of the test reviews, fastText"
COLUMNS = ("measure", "unit", "ours", "peer", "peer_name", "ratio", "limit", "share_of_limit")


@dataclass(frozen=True)
class Measure:
    """A figure of ours, beside a peer's.

    Attributes:
        name: what is measured.
        unit: "tokens/s" is better high, all others low.
        ours: measures once.
        peer: the same for the peer, if there is one.
        peer_name: what it is.
        limit: the best that the machine allows, in the same unit; 0 where none is known.
        once: whether it is the same each time, as memory is.
    """

    name: str
    unit: str
    ours: Callable[[], float]
    peer: Callable[[], float] | None = None
    peer_name: str = ""
    limit: float = 0.0
    once: bool = False

    def row(self, ours: list[float], peer: list[float]) -> dict[str, object]:
        """The medians, and how they compare."""
        own, other = statistics.median(ours), statistics.median(peer) if peer else float("nan")
        high = self.unit == "tokens/s"
        ratio = own / other if high else other / own
        share = (own / self.limit if high else self.limit / own) if self.limit else float("nan")
        limit = self.limit or float("nan")
        return dict(zip(COLUMNS, (self.name, self.unit, own, other, self.peer_name, ratio, limit, share), strict=True))


def models(tensors: Path, seconds: float, only: str, accelerator: str = "cpu") -> Iterator[Measure]:
    """Training and inference of every variant with attention or without, on one thread, or on a GPU."""
    from benchmarks.limits import bytes_per_second, flops_per_second
    from benchmarks.models import Pair, bytes_per_token, flops_per_token, tokens_per_second
    from pipeline.data.tensors import read_tensors
    from pipeline.params import Compute, load_params
    from pipeline.params_variants import AttentionVariant
    from pipeline.processes import compute_on_one_thread
    from pipeline.training.place import place_seeds

    compute_on_one_thread()  # both sides
    compute = Compute.model_validate({"accelerator": accelerator, "precision": "float32", "devices": 1})
    place = place_seeds(compute, [0])[0]
    place.prepare()
    params, corpus, rate = load_params("params.yaml"), read_tensors(tensors), tokens_per_second(seconds, place.device)
    flops, bandwidth = (flops_per_second(), bytes_per_second()) if place.kind == "cpu" else (0.0, 0.0)
    for name, variant in params.variants.items():
        if not isinstance(variant, AttentionVariant) or not any(only in f"{kind} {name}" for kind in KINDS):
            continue
        pair = Pair(variant, params.training_of(tensors.name, name), corpus, rate, place.device)
        pair.check()
        for kind, ours, peer in (
            ("training", pair.our_training, pair.their_training),
            ("inference", pair.our_inference, pair.their_inference),
        ):
            training = kind == "training"
            work = flops_per_token(pair.ours, training=training)
            limit = flops / work if work else bandwidth / bytes_per_token(pair.ours, training=training)
            yield Measure(f"{kind} {name}", "tokens/s", ours, peer, "notebook", limit)


def layers(seconds: float, only: str) -> Iterator[Measure]:
    """The recurrent layers alone, on one thread: how near they come to the speed of matrix products."""
    from benchmarks.layers import LAYERS, sides
    from benchmarks.limits import flops_per_second
    from pipeline.processes import compute_on_one_thread

    compute_on_one_thread()  # both sides
    for name in LAYERS:
        if only in f"training {name}":
            ours, theirs, work = sides(name, seconds)
            yield Measure(f"training {name}", "tokens/s", ours, theirs, "torch", flops_per_second() / work)


def archives(downloads: Path) -> Iterator[Measure]:
    """From the two archives to tensors: ours on all cores, the course's on the one that it knows."""

    def run(side: str, peak: bool) -> float:
        with tempfile.TemporaryDirectory() as folder:
            code = "from pathlib import Path; import benchmarks.loader as loader; "
            code += f"loader.{side}(Path({str(downloads)!r}), Path({folder!r}))"
            started = time.perf_counter()
            if peak:
                return cost([sys.executable, "-c", code]).mib
            _python("-c", code)
            return time.perf_counter() - started

    for name, unit, peak in (("archives to tensors", "s", False), (ARCHIVES, "MiB", True)):
        ours, course = (functools.partial(run, side, peak) for side in ("ours", "course"))
        yield Measure(name, unit, ours, course, "the course's loader", once=peak)


def memory(tensors: Path, only: str) -> Iterator[Measure]:
    """What a process holds that takes a training step on long reviews, libraries and word vectors included."""

    def mib(name: str, side: str) -> float:
        code = "from pathlib import Path; import benchmarks.models as models; "
        code += f"models.train_on_long_reviews(Path({str(tensors)!r}), {name!r}, {side!r})"
        return cost([sys.executable, "-c", code]).mib

    for name in _attention_variants():
        if only in (measure := f"training {name}, peak memory"):
            ours, notebook = (functools.partial(mib, name, side) for side in ("our", "their"))
            yield Measure(measure, "MiB", ours, notebook, "notebook", once=True)


def accuracy(tensors: Path) -> Iterator[Measure]:
    """How long it takes to be right on 88 % of the test reviews, each side in a process of its own."""

    def run(side: str) -> float:
        with tempfile.TemporaryDirectory() as scratch:
            places = (tensors, Path(scratch)) if side == "fasttext" else (tensors,)
            words = ", ".join(f"Path({str(place)!r})" for place in places)
            code = f"from pathlib import Path; import benchmarks.accuracy as a; print(a.{side}({words}))"
            return float(_python("-c", code).split()[-1])

    for side, name in (("tfidf", "TF-IDF and logistic regression"), ("fasttext", "fastText")):
        peer = functools.partial(run, side)
        yield Measure(f"training to 88 % of the test reviews, {name}", "s", functools.partial(run, "ours"), peer, name)


STARTS = {  # what each stage loads before its work
    "train": "import stages.train, pipeline.training.fit, pipeline.models.gather",
    "evaluate": "import stages.evaluate, pipeline.models.gather, pipeline.evaluation.variant_figures",
    "compare": "import stages.compare",
    "publish": "import stages.publish, pipeline.tracking.writer",
}


def stages(corpus: str) -> Iterator[Measure]:
    """What a stage costs before its work, and a `dvc repro` of a corpus that has nothing to do."""
    least = statistics.median(_clock([sys.executable, "-c", "pass"]) for _ in range(5))
    for stage, code in STARTS.items():
        start = functools.partial(_clock, [sys.executable, "-c", code])
        yield Measure(f"start of {stage}", "s", start, limit=least)
    bare = functools.partial(_clock, [sys.executable, "-c", "import dvc.repo"])
    nothing = functools.partial(_clock, ["dvc", "repro", f"compare@{corpus}"])
    yield Measure("dvc repro with nothing to do", "s", nothing, bare, "import dvc")


def _clock(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def _python(*words: str) -> str:
    return subprocess.run([sys.executable, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    import torch

    name = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    gpu = {"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}
    return {
        **gpu,
        **{"processor": name, "cores": psutil.cpu_count(), "memory_gib": round(psutil.virtual_memory().total / 2**30)},
        **{"python": platform.python_version(), "torch": torch.__version__, "system": platform.system()},
    }


def main(
    tensors: Annotated[Path, typer.Option(help="Tensors of the corpus to measure on.")] = Path("data/tensors/imdb"),
    downloads: Annotated[
        Path, typer.Option(envvar="ATTENTION_DATA_MIRROR", help="Folder with the two archives.")
    ] = Path("data/downloads"),
    out: Annotated[Path, typer.Option(help="Folder for results.csv and machine.json.")] = Path("benchmarks"),
    repeats: Annotated[int, typer.Option(min=1, help="Measurements of each side; the median is kept.")] = 5,
    seconds: Annotated[float, typer.Option(help="Of each measurement of a model.")] = 1.0,
    only: Annotated[str, typer.Option(help="Measures whose name holds this alone.")] = "",
    accelerator: Annotated[
        Literal["cpu", "cuda"], typer.Option(help="cuda: the models alone, both sides on one GPU.")
    ] = "cpu",
) -> None:
    """Measure every part beside its peer, interleaved, and write the medians.

    Example: python -m benchmarks --only lstm
    """
    cpu = accelerator == "cpu"
    _ready(tensors, downloads, archives=cpu and only in ARCHIVES, fasttext=cpu and only in FASTTEXT)
    suffix = "" if cpu else f"_{accelerator}"
    results = out / f"results{suffix}.csv"
    before = pd.read_csv(results) if results.exists() else None
    rows: list[dict[str, object]] = []
    (out / f"machine{suffix}.json").write_text(json.dumps(machine(), indent=2) + "\n", encoding="utf-8")
    with Progress() as progress:
        task = progress.task("measuring", _count(only, cpu=cpu), "measures")
        parts = [models(tensors, seconds, only, accelerator)]
        if cpu:
            parts = [stages(tensors.name), layers(seconds, only), *parts]
            parts += [memory(tensors, only), accuracy(tensors), archives(downloads)]
        for measure in itertools.chain.from_iterable(parts):
            if only not in measure.name:
                continue
            ours, peer = [], []
            for _ in range(1 if measure.once else repeats):
                ours.append(measure.ours())
                if measure.peer:
                    peer.append(measure.peer())
            rows.append(measure.row(ours, peer))
            progress.say(_line(rows[-1]))
            task.advance(note=measure.name)
            renewed(rows, before).to_csv(results, index=False, float_format="%.4g")
    if before is not None:
        for line in moved(pd.DataFrame(rows, columns=list(COLUMNS)), before):
            typer.echo(line)


def _count(only: str, *, cpu: bool) -> int:
    """How many measures there are: of a name alone, 0, for nobody knows."""
    return 0 if only else (2 + cpu) * len(_attention_variants()) + cpu * (len(STARTS) + 7)


def _attention_variants() -> list[str]:
    from pipeline.params import load_params
    from pipeline.params_variants import AttentionVariant

    variants = load_params("params.yaml").variants
    return [name for name, variant in variants.items() if isinstance(variant, AttentionVariant)]


def renewed(rows: list[dict[str, object]], before: pd.DataFrame | None) -> pd.DataFrame:
    """The table with the rows that were measured, each in its place, and the others as they were."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if before is None:
        return table
    order = dict.fromkeys([*before["measure"], *table["measure"]])
    both = {row["measure"]: row for row in [*before.to_dict("records"), *table.to_dict("records")]}
    return pd.DataFrame([both[name] for name in order], columns=list(COLUMNS))


def _ready(tensors: Path, downloads: Path, *, archives: bool, fasttext: bool) -> None:
    """Everything that is needed is there: a quarter of an hour is too long to find out at the end."""
    if not tensors.exists():
        raise typer.BadParameter(f"{tensors} is not there: `dvc repro tensors@imdb` makes it", param_hint="--tensors")
    for name in (IMDB, GLOVE) if archives else ():
        if not any(downloads.glob(name)):
            hint = "the folder of the archives, such as ATTENTION_DATA_MIRROR, is asked for"
            raise typer.BadParameter(f"{downloads} has no {name}: {hint}", param_hint="--downloads")
    if fasttext and not find_spec("fasttext"):
        raise typer.BadParameter("fastText is not installed: pip install -e '.[bench]'")


def moved(table: pd.DataFrame, before: pd.DataFrame) -> list[str]:
    """A line for each figure that compares clearly worse with its peer, or with the limit, than in the table before."""
    lines = []
    both = table.merge(before, on="measure", suffixes=("", "_before"))
    for row in both.to_dict("records"):
        key = "ratio" if pd.notna(row["ratio"]) else "share_of_limit"
        if pd.notna(row[key]) and row[f"{key}_before"] > MOVED * row[key]:
            lines.append(f"slower: {row['measure']}, {key} {row[f'{key}_before']:.3g} -> {row[key]:.3g}")
    return lines


def _line(row: dict[str, object]) -> str:
    text = f"{row['measure']}: {row['ours']:,.4g} {row['unit']}"
    if row["peer_name"]:
        text += f", {row['ratio']:.1f} times better than {row['peer_name']}"
    share = float(str(row["share_of_limit"]))
    if not math.isnan(share):
        text += f", {100 * share:.0f} % of the limit"
    return text


if __name__ == "__main__":
    typer.run(main)

"""Killed anywhere: the pipeline is ended at random moments, and the next `dvc repro` ends as if nothing had been."""

import hashlib
import itertools
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from chaos.kills import Kill, missed, rows
from chaos.outputs import CLOCKS, digests, unlike
from chaos.processes import HOWS, Repro
from chaos.row import Row
from chaos.slow_archive import pack, served
from pipeline.progress import Task
from tests.small_project import ROOT, Project, make_project

KILLS = 30
WITHIN = 1.0  # seconds after such a stage has begun, before the next file that it writes is waited for
ROUNDS = 12  # in which they are waited for
SEED = 0
REPRO = ("dvc", "repro", "imdb", "compare@demo")
CHECKED = f"python -m stages.check_params && exec python -m stages.warm -- stages/shell.py -c {' '.join(REPRO)}"
WARM = ("sh", "-c", CHECKED)  # as make runs it
VARIANTS: dict[str, dict[str, object]] = {
    "attention": {"query": {"kind": "global"}},
    "lstm_attention": {"encoder": {"kind": "lstm", "hidden": 64}, "query": {"kind": "global"}},
    "attention_trainable": {  # with all that draws numbers, or has a state of its own
        "query": {"kind": "global"},
        "embeddings": "trainable",
        "training": {"dropout": 0.5, "dropout_mask": "review", "word_dropout": 0.25, "averaging": 0.99},
    },
}
DOWNLOAD_SECONDS = 15.0
EPOCH = re.compile(r"^.* seed \d+  epoch \d+  loss \S+  accuracy \S+(?:  entropy \S+ nats)?  \S+k tokens/s$", re.M)
LOCK = "dvc.lock"
REFUSED, REMEDY = f"{LOCK}'", ("git", "checkout", LOCK)  # docs/trust.md
COMPARED = re.compile(r"reports/|results/demo/[^/]+\.(csv|md|png)$")  # what compare@demo makes, of durations too
POINTS = """
    SELECT name, key, step, value FROM runs JOIN metrics USING (run_uuid)
    WHERE key IN ('train/loss', 'train/accuracy') OR key LIKE 'validation/%'
    OR key LIKE 'attention/%' OR key LIKE 'test/%' ORDER BY 1, 2, 3, 4
"""


def main(times: int = KILLS) -> list[Row]:
    """Runs once undisturbed, then kills until there were enough."""
    rng = random.Random(SEED)
    archive, digest = pack()
    kills: list[Kill] = []
    with tempfile.TemporaryDirectory() as folder, served(archive, DOWNLOAD_SECONDS) as url:
        fresh = _project(Path(folder) / "fresh", url, digest)
        whole = _copy(fresh, Path(folder) / "undisturbed")
        started = time.monotonic()
        _finish(whole, Path(folder) / "undisturbed.log")
        seconds = time.monotonic() - started
        wanted = _results(whole)
        _say(f"undisturbed: {seconds:.0f} s, {len(wanted)} results")
        task = Task("", times, "kills", 0, wait=0, pause=0, show=lambda task: _say(task.text))
        for number in itertools.count():
            if len(kills) >= times:
                break
            project = _copy(fresh, Path(folder) / "project")
            aims = missed(kills) if number < ROUNDS else []
            log = Path(folder) / "repro.log"
            ours = _round(project, log, rng, times - len(kills), seconds, aims)
            wrong = _differences(project, whole, wanted, log)
            for kill in ours:
                kill.same = not wrong
            kills += ours
            task.advance(len(ours), f"different from the undisturbed run: {', '.join(wrong) or 'nothing'}")
            shutil.rmtree(project.root)
    return rows(kills, len(wanted))


def _project(root: Path, url: str, digest: str) -> Project:
    """A checkout before its first run: the whole demo corpus, and a small IMDB that comes slowly."""
    project = make_project(root)
    for name in ("params.yaml", LOCK):  # as long as a user's: it takes DVC a while to write
        shutil.copy(ROOT / name, root / name)
    project.edit(
        variants=VARIANTS,
        benchmark=["demo"],
        sources__counterfactual__corpora=[],
        explanation={"reviews": 12, "permutations": 10, "exchanged": 40},
        corpora__demo__training={"epochs": 12, "patience": 12, "batch_size": 32},  # so long that MLflow follows it
        nulls={"corpora": ["demo"], "variants": ["attention"], "kinds": ["uniform"]},
        frontier={"corpora": ["demo"], "variants": ["attention"], "entropy_weights": [0.5]},
        sources__imdb={"urls": [url], "sha256": digest},
    )
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "the demo, and a small IMDB")
    return project


def _copy(project: Project, root: Path) -> Project:
    shutil.copytree(project.root, root)
    return replace(project, root=root)


def _round(project: Project, log: Path, rng: random.Random, most: int, seconds: float, aims: list[str]) -> list[Kill]:
    """Kills the same project again and again until a run gets through, first in the stages that were missed."""
    kills: list[Kill] = []
    code = None
    while code != 0 and len(kills) < most:
        how, at_write = HOWS[rng.randrange(len(HOWS))], rng.random() < 0.4
        warm = rng.random() < 1 / 3
        repro = Repro(project, log, *(WARM if warm else REPRO))
        aim = [stage for stage in aims if stage in missed(kills)]
        code = repro.reach(aim) if aim else None
        code = repro.wait(rng.uniform(0, WITHIN if aim else seconds / 4)) if code is None else code
        file = repro.write(20) if code is None and (at_write or aim) else ""
        stage = repro.stage()
        if code is None and (code := repro.wait(0)) is None:
            repro.kill(how)
        _judge(kills, repro.said)
        if code is None:
            kills.append(Kill(how, stage, file, warm, repro.half(), _last_training(repro.said)))
            left = ", ".join(kills[-1].half)
            _say(f"{how} in {stage}{file and ', writing ' + file}, after {len(kills[-1].epochs)} epochs; half: {left}")
        elif code != 0:
            _mend(project, kills, repro.said)
    while code != 0:
        repro = Repro(project, log, *REPRO)
        code = repro.wait(1800)
        _judge(kills, repro.said)
        if code != 0:
            _mend(project, kills, repro.said)
    return kills


def _last_training(said: str) -> set[str]:
    """The lines of epochs, of all seeds, of the training that came last."""
    lines = EPOCH.findall(said)
    return {line for line in lines if _title(line) == _title(lines[-1])}


def _title(line: str) -> str:
    """Corpus and variant of an epoch's line."""
    return re.split(r" seed \d", line)[0]


def _judge(kills: list[Kill], said: str) -> None:
    """Counts the epochs that this run had from the one before, once it has come to them."""
    if kills and kills[-1].epochs and kills[-1].kept is None:
        again = {line for line in EPOCH.findall(said) if _title(line) == _title(min(kills[-1].epochs))}
        if again:
            kills[-1].kept = len(kills[-1].epochs & again)


def _mend(project: Project, kills: list[Kill], said: str) -> None:
    """Does what docs/trust.md says when `dvc repro` refuses to start."""
    if REFUSED not in said or not kills:
        raise RuntimeError(f"dvc repro failed:\n{said[-3000:]}")
    kills[-1].remedy = " ".join(REMEDY)
    _say(f"mended: {said.strip().splitlines()[-1]}")
    project.run(*REMEDY)


def _finish(project: Project, log: Path, *command: str) -> None:
    repro = Repro(project, log, *(command or REPRO))
    if repro.wait(1800) != 0:
        raise RuntimeError(f"dvc repro failed:\n{repro.said[-3000:]}")


def _differences(project: Project, whole: Project, wanted: dict[str, str], log: Path) -> list[str]:
    """What is not as in the undisturbed run: at once, and what compares durations after a comparison of the same ones.

    The second comparison publishes again, which would hide what the first left out of MLflow.
    """
    at_once = {name for name in unlike(wanted, _results(project)) if not COMPARED.match(name)}
    shutil.rmtree(project.root / CLOCKS)
    shutil.copytree(whole.root / CLOCKS, project.root / CLOCKS)
    _finish(project, log, "dvc", "repro", "--single-item", "--force", "compare@demo")
    return sorted(at_once | unlike(wanted, _results(project)))


def _results(project: Project) -> dict[str, str]:
    """Digest of every file that the pipeline left, and what MLflow has: runs by status, and each run's measures."""
    found = digests(project.root)
    with sqlite3.connect(project.root / "mlflow.db") as store:
        runs = Counter(store.execute("SELECT name, status FROM runs").fetchall())
        points = store.execute(POINTS).fetchall()
    for (name, status), times in runs.items():
        found[f"MLflow: {name} {status}"] = str(times)
    for name, measured in itertools.groupby(points, key=lambda point: point[0]):
        found[f"MLflow: {name} measures"] = hashlib.sha256(repr(list(measured)).encode()).hexdigest()
    return found


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)

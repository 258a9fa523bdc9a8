"""MLflow fails in every way that it can: what is trained stays, and one command adds what the store lacks."""

import re
import shlex
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from chaos import earlier
from chaos.lacking import missing
from chaos.outputs import CLOCKS, digests, unlike
from chaos.processes import Repro
from chaos.row import Row
from chaos.stores import Server, SlowWay, answering, fill, free_port, locked, small_disk
from tests.small_project import Project, make_project

VARIANTS = ("mean", "attention")
STAGES = (*(f"{stage}@demo-{name}" for stage in ("train", "evaluate") for name in VARIANTS), "compare@demo")
COMMAND = re.compile(r"dvc repro --single-item --force (\S+)")
COMPARE = shlex.split(
    "--corpus demo --tensors data/tensors/demo --models models/demo --evaluation evaluation/demo "
    "--results results/demo --page reports/demo.html"
)
LATER = "ffffffffffff"  # a revision that this MLflow does not know
SLOW = 0.5  # seconds on the way of each request


@dataclass(frozen=True)
class Outage:
    """A store that fails.

    Attributes:
        tried: what is wrong with it.
        uri: of the store.
        file: the SQLite file behind it.
        begin: called in the middle of a training, all is well before it. None: it fails from the start.
        mend: called when the run is over.
        warnings: how many the user should see.
        had_run: it has a run of an earlier release, which must stay as it was.
    """

    tried: str
    uri: str
    file: Path
    mend: Callable[[], object] = lambda: None
    begin: Callable[[], object] | None = None
    warnings: tuple[int, ...] = (1,)
    had_run: bool = False


def main() -> list[Row]:
    """Trains and compares under each outage, mends the store, and gives the command that the warning named."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = _whole(folder / "whole")
        for make in (away, gone, broken, silent, slow, full, held, seized, old, new):
            place = folder / make.__name__
            place.mkdir()
            project = replace(whole, root=place / "project")
            shutil.copytree(whole.root, project.root)
            with make(place, project) as outage:
                rows.append(_under(outage, project, whole))
            print(f"  {outage.tried}: {rows[-1].held}", file=sys.stderr, flush=True)
            shutil.rmtree(project.root)
        return [*rows, _both(folder, whole)]


def _whole(root: Path) -> Project:
    """A small project that has run once, its trainings long enough for MLflow to follow them."""
    project = make_project(root)
    project.edit(
        corpora__demo__training={"epochs": 140, "patience": 140, "batch_size": 32},
        variants={"mean": {"training": {"learning_rate": 0.03}}, "attention": {"query": {"kind": "global"}}},
        benchmark=["demo"],
        sources__counterfactual__corpora=[],
        nulls={"corpora": ["demo"], "variants": ["attention"], "kinds": ["uniform"]},
        frontier={"corpora": ["demo"], "variants": ["attention"], "entropy_weights": [0.5]},
    )
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "two variants")
    repro = Repro(project, root.parent / "whole.log", "dvc", "repro", "compare@demo")
    if repro.wait(1800) != 0:
        raise RuntimeError(repro.said[-3000:])
    for store in root.glob("mlflow.db*"):
        store.unlink()
    shutil.rmtree(root / "mlruns")
    return project


def _row(tried: str, problems: list[str], held: str) -> Row:
    """The problems, each once, or what held."""
    return Row(tried, 1, "; ".join(dict.fromkeys(problems)) or held, failed=bool(problems))


def _under(outage: Outage, project: Project, whole: Project) -> Row:
    """What held: the results, the warnings, and the store after the command that the warning named."""
    tracked = replace(project, environment=project.environment | {"MLFLOW_TRACKING_URI": outage.uri})
    repro = Repro(tracked, project.root.parent / "repro.log", "dvc", "repro", "--single-item", "--force", *STAGES)
    if outage.begin:
        while repro.wait(0.2) is None and "seed 0  epoch 20 " not in repro.said:
            pass
        outage.begin()
    code = repro.wait(1800)
    outage.mend()
    warnings = repro.said.count("warning: ")
    problems = []
    if code != 0:
        problems.append(f"dvc repro ended with {code}")
    problems += _different(project, whole)
    problems += _misled(repro.said, outage.warnings)
    for _ in range(2):  # twice: the second time there is nothing to add
        tracked.run("dvc", "repro", "--single-item", "--force", "compare@demo")
        problems += missing(outage.file, project, seeds=(0, 1))
    if outage.had_run and not earlier.is_whole(outage.file):
        problems.append(f"{earlier.NAME} is not what it was")
    if problems:
        (project.root.parent / "repro.log").rename(f"{tempfile.gettempdir()}/outage-{project.root.parent.name}.log")
    said = f"results as without it; {warnings} warnings" if warnings != 1 else "results as without it; 1 warning"
    said += "; after the command each run is there once, with every epoch"
    return _row(outage.tried, problems, said + "; the run that it had is what it was" * outage.had_run)


def _misled(said: str, allowed: tuple[int, ...]) -> Iterator[str]:
    """What is wrong with the warnings: how many there are, or the command that they name."""
    warnings, commands = said.count("warning: "), set(COMMAND.findall(said))
    if warnings not in allowed:
        yield f"{warnings} warnings"
    if "Traceback" in said:
        yield "a traceback beside the warning"
    if commands != ({"compare@demo"} if warnings else set()):
        yield f"the next step was {' or '.join(sorted(commands)) or 'not named'}"


def _different(project: Project, whole: Project) -> Iterator[str]:
    """What is not as in the project that had no outage, given that it took as long: the comparison says how long."""
    shutil.rmtree(whole.root / CLOCKS)
    shutil.copytree(project.root / CLOCKS, whole.root / CLOCKS)
    whole.run("python", "-m", "stages.compare", *COMPARE)
    for name in sorted(unlike(digests(project.root), digests(whole.root))):
        yield f"{name} differs"
    if "up to date" not in project.run("dvc", "status", "compare@demo").stdout:
        yield "DVC would run something again"


@contextmanager
def away(place: Path, project: Project) -> Iterator[Outage]:
    """Nothing listens until the run is over."""
    with _server(place, project) as (server, port):
        yield Outage("server down from the start", _http(port), place / "mlflow.db", mend=server.start)


@contextmanager
def gone(place: Path, project: Project) -> Iterator[Outage]:
    """A server that is killed in the middle of a training."""
    with _server(place, project) as (server, port):
        server.start()
        yield Outage(
            "server killed in the middle of a training",
            _http(port),
            place / "mlflow.db",
            begin=server.kill,
            mend=server.start,
        )


@contextmanager
def broken(place: Path, project: Project) -> Iterator[Outage]:
    """A server that answers 500."""
    with _server(place, project) as (server, port), _until_mended(answering(port, 500), server) as mend:
        yield Outage("server answers 500", _http(port), place / "mlflow.db", mend=mend)


@contextmanager
def silent(place: Path, project: Project) -> Iterator[Outage]:
    """A server that takes requests and never answers."""
    with _server(place, project) as (server, port), _until_mended(answering(port, 0), server) as mend:
        yield Outage("server never answers", _http(port), place / "mlflow.db", mend=mend)


@contextmanager
def slow(place: Path, project: Project) -> Iterator[Outage]:
    """A server behind a slow way."""
    with _server(place, project) as (server, port):
        server.start()
        way = SlowWay(entry := free_port(), port, SLOW)

        def mend() -> None:
            way.seconds = 0.0

        yield Outage(f"server answers after {SLOW} s", _http(entry), place / "mlflow.db", mend=mend, warnings=(0, 1))
        way.close()


@contextmanager
def full(place: Path, project: Project) -> Iterator[Outage]:
    """The disk of a SQLite store that is full in the middle of a training."""
    disk = place / "disk"
    with small_disk(disk, megabytes=16):
        yield Outage(
            "disk of the SQLite file full in the middle of a training",
            f"sqlite:///{disk}/mlflow.db",
            disk / "mlflow.db",
            begin=lambda: fill(disk),
            mend=(disk / "full").unlink,
        )


@contextmanager
def held(place: Path, project: Project) -> Iterator[Outage]:
    """A SQLite store that another program keeps for itself."""
    file = place / "mlflow.db"
    lock = locked(file)
    lock.__enter__()
    yield Outage(
        "SQLite file locked by another program", f"sqlite:///{file}", file, mend=lambda: lock.__exit__(None, None, None)
    )


@contextmanager
def seized(place: Path, project: Project) -> Iterator[Outage]:
    """A SQLite store that another program takes for itself in the middle of a training."""
    file = place / "mlflow.db"
    with ExitStack() as taken:

        def take() -> None:
            while not file.exists():  # MLflow may still be making it, elsewhere
                time.sleep(0.1)
            taken.enter_context(locked(file))

        yield Outage(
            "SQLite file locked by another program in the middle of a training",
            f"sqlite:///{file}",
            file,
            begin=take,
            mend=taken.close,
        )


@contextmanager
def old(place: Path, project: Project) -> Iterator[Outage]:
    """A SQLite store of an earlier MLflow, which this one upgrades."""
    earlier.older(file := place / "mlflow.db")
    yield Outage("SQLite file of an earlier MLflow", f"sqlite:///{file}", file, warnings=(0,), had_run=True)


@contextmanager
def new(place: Path, project: Project) -> Iterator[Outage]:
    """A SQLite store whose schema this MLflow does not know."""
    file = place / "mlflow.db"
    earlier.older(file)
    project.run(sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{file}")
    known = _revision(file, LATER)
    yield Outage(
        "SQLite file of a later MLflow", f"sqlite:///{file}", file, mend=lambda: _revision(file, known), had_run=True
    )


def _revision(file: Path, number: str) -> str:
    """Writes the revision of the schema; gives the one that was there."""
    with sqlite3.connect(file) as store:
        ((before,),) = store.execute("SELECT version_num FROM alembic_version").fetchall()
        store.execute("UPDATE alembic_version SET version_num = ?", (number,))
    return str(before)


def _both(folder: Path, whole: Project) -> Row:
    """Two projects of other seeds, which write to one new store at the same time."""
    place = folder / "both"
    place.mkdir()
    file = place / "mlflow.db"
    projects, repros = [], []
    for number, seeds in enumerate(([0, 1], [2, 3])):
        project = replace(
            whole,
            root=place / str(number),
            environment=whole.environment | {"MLFLOW_TRACKING_URI": f"sqlite:///{file}"},
        )
        shutil.copytree(whole.root, project.root)
        project.edit(seeds=seeds, training__weight_decay=0.001)
        projects.append((project, tuple(seeds)))
        repros.append(Repro(project, place / f"{number}.log", "dvc", "repro", "compare@demo"))
    codes = [repro.wait(1800) for repro in repros]
    problems = [f"dvc repro ended with {code}" for code in codes if code != 0]
    problems += [found for repro in repros for found in re.findall("warning: .*", repro.said)]
    for project, seeds in projects:
        problems += missing(file, project, seeds, projects=2)
    held = "no warning; each of their runs is there once, with every epoch"
    return _row("two pipelines at once, one SQLite file", problems, held)


def _http(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@contextmanager
def _server(place: Path, project: Project) -> Iterator[tuple[Server, int]]:
    """A server that has not been started."""
    server = Server(place, port := free_port(), project.environment)
    try:
        yield server, port
    finally:
        server.kill()


@contextmanager
def _until_mended(trouble: AbstractContextManager[None], server: Server) -> Iterator[Callable[[], None]]:
    """The trouble lasts until what this yields is called, which starts the real server in its place."""
    trouble.__enter__()

    def mend() -> None:
        trouble.__exit__(None, None, None)
        server.start()

    yield mend

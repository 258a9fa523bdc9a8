"""Wrong parameters: each mistake of tests/test_params.py is met by the check, by a stage and by DVC."""

import hashlib
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from chaos.row import Row
from pipeline.progress import counted
from tests.small_project import ROOT, Project, make_project
from tests.test_params import BOMB, CHANGES, EDITS, GONE, SHAPES, changed

SOON = 1.0  # seconds of the processor, for the check
CHECK, STAGE, DVC = "`attention check`", "a stage called by hand", "`dvc repro`"
COMMANDS = {
    CHECK: ("python", "-m", "stages.check_params"),  # the same program
    STAGE: ("python", "-m", "stages.demo", "--reviews", "reviews.parquet", "--vectors", "vectors.txt"),
    DVC: ("dvc", "repro"),
}


def main() -> list[Row]:
    """A row per command: how many mistakes were one error, with no traceback and no file made."""
    held: Counter[str] = Counter()
    slowest: dict[str, float] = dict.fromkeys(COMMANDS, 0.0)
    times = 0
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name) / "project")
        (Path(name) / "changed").mkdir()
        contents = list(mistakes(Path(name) / "changed"))
        shutil.copy(ROOT / "params.yaml", project.root / "params.yaml")
        started = _processor()
        project.run(*COMMANDS[CHECK])
        shipped = _processor() - started
        for content in counted(contents, "parameters", len(contents), "mistakes"):
            (project.root / "params.yaml").write_bytes(content)
            times += 1
            said: dict[str, list[str]] = {}
            for command in COMMANDS:
                started = _processor()
                said[command] = _errors(project, command)
                slowest[command] = max(slowest[command], _processor() - started)
            held[CHECK] += len(said[CHECK]) == 1 and said[CHECK][0].startswith("error: params.yaml")
            for command in (STAGE, DVC):
                held[command] += len(said[command]) == 1 and said[command] == said[CHECK]
    told = dict.fromkeys(COMMANDS, "the same line") | {CHECK: "one line that names the place"}
    told = {
        name: f"{words}, no file made: {held[name]}; at most {slowest[name]:.1f} s of the processor"
        for name, words in told.items()
    }
    told[CHECK] += f", {shipped:.1f} s on the file as it is"
    late = max(slowest[CHECK], shipped) > SOON
    tried = dict.fromkeys(COMMANDS, "the same") | {CHECK: "mistakes in params.yaml"}
    failed = {name: held[name] < times or (name == CHECK and late) for name in COMMANDS}
    return [Row(f"{tried[name]}, then {name}", times, told[name], failed[name]) for name in COMMANDS]


def _processor() -> float:
    """Seconds that all commands up to now took of it: on a machine that does other things too, a clock says little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _errors(project: Project, name: str) -> list[str]:
    """The lines of errors that a command ends with; none if it does not end so, has a traceback, or makes a file."""
    before = files(project)
    done = project.run(*COMMANDS[name], check=False)
    said = done.stdout + done.stderr
    if done.returncode == 0 or "Traceback" in said or files(project) != before:
        print(f"  {name}: {said[-2000:]}", file=sys.stderr, flush=True)
        return []
    return [line for line in said.splitlines() if line.lower().startswith("error: ")]


def mistakes(folder: Path) -> Iterator[bytes]:
    """The content of params.yaml with each mistake.

    Args:
        folder: to write in.
    """
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for old, new, whole, _ in EDITS:
        if whole == BOMB:  # DVC by itself unfolds it, without end: bomb.py
            continue
        content = text.replace(old, new, 1) if whole is None else whole
        yield content if isinstance(content, bytes) else content.encode()
    for key, value, _ in SHAPES:
        yield changed(folder, key, value, delete=value is GONE).read_bytes()
    for key, value, _ in CHANGES:
        yield changed(folder, key, value).read_bytes()


def files(project: Project) -> dict[str, str]:
    """Digest of every file but those that Git and DVC keep for themselves, and what Python compiled."""
    found = {}
    for file in project.root.rglob("*"):
        path = file.relative_to(project.root)
        if file.is_file() and not {".git", "tmp", "__pycache__"} & set(path.parts):
            found[path.as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found

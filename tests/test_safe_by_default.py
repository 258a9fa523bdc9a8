"""What the project does for its user unasked: files that cannot run code, a UI for this machine alone, no telemetry."""

import ast
import json
import os
import shlex
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from chaos.stores import Server, free_port

ROOT = Path(__file__).parents[1]
FILES = sorted(file for folder in ("pipeline", "stages") for file in (ROOT / folder).rglob("*.py"))
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {"torch.load", "torch.save", "eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
# Commands from a stage to the process that it started for them, through a pipe that no one else has; never a file.
OWN_PIPE = {"pipeline/tracking/tracker.py", "pipeline/tracking/recorder.py"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_file_is_read_that_could_run_code(file: Path) -> None:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in UNSAFE_MODULES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE_MODULES:
            found.add(str(node.module))
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            unsafe = called in UNSAFE_CALLS or "pickle" in called.split(".")[-1] or given.get("shell") == "True"
            unsafe |= called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False"
            if unsafe:
                found.add(called)
    if name_of(file) in OWN_PIPE:
        assert found <= {"pickle"}
    else:
        assert not found


NETWORK = {"requests", "urllib3", "httpx", "aiohttp", "socket", "ssl", "http", "ftplib", "smtplib", "urllib", "xmlrpc"}
DOWNLOADS = {f"pipeline/data/{name}.py" for name in ("answer", "download", "sources")}
WITHIN = {"stages/shell.py", "stages/warm.py"}  # processes of one machine, through a file of its user
HOST_NAME = "pipeline/tracking/abandoned.py"  # asks what this machine is called


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_network_is_for_downloads_alone(file: Path) -> None:
    """MLflow and torchrun have theirs behind a store or a cluster that the user names."""
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    found = {name for name in imported if name.split(".")[0] in NETWORK and not name.startswith("urllib.parse.")}
    if name_of(file) == HOST_NAME:
        assert found == {"socket"}
        assert "socket.gethostname()" in file.read_text("utf-8")
    elif name_of(file) in WITHIN:
        assert found == {"socket"}
        assert "socket.AF_UNIX" in file.read_text("utf-8")
    else:
        assert not found or name_of(file) in DOWNLOADS


def quiet_environment(**settings: str) -> dict[str, str]:
    """As a user has it who asked for nothing: without what pytest or a CI service says to MLflow and DVC."""
    ours = ("MLFLOW_", "_MLFLOW_", "DVC_", "PYTEST_", "GITHUB_", "CI", "DO_NOT_TRACK")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"} | settings


ASKED_FOR = """
import json, os, socket, time
hosts = set()
def refuse(host, *rest, **options):
    hosts.add(host)
    raise OSError("no network in this test")
socket.getaddrinfo = refuse
from mlflow.telemetry import client, events, track
def use(seconds):
    track._record_event(events.CreateExperimentEvent, {})
    deadline = time.monotonic() + seconds
    while not hosts and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(map(str, hosts))
silent = use(0.5)
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "false"
client.set_telemetry_client()
print(json.dumps([silent, use(60)]))
"""


def test_the_recorder_tells_mlflow_nothing_unless_the_user_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.tracking.tracker import _environment

    monkeypatch.setattr(os, "environ", quiet_environment())
    command = [sys.executable, "-c", ASKED_FOR]
    recorder = _environment(tmp_path)
    done = subprocess.run(command, env=recorder, cwd=tmp_path, capture_output=True, text=True, check=True)
    silent, asked = json.loads(done.stdout)
    assert silent == []
    assert asked == ["config.mlflow-telemetry.io"], "the test would see it"


def test_nothing_is_told_to_dvc() -> None:
    code = "from dvc.analytics import is_enabled; print(is_enabled())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=quiet_environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(("setting", "expected"), [({}, "true"), ({"MLFLOW_DISABLE_TELEMETRY": "false"}, "false")])
def test_make_asks_mlflow_for_silence_unless_the_user_says_otherwise(setting: dict[str, str], expected: str) -> None:
    show = "--eval=show: ; @echo $$MLFLOW_DISABLE_TELEMETRY"
    command = ["make", "--no-print-directory", show, "show"]
    done = subprocess.run(
        command, env=quiet_environment(**setting), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{expected}\n"


@pytest.mark.filterwarnings("ignore::Warning")
def test_make_ui_listens_to_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server itself takes long to start, so what it would be started with is looked at."""
    from click.testing import CliRunner
    from mlflow import cli, server

    planned = subprocess.run(
        ["make", "-n", "--no-print-directory", "ui"],
        cwd=ROOT,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Open http://127.0.0.1:5000 " in planned.stdout
    assert "ALLOWED_HOSTS:-127.0.0.1:5000,localhost:5000}" in planned.stdout
    words = shlex.split(planned.stdout[planned.stdout.index("mlflow ui") :].replace("\\\n", ""))
    started: dict[str, Any] = {}
    monkeypatch.setattr(server, "_run_server", lambda **options: started.update(options))
    done = CliRunner(env={"MLFLOW_HOST": None}).invoke(cli.cli, [*words[1:-1], "sqlite://"])
    assert done.exit_code == 0, done.output
    assert started["host"] == "127.0.0.1"


def test_the_server_answers_to_no_other_name_and_may_not_be_framed_by_others(tmp_path: Path) -> None:
    port = free_port()
    names = {"MLFLOW_SERVER_ALLOWED_HOSTS": f"127.0.0.1:{port}"}  # as `make ui` has it
    server = Server(tmp_path, port, quiet_environment() | names)
    try:
        server.start()
        answers = {}
        for host in (f"127.0.0.1:{port}", "attacker.example", "10.attacker.example"):
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/", headers={"Host": host})
            answers[host] = connection.getresponse()
            answers[host].read()
            connection.close()
    finally:
        server.kill()
    ours, *others = answers.values()
    assert (ours.status, ours.headers["X-Frame-Options"]) == (200, "SAMEORIGIN")
    assert [answer.status for answer in others] == [403, 403]

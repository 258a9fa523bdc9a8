"""The logged model goes from text to label in a process that knows only the store, and in a server of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from mlflow import MlflowClient

pytestmark = pytest.mark.filterwarnings("ignore::Warning")

LOG_ONE = """
def log(tracker, name, best, checkpoint="model.safetensors"):
    tracker.text_model(
        run(name), name="demo-model", best=best, validation_accuracy=0.75, checkpoint=Path(checkpoint),
        words=Path("words.txt"), embeddings=Path("embeddings.npy"), tokenizer="glove", classes=("negative", "positive"),
    )
"""
LOG = f"""{LOG_ONE}
with Tracker("compare@demo") as tracker:
    for _ in range(2):  # the second time adds nothing
        for name in ("model 0", "model 1"):
            tracker.publish(run(name), "d").finish()
        log(tracker, "model 0", best=False, checkpoint="mean.safetensors")
        log(tracker, "model 1", best=True)
os.environ["DVC_EXP_NAME"] = "tidy-gnu"
with Tracker("compare@demo") as tracker:
    tracker.publish(run("tried"), "d").finish()
    log(tracker, "tried", best=True)
"""
LOAD = """
import json, sys
import mlflow, pandas
model = mlflow.pyfunc.load_model("models:/demo-model@best")
texts = pandas.DataFrame({"text": ["good good film", "bad film", ""]}, index=[7, 8, 9])
plain, asked = model.predict(texts), model.predict(texts, {"words": True})
assert list(plain.index) == [7, 8, 9]
assert list(plain) == ["label", "probability"]
assert not len(model.predict(texts[:0]))
names, example = model.metadata.get_output_schema().input_names(), model.input_example
assert len(example)
for params, columns in (({}, names[:2]), ({"words": True}, names)):
    answers = model.predict(example, params)
    assert list(answers) == columns, answers
    assert len(answers) == len(example)
    assert answers["label"].isin(["negative", "positive"]).all(), answers
    assert answers["probability"].between(0.5, 1).all(), answers
used = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "pipeline"}
assert all(path and "/code/pipeline/" in path for path in used.values()), used
print(json.dumps(asked.to_dict("list")))
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two classifiers that know two words, and a vocabulary."""
    import torch

    from pipeline.data.vocabulary import Vocabulary
    from pipeline.models.checkpoint import save_classifier
    from pipeline.models.variants import build_model, load_state
    from pipeline.params_variants import AttentionVariant

    folder = tmp_path_factory.mktemp("trained")
    embeddings_VE = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    state = {"classifier.weight": torch.tensor([[-3.0, 0.0], [3.0, 0.0]]), "classifier.bias": torch.zeros(2)}
    for name, query, learned in (
        ("mean", {"kind": "none"}, {}),
        ("model", {"kind": "global"}, {"query.query": torch.tensor([1.0, 0.0])}),
    ):
        variant = AttentionVariant.model_validate({"query": query})
        model = build_model(variant, embeddings_VE, classes=2)
        load_state(model, state | learned)
        save_classifier(model, variant, folder / f"{name}.safetensors")
    Vocabulary(["good", "bad"]).write(folder / "words.txt")
    np.save(folder / "embeddings.npy", embeddings_VE.numpy())
    return folder


@pytest.fixture(scope="module")
def bare(trained: Path, root: Path, stage: Any, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a process that knows where the store is, and not where the code is; the models are logged."""
    process = stage(LOG, trained, {"DVC_ROOT": str(root)})
    assert process.communicate(timeout=100)[1] == ""
    safe = {"PYTHONPATH": "", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
    return environment | safe | {"MLFLOW_TRACKING_URI": f"sqlite:///{root / 'mlflow.db'}"}


@pytest.fixture(scope="module")
def server(bare: dict[str, str], trained: Path) -> Iterator[str]:
    """The address of `mlflow models serve`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mlflow = str(Path(sys.executable).with_name("mlflow"))
    command = [mlflow, "models", "serve", "-m", "models:/demo-model@best", "-p", str(port), "--env-manager", "local"]
    process = subprocess.Popen(command, cwd=trained, env=bare, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ready(address: str, seconds: float = 100) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if requests.get(f"{address}/ping", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise TimeoutError(address)


def expected(places: list[float]) -> tuple[float, list[float], float]:
    """Probability of positive, weights and entropy by hand: a word's attention logit is its place on the one axis."""
    weights = np.exp(places) / np.exp(places).sum()
    return 1 / (1 + np.exp(-6 * weights @ places)), weights.tolist(), float(-(weights * np.log(weights)).sum())


def test_a_registered_model_answers_and_says_where_it_looked(server: str, bare: dict[str, str], trained: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], cwd=trained, env=bare, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    positive, weights, entropy = expected([1.0, 1.0, 0.0])
    negative = 1 - expected([-1.0, 0.0])[0]
    assert answer["label"][:2] == ["positive", "negative"]
    assert answer["probability"] == pytest.approx([positive, negative, 0.5], rel=1e-5)
    assert [one["word"] for one in answer["words"][0]] == ["good", "good", "film"]
    assert [one["weight"] for one in answer["words"][0]] == pytest.approx(weights, rel=1e-5)
    assert answer["entropy_nats"] == pytest.approx([entropy, expected([-1.0, 0.0])[2], 0], rel=1e-5)
    assert answer["words"][2] == [], "a text without a word"


def test_every_training_is_a_version_once_and_the_best_outside_experiments_has_the_alias(
    bare: dict[str, str], root: Path, open_store: Any
) -> None:
    client = open_store(root)
    versions = {one.tags["run"]: one for one in client.search_model_versions("name = 'demo-model'")}
    assert sorted(versions) == ["model 0 seed 0", "model 1 seed 0", "tried seed 0"]
    assert len(client.search_model_versions("name = 'demo-model'")) == 3
    assert client.get_run(versions["tried seed 0"].run_id).data.tags["dvc.experiment"] == "tidy-gnu"
    assert client.get_model_version_by_alias("demo-model", "best").version == versions["model 1 seed 0"].version
    assert versions["model 0 seed 0"].tags["validation_accuracy"] == "0.7500"
    run = client.get_run(versions["model 0 seed 0"].run_id)
    assert run.data.tags["variant"] == "model 0"
    (output,) = run.outputs.model_outputs
    logged = client.get_logged_model(output.model_id)
    assert logged.experiment_id == run.info.experiment_id
    assert logged.status == "READY"


def test_the_model_says_what_it_takes_and_nothing_in_it_is_pickled(
    bare: dict[str, str], root: Path, open_store: Any
) -> None:
    from mlflow.models import Model

    client = open_store(root)
    version = client.get_model_version_by_alias("demo-model", "best")
    location = client.get_logged_model(version.source.removeprefix("models:/")).artifact_location
    folder = Path(location.removeprefix("file://").replace("%20", " "))
    signature = Model.load(folder).signature
    assert signature.inputs.input_names() == ["text"]
    assert signature.outputs.input_names() == ["label", "probability", "entropy_nats", "words"]
    assert signature.outputs.required_input_names() == ["label", "probability"], "the others come on request"
    assert signature.params.to_dict() == [{"name": "words", "type": "boolean", "default": False, "shape": None}]
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert not {".pkl", ".pickle", ".pt", ".joblib"} & suffixes
    assert {path.suffix for path in (folder / "artifacts").iterdir()} == {".safetensors", ".npy", ".txt", ".json"}
    assert json.loads((folder / "input_example.json").read_text("utf-8"))["columns"] == ["text"]
    *imported, rest = (folder / "requirements.txt").read_text("utf-8").splitlines()
    assert rest == "-c constraints.txt"
    exact = [*imported, *(folder / "constraints.txt").read_text("utf-8").splitlines()]
    assert all("==" in line for line in exact), "a clean environment would get other versions"
    assert {"flask", "pydantic-core", "llvmlite", "markdown-it-py"} <= {line.split("==")[0].lower() for line in exact}


def test_a_server_gives_a_hundred_at_a_time_their_own_answers(server: str) -> None:
    ready(server)
    texts = [" ".join(["good"] * (number % 7) + ["bad"] * (number % 5) + ["film"]) for number in range(100)]

    def ask(text: str) -> dict[str, Any]:
        body = {"dataframe_records": [{"text": text}], "params": {"words": True}}
        answer = requests.post(f"{server}/invocations", json=body, timeout=60)
        assert answer.ok, answer.text
        (row,) = answer.json()["predictions"]
        return dict(row)

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(ask, texts))
    for number, (text, answer) in enumerate(zip(texts, answers, strict=True)):
        positive, weights, entropy = expected([1.0] * (number % 7) + [-1.0] * (number % 5) + [0.0])
        assert answer["probability"] == pytest.approx(max(positive, 1 - positive), rel=1e-5), text
        assert [one["word"] for one in answer["words"]] == text.split()
        assert [one["weight"] for one in answer["words"]] == pytest.approx(weights, rel=1e-5)
        assert answer["entropy_nats"] == pytest.approx(entropy, abs=1e-5)


def test_a_request_of_a_hundred_rows_gets_a_hundred_answers_in_order(server: str) -> None:
    ready(server)
    places = [[1.0] * (number % 7) + [-1.0] * (number % 5) + [0.0] for number in range(100)]
    texts = [" ".join({1.0: "good", -1.0: "bad", 0.0: "film"}[place] for place in text) for text in places]
    body = {"dataframe_split": {"columns": ["text"], "data": [[text] for text in texts]}}
    answer = requests.post(f"{server}/invocations", json=body, timeout=60)
    assert answer.ok, answer.text
    rows, positive = answer.json()["predictions"], [expected(text)[0] for text in places]
    assert [row["probability"] for row in rows] == pytest.approx([max(one, 1 - one) for one in positive], rel=1e-5)
    sure = [number for number, one in enumerate(positive) if abs(one - 0.5) > 1e-6]
    assert len(sure) > 80
    assert all(rows[number]["label"] == ("positive" if positive[number] > 0.5 else "negative") for number in sure)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('text\n"A good, good film."\n"Bad, very bad."\n', "csv"),
        ('{"dataframe_records": [{"text": "A good, good film."}, {"text": "Bad, very bad."}]}', "json"),
    ],
)
def test_a_file_is_answered_on_the_command_line(
    bare: dict[str, str], trained: Path, tmp_path: Path, content: str, kind: str
) -> None:
    (tmp_path / "texts").write_text(content, encoding="utf-8")
    mlflow, given = str(Path(sys.executable).with_name("mlflow")), ("-i", str(tmp_path / "texts"), "-t", kind)
    command = [mlflow, "models", "predict", "-m", "models:/demo-model@best", "--env-manager", "local", *given]
    done = subprocess.run(command, cwd=trained, env=bare, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["predictions"]
    assert [row["label"] for row in rows] == ["positive", "negative"]


def test_a_server_says_what_is_wrong_with_a_request(server: str) -> None:
    ready(server)
    body = {"dataframe_records": [{"review": "good"}]}
    answer = requests.post(f"{server}/invocations", json=body, timeout=60)
    assert answer.status_code == 400
    assert "'text'" in answer.json()["message"]


def test_a_server_names_the_rows_that_have_no_text(server: str) -> None:
    ready(server)
    rows = [{"text": "good"}, {"text": None}, {"text": ""}, {"text": None}]
    answer = requests.post(f"{server}/invocations", json={"dataframe_records": rows}, timeout=60)
    assert answer.status_code == 400
    assert "no text in row 1, 3 (the first is 0)" in answer.json()["message"]
    csv = {"data": "text\ngood\nNA\n", "headers": {"Content-Type": "text/csv"}}
    answer = requests.post(f"{server}/invocations", **csv, timeout=60)
    assert answer.status_code == 400
    assert "no text in row 1 (" in answer.json()["message"]


def test_a_logged_model_asks_for_every_library_that_its_code_imports() -> None:
    import ast
    from importlib.metadata import packages_distributions

    from pipeline.source import PACKAGES, ROOT, closure
    from pipeline.tracking.requirements import IMPORTED

    names = set()
    for file in closure(ROOT / "pipeline/tracking/text_model.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    foreign = names - set(sys.stdlib_module_names) - set(PACKAGES)
    homes = packages_distributions()
    assert foreign, "the model needs libraries"
    for name in foreign:
        assert set(homes[name]) & set(IMPORTED), name


def test_a_model_that_a_kill_left_by_half_is_deleted(
    bare: dict[str, str], trained: Path, root: Path, stage: Any
) -> None:
    client, told = MlflowClient(bare["MLFLOW_TRACKING_URI"]), {"DVC_ROOT": str(root)}
    publish = 'with Tracker("compare@demo") as tracker:\n    tracker.publish(run("halved"), "d").finish()'
    assert stage(publish, trained, told).communicate(timeout=100)[1] == ""
    (experiment,) = [one.experiment_id for one in client.search_experiments() if one.name == "demo"]
    (run,) = client.search_runs([experiment], "attributes.run_name = 'halved seed 0'")
    half = client.create_logged_model(experiment, "model", run.info.run_id)
    log = f'{LOG_ONE}\nwith Tracker("compare@demo") as tracker:\n    log(tracker, "halved", best=False)'
    assert stage(log, trained, told).communicate(timeout=100)[1] == ""
    (model,) = client.search_logged_models([experiment], f"source_run_id = '{run.info.run_id}'")
    assert model.model_id != half.model_id
    assert model.status == "READY"

"""The logged model goes from text to label in a process that knows only the model's folder."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore::Warning")

LOG = """
with Tracker("compare@demo") as tracker:
    tracker.publish(run("model"), "d").text_model(
        Path("model.safetensors"), Path("words.txt"), Path("embeddings.npy"), "glove", ("negative", "positive")
    )
"""
LOAD = """
import json, sys
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
answer = model.predict(pandas.DataFrame({"text": ["good good film", "bad film"]}))
print(json.dumps(answer.to_dict("list")))
"""


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder with a classifier that knows two words, and a vocabulary."""
    import torch

    from pipeline.data.vocabulary import Vocabulary
    from pipeline.models.checkpoint import save_classifier
    from pipeline.models.variants import build_model, load_state
    from pipeline.params_variants import AttentionVariant

    embeddings_VE = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    variant = AttentionVariant()
    model = build_model(variant, embeddings_VE, classes=2)
    load_state(model, {"classifier.weight": torch.tensor([[-3.0, 0.0], [3.0, 0.0]]), "classifier.bias": torch.zeros(2)})
    Vocabulary(["good", "bad"]).write(tmp_path / "words.txt")
    np.save(tmp_path / "embeddings.npy", embeddings_VE.numpy())
    save_classifier(model, variant, tmp_path / "model.safetensors")
    return tmp_path


def test_a_logged_model_classifies_text(
    trained: Path, root: Path, stage: Any, open_store: Any, environment: dict[str, str]
) -> None:
    process = stage(LOG, trained, {"DVC_ROOT": str(root)})
    assert process.communicate(timeout=100)[1] == ""
    client = open_store(root)
    experiment = client.get_experiment_by_name("demo")
    (found,) = client.search_runs([experiment.experiment_id], "tags.variant = 'model'")
    assert found.info.status == "FINISHED"
    (output,) = found.outputs.model_outputs
    folder = client.get_logged_model(output.model_id).artifact_location
    command = [sys.executable, "-c", LOAD, folder]
    stored = {path.suffix for path in Path(folder.removeprefix("file://")).rglob("*")}
    assert not stored & {".pkl", ".pickle", ".pt", ".pth"}
    bare = environment | {"PYTHONPATH": "", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
    loaded = subprocess.run(command, cwd=trained, env=bare, capture_output=True, text=True, check=True)
    answer = json.loads(loaded.stdout)
    assert answer["label"] == ["positive", "negative"]
    assert answer["probability"] == pytest.approx([1 / (1 + np.exp(-4.0)), 1 / (1 + np.exp(-3.0))], rel=1e-4)


def test_a_logged_model_asks_for_every_library_that_its_code_imports() -> None:
    import ast
    from importlib.metadata import packages_distributions

    from pipeline.tracking import model
    from stages.code import PACKAGES, ROOT, closure

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
        assert set(homes[name]) & set(model._REQUIREMENTS), name

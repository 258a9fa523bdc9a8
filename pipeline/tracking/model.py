"""Logs a trained classifier as an MLflow model: from a column of texts to label and probability."""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from pipeline.tracking import commands

_SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "text")]),
    outputs=Schema([ColSpec(DataType.string, "label"), ColSpec(DataType.double, "probability")]),
)
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "pydantic", "ruamel.yaml", "safetensors", "scikit-learn", "torch")
_EXAMPLE = pd.DataFrame({"text": ["A wonderful film, I loved every minute.", "Dull, and far too long."]})


def log(run_id: str, command: commands.TextModel) -> None:
    """Log the model to a run. Signature and requirements are given, because to infer them takes seconds."""
    here = Path(__file__)
    with mlflow.start_run(run_id), tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.json"  # MLflow would log a model_config as params of the run
        settings.write_text(json.dumps({"tokenizer": command.tokenizer, "classes": list(command.classes)}), "utf-8")
        mlflow.pyfunc.log_model(
            name="model",
            python_model=here.with_name("text_model.py"),
            artifacts={**command.artifacts, "settings": str(settings)},
            code_paths=[str(here.parents[1])],
            signature=_SIGNATURE,
            input_example=_EXAMPLE,
            pip_requirements=[f"{name}=={version(name).partition('+')[0]}" for name in _REQUIREMENTS],
        )

"""Logs a trained classifier as an MLflow model: from a column of texts to label and probability."""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from pipeline.tracking import commands

_SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "text")]),
    outputs=Schema([ColSpec(DataType.string, "label"), ColSpec(DataType.double, "probability")]),
)
_NUMBERS = ("numba", "numpy", "pandas", "safetensors", "scikit-learn", "torch")
_REQUIREMENTS = ("mlflow", "pydantic", "ruamel.yaml", *_NUMBERS)
_EXAMPLE = pd.DataFrame({"text": ["A wonderful film, I loved every minute.", "Dull, and far too long."]})


def log(run_id: str, command: commands.TextModel) -> None:
    """Log the model to a run. Signature and requirements are given, because to infer them takes seconds.

    `Model.log` is what `mlflow.pyfunc.log_model` calls, here on a run that stays ended.
    """
    here = Path(__file__)
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.json"  # MLflow would log a model_config as params of the run
        settings.write_text(json.dumps({"tokenizer": command.tokenizer, "classes": list(command.classes)}), "utf-8")
        Model.log(
            artifact_path=None,
            name="model",
            flavor=mlflow.pyfunc,
            run_id=run_id,
            python_model=here.with_name("text_model.py"),
            artifacts={**command.artifacts, "settings": str(settings)},
            code_paths=[str(here.parents[1])],
            signature=_SIGNATURE,
            input_example=_EXAMPLE,
            pip_requirements=[f"{name}=={version(name).partition('+')[0]}" for name in _REQUIREMENTS],
        )

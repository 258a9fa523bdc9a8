"""Logs a trained classifier as an MLflow model: from a column of texts to label and probability."""

import functools
import json
import shutil
import tempfile
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput
from mlflow.entities import Run as MlflowRun
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import Array, Object, Property

from pipeline.source import ROOT, closure
from pipeline.tracking import commands
from pipeline.tracking.requirements import constraints, requirements

_WORD = Object([Property("word", DataType.string), Property("weight", DataType.double)])
_SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "text")]),
    outputs=Schema(
        [
            ColSpec(DataType.string, "label"),
            ColSpec(DataType.double, "probability"),
            ColSpec(DataType.double, "entropy_nats", required=False),
            ColSpec(Array(_WORD), "words", required=False),
        ]
    ),
    params=ParamSchema([ParamSpec("words", DataType.boolean, default=False)]),
)
_SCRIPT = Path(__file__).with_name("text_model.py")
_EXAMPLE = pd.DataFrame({"text": ["A wonderful film, I loved every minute.", "Dull, and far too long."]})


def logged(run: MlflowRun) -> str | None:
    """Id of the model that the run holds."""
    outputs = run.outputs.model_outputs if run.outputs else []
    return str(outputs[0].model_id) if outputs else None


def log(client: MlflowClient, run: MlflowRun, command: commands.TextModel) -> str:
    """Log the model to a run, which stays ended, and return the id of the model.

    These are the steps of `mlflow.pyfunc.log_model` but for those that load the model to see whether it works, and
    that read the run's metrics one by one: they take three quarters of its time. Signature and requirements are given,
    because to infer them takes seconds. The run names the model last, so what was killed halfway is logged again, and
    the half is deleted.
    """
    for half in client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'"):
        client.delete_logged_model(half.model_id)
    made = client.create_logged_model(run.info.experiment_id, "model", run.info.run_id, params=run.data.params)
    with tempfile.TemporaryDirectory() as folder:
        settings, exact, path = (Path(folder) / name for name in ("settings.json", "constraints.txt", "model"))
        exact.write_text(constraints(), "utf-8")
        # MLflow would log a model_config as params of the run
        settings.write_text(json.dumps({"tokenizer": command.tokenizer, "classes": list(command.classes)}), "utf-8")
        mlflow.pyfunc.save_model(
            path,
            mlflow_model=Model(
                artifact_path=made.artifact_location,
                run_id=run.info.run_id,
                model_uuid=made.model_id,
                model_id=made.model_id,
            ),
            python_model=_SCRIPT,
            artifacts={**command.artifacts, "settings": str(settings)},
            code_paths=[str(Path(_code().name) / "pipeline")],
            signature=_SIGNATURE,
            input_example=_EXAMPLE,
            pip_requirements=[*requirements(), f"-c {exact}"],
        )
        client.log_model_artifacts(made.model_id, str(path))
    client.finalize_logged_model(made.model_id, "READY")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(made.model_id, step=0)])
    return str(made.model_id)


@functools.cache
def _code() -> "tempfile.TemporaryDirectory[str]":
    """A folder with what the stored script runs of this project, all mechanisms of one's own too, and nothing else."""
    folder = tempfile.TemporaryDirectory()
    files = closure(_SCRIPT) | set((ROOT / "pipeline/mechanisms").glob("*.py"))
    packages = {parent / "__init__.py" for file in files for parent in file.parents if parent.is_relative_to(ROOT)}
    for file in files | {package for package in packages if package.exists()}:
        copy = Path(folder.name) / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return folder

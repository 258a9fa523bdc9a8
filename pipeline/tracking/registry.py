"""The registered models: one for each variant of a corpus, a version for each run that trained it."""

from contextlib import suppress

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from pipeline.tracking import commands

BEST = "best"  # the alias: models:/imdb-attention@best


def register(client: MlflowClient, command: commands.TextModel, run_id: str, model_id: str, *, best: bool) -> None:
    """Make the model of a run a version of its registered model, once.

    Args:
        client: Of the store.
        command: What the model is called, and how good it is.
        run_id: The run that trained it.
        model_id: Its model.
        best: Whether that version gets the alias.
    """
    found = client.search_model_versions(f"name = '{command.name}' and run_id = '{run_id}'")
    number = found[0].version if found else _add(client, command, run_id, model_id)
    if best and client.get_registered_model(command.name).aliases.get(BEST) != number:
        client.set_registered_model_alias(command.name, BEST, number)


def _add(client: MlflowClient, command: commands.TextModel, run_id: str, model_id: str) -> str:
    with suppress(MlflowException):  # it is there already, or the next call says what is wrong
        about = f"A version for each training. `@{BEST}` is the one of today's seeds with the best validation accuracy."
        client.create_registered_model(command.name, description=about)
    facts = {"run": command.run.name, "validation_accuracy": f"{command.validation_accuracy:.4f}"}
    made = client.create_model_version(
        command.name, f"models:/{model_id}", run_id, tags=facts, await_creation_for=0, model_id=model_id
    )
    return str(made.version)

"""A trained model on disk: safetensors with the variant's description inside, so that the file explains itself."""

from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pipeline.models.classifier import AttentionClassifier
from pipeline.models.variants import build_model, load_state, trained_state
from pipeline.params_variants import AttentionVariant

KIND = "attention-classifier-1"  # with the number of the format


def save_classifier(model: AttentionClassifier, variant: AttentionVariant, path: Path) -> None:
    """Writes what training changed; frozen embeddings stay with the corpus's tensors."""
    state = {name: tensor.contiguous() for name, tensor in trained_state(model).items()}
    part = path.with_name(f".{path.name}.part")
    # safetensors writes its metadata in hash order, so one key alone keeps the bytes the same from run to run
    save_file(state, part, metadata={KIND: variant.model_dump_json()})
    part.replace(path)


def kind_of(path: Path) -> str:
    """What kind of model a file of weights says it holds, and in what format."""
    with safe_open(path, framework="np") as file:
        return next(iter(file.metadata() or {}), "")


def load_classifier(path: Path, embeddings_VE: Tensor) -> AttentionClassifier:
    """The model that `save_classifier` wrote, without dropout.

    Args:
        path: a checkpoint.
        embeddings_VE: the corpus's word vectors; a variant that trained its own brings them along.

    Raises:
        ValueError: the file is of another format.
    """
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    description = metadata.get(KIND)
    if description is None:
        raise ValueError(f"{path} is no checkpoint of the kind {KIND}: run `dvc repro` to train it again")
    variant = AttentionVariant.model_validate_json(description)
    model = build_model(variant, embeddings_VE, classes=len(state["classifier.bias"]))
    load_state(model, state)
    return model

"""A trained model on disk: safetensors with the variant's description inside, so that the file explains itself."""

from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pipeline import formats
from pipeline.models.classifier import AttentionClassifier
from pipeline.models.variants import build_model, load_state, trained_state
from pipeline.params_variants import AttentionVariant


def name_of(kind: str) -> str:
    """The kind with the number of its format, as it stands in the metadata."""
    return f"{kind}-{formats.FORMATS[kind]}"


def save_classifier(model: AttentionClassifier, variant: AttentionVariant, path: Path) -> None:
    """Writes what training changed, wherever it stands; frozen embeddings stay with the corpus's tensors."""
    state = {name: tensor.cpu().contiguous() for name, tensor in trained_state(model).items()}
    # safetensors writes its metadata in hash order, so one key alone keeps the bytes the same from run to run
    path.write_bytes(save(state, metadata={name_of(formats.ATTENTION): variant.model_dump_json()}))


def kind_of(path: Path) -> str:
    """What kind of model a file of weights says it holds.

    Raises:
        ValueError: none that is known here, or in another format, or the file is damaged.
    """
    with formats.reading(path, SafetensorError), safe_open(path, framework="np") as file:
        kind, _, number = next(iter(file.metadata() or {}), "").rpartition("-")
    if kind not in (formats.ATTENTION, formats.TFIDF):
        raise ValueError(f"{path} is no checkpoint of this project: run `dvc repro` to train it again")
    formats.check(kind, int(number) if number.isdecimal() else number, path)
    return kind


def load_classifier(path: Path, embeddings_VE: Tensor) -> AttentionClassifier:
    """The model that `save_classifier` wrote, without dropout.

    Args:
        path: a checkpoint.
        embeddings_VE: the corpus's word vectors; a variant that trained its own brings them along.

    Raises:
        ValueError: the file holds another model, or is of another format, or was trained with other code of one's own.
    """
    if kind_of(path) != formats.ATTENTION:
        raise ValueError(f"{path} holds no model with attention")
    with safe_open(path, framework="pt") as file:
        description = file.metadata()[name_of(formats.ATTENTION)]
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no mapping
    try:
        variant = AttentionVariant.model_validate_json(description)
    except ValidationError as error:  # of a mechanism of one's own, whose file has changed or is gone
        raise ValueError(f"{path}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
    model = build_model(variant, embeddings_VE, classes=len(state["classifier.bias"]))
    load_state(model, state)
    return model

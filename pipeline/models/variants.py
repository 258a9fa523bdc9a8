"""A variant's entry in params.yaml -> its model. The only file that knows both."""

import importlib
import inspect
import math
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from pipeline import params_variants as params
from pipeline.models import transforms
from pipeline.models.classifier import AttentionClassifier, Dropout, WordDropout
from pipeline.models.encoders import IdentityEncoder, RecurrentEncoder
from pipeline.models.functional import Normaliser, masked_softmax, masked_sparsemax
from pipeline.models.queries import GlobalQuery, RandomQuery, TextQuery, UniformQuery

NORMALISERS = {"softmax": masked_softmax, "sparsemax": masked_sparsemax}

Part = TypeVar("Part", bound=nn.Module)


def build_model(
    variant: params.AttentionVariant,
    embeddings_VE: Tensor,
    *,
    classes: int,
    dropout: float = 0.0,
    dropout_mask: str = "token",
    word_dropout: float = 0.0,
) -> AttentionClassifier:
    """The composition that a variant describes, its parameters drawn from torch's current random state.

    Args:
        variant: which encoder, query, key, normaliser, heads and value.
        embeddings_VE: the word vectors; copied if the variant trains them, shared if it does not.
        classes: C.
        dropout: on word vectors and on the context vector, while training.
        dropout_mask: "token" or "review": how far one draw of the units to drop reaches.
        word_dropout: share of tokens read as unknown, while training.
    """
    trainable = variant.embeddings == "trainable"
    embedding = nn.Embedding.from_pretrained(
        embeddings_VE.clone() if trainable else embeddings_VE, freeze=not trainable, padding_idx=0
    )
    encoder = _encoder(variant, size=embeddings_VE.shape[1])
    key = _key(variant, size=encoder.size)
    value = _value(variant, size=encoder.size)
    return AttentionClassifier(
        embedding=embedding,
        encoder=encoder,
        query=_query(variant, size=encoder.size, asks=variant.heads * key.size),
        key=key,
        normaliser=_normaliser(variant),
        value=value,
        word_dropout=WordDropout(word_dropout),
        dropout=Dropout(dropout, dropout_mask),
        classifier=nn.Linear(variant.heads * value.size, classes),
    )


def _encoder(variant: params.AttentionVariant, size: int) -> Any:
    match variant.encoder:
        case params.Recurrent(kind=cell, hidden=hidden, layers=layers, bidirectional=bidirectional):
            return RecurrentEncoder(cell=cell, size=size, hidden=hidden, layers=layers, bidirectional=bidirectional)
        case params.Own() as own:
            return _own(own, nn.Module, size=size)
        case _:
            return IdentityEncoder(size)


def _query(variant: params.AttentionVariant, size: int, asks: int) -> nn.Module:
    match variant.query:
        case params.GlobalQuery():
            return GlobalQuery(asks)
        case params.RandomQuery(scale=scale):
            return RandomQuery(asks, scale * math.sqrt(variant.heads))  # each head's is about that long
        case params.TextQuery(hidden=hidden):
            return TextQuery(size, hidden, asks)
        case params.Own() as own:
            return _own(own, nn.Module, size=size, outputs=asks)
        case _:
            return UniformQuery(asks)


def _key(variant: params.AttentionVariant, size: int) -> transforms.Transform:
    match variant.key:
        case params.TanhKey(size=outputs):
            return transforms.tanh(size, outputs)
        case params.Own() as own:
            return _own(own, transforms.Transform, size=size)
        case _:
            return transforms.Identity(size)


def _value(variant: params.AttentionVariant, size: int) -> transforms.Transform:
    match variant.value:
        case params.LinearValue(size=outputs):
            return transforms.linear(size, outputs)
        case params.MLPValue(hidden=hidden):
            return transforms.mlp(size, hidden)
        case params.Own() as own:
            return _own(own, transforms.Transform, size=size)
        case _:
            return transforms.Identity(size)


def _normaliser(variant: params.AttentionVariant) -> Normaliser:
    if isinstance(variant.normaliser, params.Own):
        return _own(variant.normaliser, nn.Module)
    return NORMALISERS[variant.normaliser]


def _own(part: params.Own, base: type[Part], **sizes: int) -> Part:
    """What the class that the entry names makes of the sizes and of the entry's arguments."""
    file, _, name = part.name.partition(".")
    own = getattr(importlib.import_module(f"pipeline.mechanisms.{file}"), name)
    where = f"pipeline/mechanisms/{file}.py: {name}"
    if not issubclass(own, base):
        raise ValueError(f"{where} should be a subclass of {base.__name__}")
    try:
        inspect.signature(own).bind(**sizes, **part.arguments)
    except TypeError as error:
        given = ", ".join([*sizes, *part.arguments]) or "nothing"
        raise ValueError(f"{where} takes {inspect.signature(own)} and is given {given}: {error}") from None
    made: Part = own(**sizes, **part.arguments)
    return made


def trained_parameters(model: nn.Module) -> int:
    """Numbers that training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def trained_state(model: nn.Module) -> dict[str, Tensor]:
    """The tensors that a checkpoint needs: all but frozen embeddings, which live in the corpus's tensors."""
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    return {name: tensor.detach() for name, tensor in model.state_dict().items() if name not in frozen}


def load_state(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Puts back what `trained_state` took."""
    missing, unexpected = model.load_state_dict(state, strict=False)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert not unexpected, unexpected
    assert set(missing) <= frozen, missing
    assert all(torch.isfinite(tensor).all() for tensor in state.values() if tensor.is_floating_point())

"""A variant's entry in params.yaml -> its model. The only file that knows both."""

import torch
from torch import Tensor, nn

from pipeline.models.classifier import AttentionClassifier, Dropout, WordDropout
from pipeline.models.encoders import IdentityEncoder, RecurrentEncoder
from pipeline.models.keys import IdentityKey, TanhKey
from pipeline.models.queries import GlobalQuery, RandomQuery, TextQuery, UniformQuery
from pipeline.models.values import IdentityValue, LinearValue, MLPValue
from pipeline.params_variants import (
    AttentionVariant,
    Recurrent,
)
from pipeline.params_variants import (
    GlobalQuery as GlobalQueryParams,
)
from pipeline.params_variants import (
    LinearValue as LinearValueParams,
)
from pipeline.params_variants import (
    MLPValue as MLPValueParams,
)
from pipeline.params_variants import (
    RandomQuery as RandomQueryParams,
)
from pipeline.params_variants import (
    TanhKey as TanhKeyParams,
)
from pipeline.params_variants import (
    TextQuery as TextQueryParams,
)


def build_model(
    variant: AttentionVariant,
    embeddings_VE: Tensor,
    *,
    classes: int,
    dropout: float = 0.0,
    dropout_mask: str = "token",
    word_dropout: float = 0.0,
) -> AttentionClassifier:
    """The composition that a variant describes, its parameters drawn from torch's current random state.

    Args:
        variant: which encoder, query, key and value.
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
        query=_query(variant, size=encoder.size, asks=key.size),
        key=key,
        value=value,
        word_dropout=WordDropout(word_dropout),
        dropout=Dropout(dropout, dropout_mask),
        classifier=nn.Linear(value.size, classes),
    )


def _encoder(variant: AttentionVariant, size: int) -> IdentityEncoder | RecurrentEncoder:
    match variant.encoder:
        case Recurrent(kind=cell, hidden=hidden, layers=layers, bidirectional=bidirectional):
            return RecurrentEncoder(cell=cell, size=size, hidden=hidden, layers=layers, bidirectional=bidirectional)
        case _:
            return IdentityEncoder(size)


def _query(variant: AttentionVariant, size: int, asks: int) -> nn.Module:
    match variant.query:
        case GlobalQueryParams():
            return GlobalQuery(asks)
        case RandomQueryParams(scale=scale):
            return RandomQuery(asks, scale)
        case TextQueryParams(hidden=hidden):
            return TextQuery(size, hidden, asks)
        case _:
            return UniformQuery(asks)


def _key(variant: AttentionVariant, size: int) -> IdentityKey | TanhKey:
    match variant.key:
        case TanhKeyParams(size=outputs):
            return TanhKey(size, outputs)
        case _:
            return IdentityKey(size)


def _value(variant: AttentionVariant, size: int) -> IdentityValue | LinearValue | MLPValue:
    match variant.value:
        case LinearValueParams(size=outputs):
            return LinearValue(size, outputs)
        case MLPValueParams(hidden=hidden):
            return MLPValue(size, hidden)
        case _:
            return IdentityValue(size)


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

"""The part of params.yaml under `variants`: what a model is made of."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, JsonValue, Tag, model_validator

from pipeline.params_own import check_arguments, digest, existing
from pipeline.params_sources import Sha256, Strict

Size = Annotated[int, Field(ge=1, le=4096)]


class Own(Strict):
    """A class of one's own in pipeline/mechanisms: docs/own/mechanism.md."""

    kind: Literal["own"]
    name: Annotated[str, AfterValidator(existing)]  # file.Class
    arguments: dict[str, JsonValue] = Field(default_factory=dict)  # of its constructor, beside the sizes
    sha256: Sha256 | Literal[""] = ""  # of its code: left out in params.yaml, and filled in here

    @model_validator(mode="after")
    def _fits_the_file(self) -> "Own":
        check_arguments(self.name, self.arguments)
        now = digest(self.name)
        if self.sha256 not in ("", now):
            raise ValueError(f"the code of {self.name} is not what it was: run `dvc repro`, which trains with it again")
        object.__setattr__(self, "sha256", now)  # frozen for everyone else
        return self


class Recurrent(Strict):
    """States that know their neighbours: exercise 4."""

    kind: Literal["lstm", "gru"]
    hidden: Size  # units per direction
    layers: Annotated[int, Field(ge=1, le=8)] = 1
    bidirectional: bool = False


class NoEncoder(Strict):
    """The word vector itself is the state."""

    kind: Literal["none"] = "none"


class NoQuery(Strict):
    """Every token weighs the same: the mean of exercise 1."""

    kind: Literal["none"] = "none"


class GlobalQuery(Strict):
    """One learned vector for all texts: exercise 2."""

    kind: Literal["global"]


class RandomQuery(Strict):
    """One vector for all texts, drawn once and never learned: the null model of the global query."""

    kind: Literal["random"]
    scale: Annotated[float, Field(gt=0, le=1000)] = 1.0  # length of the vector


class TextQuery(Strict):
    """A function of the text's mean state: exercise 3."""

    kind: Literal["text"]
    hidden: tuple[Size, ...] = Field(default=(), strict=False)  # layers of an MLP; empty = linear


class IdentityKey(Strict):
    """The state itself is what the query is multiplied with."""

    kind: Literal["identity"] = "identity"


class TanhKey(Strict):
    """tanh of a linear map of the state: with a global query this is additive attention (Bahdanau et al. 2015)."""

    kind: Literal["tanh"]
    size: Size


class IdentityValue(Strict):
    """The state itself is what is summed."""

    kind: Literal["identity"] = "identity"


class LinearValue(Strict):
    """A linear map of the state."""

    kind: Literal["linear"]
    size: Size


class MLPValue(Strict):
    """One hidden layer; the classifier is the layer after it."""

    kind: Literal["mlp"]
    hidden: Size


def _normaliser_tag(entry: object) -> str:
    return "own" if isinstance(entry, Mapping | Own) else "built-in"


class AttentionVariant(Strict):
    """encoder -> query . key -> normaliser -> value -> weighted sum -> linear classifier."""

    family: Literal["attention"] = "attention"
    encoder: Annotated[NoEncoder | Recurrent | Own, Field(discriminator="kind")] = NoEncoder()
    query: Annotated[NoQuery | GlobalQuery | RandomQuery | TextQuery | Own, Field(discriminator="kind")] = NoQuery()
    key: Annotated[IdentityKey | TanhKey | Own, Field(discriminator="kind")] = IdentityKey()
    normaliser: Annotated[
        Annotated[Literal["softmax", "sparsemax"], Tag("built-in")] | Annotated[Own, Tag("own")],
        Discriminator(_normaliser_tag),
    ] = "softmax"  # scores -> weights; sparsemax: most of them are zero
    heads: Annotated[int, Field(ge=1, le=64)] = 1  # queries, and context vectors side by side (Vaswani et al. 2017)
    value: Annotated[IdentityValue | LinearValue | MLPValue | Own, Field(discriminator="kind")] = IdentityValue()
    embeddings: Literal["frozen", "trainable"] = "frozen"
    training: dict[str, Any] = Field(default_factory=dict)  # fields of `training` that this variant overrides

    @model_validator(mode="after")
    def _nothing_waits_for_a_query(self) -> "AttentionVariant":
        waiting = {"a key": self.key != IdentityKey(), "a normaliser": self.normaliser != "softmax"}
        waiting["a number of heads"] = self.heads > 1
        idle = [part for part, is_set in waiting.items() if is_set]
        if isinstance(self.query, NoQuery) and idle:
            raise ValueError(f"{idle[0]} without a query is never read: give the variant a query")
        return self


class TfidfVariant(Strict):
    """TF-IDF with logistic regression: what one would pick without attention."""

    family: Literal["tfidf"]
    ngrams: Annotated[int, Field(ge=1, le=3)]  # longest n-gram, in words
    min_count: Annotated[int, Field(ge=1)]  # reviews that an n-gram must stand in
    regularisation: Annotated[float, Field(gt=0)]  # C of scikit-learn: larger fits closer


Variant = AttentionVariant | TfidfVariant

NullKind = Literal["uniform", "random"]  # equal weights, or those of a query that is drawn and never learned


def null_model(entry: AttentionVariant, kind: NullKind) -> AttentionVariant:
    """The same variant, trained the same way, but with attention that is never learned."""
    parts: dict[str, Any] = {"key": IdentityKey()}  # one that learns would make up for the query
    if kind == "uniform":
        parts |= {"query": NoQuery(), "normaliser": "softmax", "heads": 1}  # under equal weights all heads are one
    else:
        parts |= {"query": RandomQuery(kind="random")}
    return entry.model_copy(update=parts)


def family_of(entry: object) -> str:
    """A variant is of the attention family unless it says otherwise."""
    if isinstance(entry, Mapping):
        return str(entry.get("family", "attention"))
    return str(getattr(entry, "family", "attention"))

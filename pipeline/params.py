"""params.yaml as types: every field with its meaning, unit and range; one clear error for anything else."""

import itertools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationError, field_validator, model_validator

from pipeline.params_errors import explain
from pipeline.params_sources import (
    AnyNames,
    Corpus,
    Name,
    OwnReviews,
    OwnVectors,
    Seed,
    Sources,
    Strict,
    distinct,
)
from pipeline.params_variants import (
    AttentionVariant,
    NoQuery,
    NullKind,
    RandomQuery,
    TfidfVariant,
    Variant,
    family_of,
)
from pipeline.params_yaml import read_yaml

Entry = TypeVar("Entry")

Names = Annotated[tuple[Name, ...], Field(min_length=1, strict=False), AfterValidator(distinct)]
EDITED = "sources.counterfactual.corpora"
Probability = Annotated[float, Field(ge=0, lt=1)]
Measure = Literal["accuracy", "roc_auc", "tau_gradient", "tau_leave_one_out"]
EntropyWeight = Annotated[float, Field(ge=-10, le=10)]


class Training(Strict):
    """How a model is fitted. A variant may override any field, and a corpus any field of all its variants."""

    epochs: Annotated[int, Field(ge=1, le=1000)]  # at most
    patience: Annotated[int, Field(ge=1)]  # epochs without a better validation accuracy before stopping
    batch_size: Annotated[int, Field(ge=1, le=65536)]  # reviews per step
    learning_rate: Annotated[float, Field(gt=0, le=10)]  # Adam's, at its highest
    epsilon: Annotated[float, Field(gt=0, le=1)]  # Adam's; larger holds back what is learned of rare words
    schedule: Literal["constant", "cosine"]  # cosine: falls to zero over `epochs`
    weight_decay: Annotated[float, Field(ge=0, le=1)]  # decoupled (AdamW), per step and unit learning rate
    dropout: Probability  # on word vectors and on the context vector
    dropout_mask: Literal[
        "token", "review"
    ]  # review: the same units at every token of a review (Gal & Ghahramani 2016)
    word_dropout: Probability  # share of tokens read as <unk> while training
    gradient_clip: Annotated[float, Field(gt=0)]  # largest norm of the whole gradient
    averaging: Probability  # decay of the exponential moving average of the weights, per step; 0 = none
    entropy_weight: EntropyWeight  # loss per nat of entropy: > 0 focuses, < 0 spreads


class Compute(Strict):
    """Where models are trained. They are tested, questioned and served on the CPU, whatever stands here."""

    accelerator: Literal["cpu", "cuda", "auto"]  # auto: cuda where there is a GPU, else the CPU
    precision: Literal["float32", "bfloat16"]  # bfloat16: of matrix products alone, on GPUs alone
    devices: Annotated[int, Field(ge=1, le=1024)]  # GPUs that the seeds are spread over

    @model_validator(mode="after")
    def _the_cpu_is_one(self) -> Self:
        if self.accelerator == "cpu" and self.precision != "float32":
            raise ValueError(f"precision {self.precision} is for GPUs: accelerator cpu computes in float32")
        if self.accelerator == "cpu" and self.devices > 1:
            raise ValueError("devices are GPUs: under accelerator cpu there is 1")
        return self


class Evaluation(Strict):
    """What is measured on a trained model."""

    bootstrap: Annotated[int, Field(ge=100, le=1_000_000)]  # resamples of an interval
    confidence: Annotated[float, Field(gt=0.5, lt=1)]  # of every interval
    top_words: Annotated[int, Field(ge=1)]  # rows of a ranking of words
    examples: Annotated[int, Field(ge=1, le=200)]  # test reviews shown, the same for every run
    mistakes: Annotated[int, Field(ge=0, le=200)]  # the surest wrong answers shown


class Explanation(Strict):
    """How it is tested whether attention may be read as a reason."""

    reviews: Annotated[int, Field(ge=1, le=25_000)]  # sample of test reviews, the same for every variant
    permutations: Annotated[int, Field(ge=1, le=10_000)]  # of the weights of each of them
    exchanged: Annotated[int, Field(ge=1, le=25_000)]  # test reviews read by every variant with every other's weights


class Frontier(Strict):
    """The sweep of entropy weights: every corpus with every variant under every weight."""

    corpora: AnyNames
    variants: Names
    entropy_weights: Annotated[tuple[EntropyWeight, ...], Field(min_length=1, strict=False), AfterValidator(distinct)]

    @field_validator("entropy_weights")
    @classmethod
    def _another_weight(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if 0 in weights:
            raise ValueError("0 is the variant as it is: leave it out")
        return weights


class Nulls(Strict):
    """The null models: every corpus with every variant, trained again with attention that is never learned."""

    corpora: AnyNames
    variants: Names
    kinds: Annotated[tuple[NullKind, ...], Field(min_length=1, strict=False), AfterValidator(distinct)]


class Published(Strict):
    """A row of a published table, and the variant that comes nearest to its model."""

    paper: Annotated[str, Field(min_length=1)]
    corpus: Name  # with the paper's protocol
    numbers: dict[Measure, Annotated[float, Field(ge=-1, le=1)]] = Field(min_length=1)  # what the paper has
    variant: AttentionVariant


class Params(Strict):
    """All of params.yaml."""

    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, strict=False), AfterValidator(distinct)]
    sources: Sources
    corpora: dict[Name, Corpus] = Field(min_length=1)
    benchmark: Names  # corpora that every variant is compared on
    training: Training
    compute: Compute
    evaluation: Evaluation
    explanation: Explanation
    nulls: Nulls
    frontier: Frontier
    variants: dict[
        Name,
        Annotated[
            Annotated[AttentionVariant, Tag("attention")] | Annotated[TfidfVariant, Tag("tfidf")],
            Discriminator(family_of),
        ],
    ] = Field(min_length=1)
    published: dict[Name, Published] = Field(min_length=1)

    def seeds_of(self, variant: str) -> tuple[int, ...]:
        """The seeds that can differ: a fit without chance is made once."""
        return self.seeds[:1] if isinstance(self.variant(variant), TfidfVariant) else self.seeds

    def training_of(self, corpus: str, variant: str) -> Training:
        """The training settings of one variant on one corpus: `training`, then the variant's, then the corpus's."""
        return self.training_as(corpus, self.variant(variant))

    def training_as(self, corpus: str, entry: Variant) -> Training:
        """The same for an entry that may stand elsewhere than under `variants`."""
        own = entry.training if isinstance(entry, AttentionVariant) else {}
        return Training.model_validate({**self.training.model_dump(), **own, **self.corpus(corpus).training})

    def swept(self, corpus: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """The variants and the entropy weights that are swept on a corpus: none on one that the frontier leaves out."""
        if corpus not in self.frontier.corpora:
            return (), ()
        return self.frontier.variants, self.frontier.entropy_weights

    def nulls_of(self, corpus: str) -> tuple[tuple[str, NullKind], ...]:
        """The variants and kinds of the null models on a corpus: none on one that `nulls` leaves out."""
        if corpus not in self.nulls.corpora:
            return ()
        return tuple(itertools.product(self.nulls.variants, self.nulls.kinds))

    def learns_attention(self, name: str) -> AttentionVariant:
        """The variant of that name.

        Raises:
            ValueError: there is none, or its weights are not learned.
        """
        entry = self.variant(name)
        if not isinstance(entry, AttentionVariant) or isinstance(entry.query, NoQuery | RandomQuery):
            raise ValueError(f"{name!r}: it learns no attention")
        return entry

    def corpus(self, name: str) -> Corpus:
        """The corpus of that name.

        Raises:
            ValueError: there is none.
        """
        return _entry("corpora", name, self.corpora)

    def own_reviews(self, name: str) -> OwnReviews:
        """The table of that name.

        Raises:
            ValueError: there is none.
        """
        return _entry("sources.reviews", name, self.sources.reviews)

    def own_vectors(self, name: str) -> OwnVectors:
        """The word vectors of that name.

        Raises:
            ValueError: there are none.
        """
        return _entry("sources.vectors", name, self.sources.vectors)

    def row(self, name: str) -> Published:
        """The row of a published table of that name.

        Raises:
            ValueError: there is none.
        """
        return _entry("published", name, self.published)

    def variant(self, name: str) -> Variant:
        """The variant of that name.

        Raises:
            ValueError: there is none.
        """
        return _entry("variants", name, self.variants)


def _entry(section: str, name: str, entries: Mapping[str, Entry]) -> Entry:
    if name not in entries:
        raise ValueError(f"params.yaml: {section} has no entry {name!r}; it has {', '.join(entries)}")
    return entries[name]


def _overrides(params: Params) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every place that overrides fields of `training`: its key, and the fields."""
    for name, corpus in params.corpora.items():
        yield ("corpora", name), corpus.training
    for name, entry in params.variants.items():
        if isinstance(entry, AttentionVariant):
            yield ("variants", name), entry.training
    for name, row in params.published.items():
        yield ("published", name, "variant"), row.variant.training


def _references(params: Params) -> Iterator[tuple[str, str, Collection[str], str]]:
    """Every place that names an entry of another section: its key, what that section may lack, has, and shall have."""
    named = {
        "corpora": [
            *(("benchmark", name) for name in params.benchmark),
            *(("nulls.corpora", name) for name in params.nulls.corpora),
            *(("frontier.corpora", name) for name in params.frontier.corpora),
            *((EDITED, name) for name in params.sources.counterfactual.corpora),
            *((f"published.{row}.corpus", one.corpus) for row, one in params.published.items()),
        ],
        "variants": [
            *(("nulls.variants", name) for name in params.nulls.variants),
            *(("frontier.variants", name) for name in params.frontier.variants),
        ],
    }
    for section, places in named.items():
        yield from ((key, f"{section} has no entry", getattr(params, section), name) for key, name in places)
    within = {"nulls.corpora": params.nulls.corpora, "frontier.corpora": params.frontier.corpora}
    for key, corpora in (within | {EDITED: params.sources.counterfactual.corpora}).items():
        yield from ((key, "benchmark has no entry", params.benchmark, name) for name in corpora)
    reviews, vectors = params.sources.with_reviews(), params.sources.with_vectors()
    for name, corpus in params.corpora.items():
        yield f"corpora.{name}.reviews", "sources has no reviews", reviews, corpus.reviews
        yield f"corpora.{name}.vectors", "sources has no vectors", vectors, corpus.vectors


def load_params(path: str | Path) -> Params:
    """Reads and checks the whole file, and every combination of corpus and variant in it.

    Raises:
        ValueError: one line for each thing wrong: the key's path, the value, and what is allowed.
    """
    return checked(read_yaml(path), path)


def checked(content: object, path: str | Path) -> Params:
    """What `load_params` does with the content of a file, whose name is for errors."""
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise ValueError(explain(error, path, content, Params)) from None
    for key, own in _overrides(params):
        try:
            Training.model_validate({**params.training.model_dump(), **own})
        except ValidationError as error:
            raise ValueError(explain(error, path, content, Training, *key, "training")) from None
    for where, lacking, known, name in _references(params):
        if name not in known:
            raise ValueError(f"{path}: {where} = {name!r}: {lacking} {name!r}; it has {', '.join(known)}")
    _check_entropy_weights(params, path)
    for section, names in (("nulls", params.nulls.variants), ("frontier", params.frontier.variants)):
        for name in names:
            try:
                params.learns_attention(name)
            except ValueError as error:
                raise ValueError(f"{path}: {section}.variants = {error}, so leave it out") from None
    return params


def _check_entropy_weights(params: Params, path: str | Path) -> None:
    """The weight is what exercise 5 compares variants by, so it stands in the variant, or in the sweep."""
    everywhere = {"training": params.training.entropy_weight}
    everywhere |= {
        f"corpora.{name}.training": one.training.get("entropy_weight", 0) for name, one in params.corpora.items()
    }
    for key, weight in everywhere.items():
        if weight:
            raise ValueError(
                f"{path}: {key}.entropy_weight = {weight}: it would be every variant's, so none could be compared with "
                "itself without it; allowed is 0, or an entropy_weight under variants.<name>.training"
            )
    for name in params.frontier.variants:
        if weight := getattr(params.variant(name), "training", {}).get("entropy_weight", 0):
            raise ValueError(
                f"{path}: frontier.variants = {name!r}: it has an entropy weight of its own, {weight}; "
                "name the variant without one"
            )

"""The part of params.yaml that says where texts and vectors come from, and how every part of it is checked."""

import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator


def matching(pattern: str, words: str) -> AfterValidator:
    """What a text has to be, as a pattern for the whole of it and in words for a person."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"Input should be {words}")
        return value

    return AfterValidator(check)


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, if none stands twice."""
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value!r} stands twice")
    return values


Name = Annotated[  # it stands in the names of files, and in tables
    str,
    matching(r"[a-z][a-z0-9_]*", "a name: small letters, digits and _, the first a letter"),
    matching(r"(?!(null|nan)$).*", "a name, and not null or nan, which tables have for nothing"),
]
AnyNames = Annotated[tuple[Name, ...], Field(strict=False), AfterValidator(distinct)]  # [] for none
Text = Annotated[str, StringConstraints(min_length=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Url = Annotated[str, matching(r"https?://[^/\s]+/\S*", "a URL, http:// or https://")]
Urls = Annotated[tuple[Url, ...], Field(min_length=1, strict=False), AfterValidator(distinct)]  # tried in order
Sha256 = Annotated[str, matching(r"[0-9a-f]{64}", "a sha256: 64 digits of 0-9 and a-f")]
TAKEN = {"imdb", "glove", "counterfactual", "demo", "code", "params", "tensors", "downloads"}  # folders of data already


class Strict(BaseModel):
    """No unknown keys, no silent conversions, no infinite numbers, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ImdbSource(Strict):
    """The Large Movie Review Dataset (Maas et al. 2011)."""

    urls: Urls
    sha256: Sha256  # of the 50,000 labelled reviews in path order, not of the archive: any repack is safe


class GloveMember(Strict):
    """One dimension of GloVe 6B, and where it can be had."""

    urls: Urls  # zip archives, the smallest first
    sha256: Sha256 | Literal[""] = ""  # of the member; empty where nobody published one: then archive_sha256 decides
    archive_sha256: Sha256 | Literal[""] = ""  # of the whole archive

    @model_validator(mode="after")
    def _has_a_digest(self) -> Self:
        if not (self.sha256 or self.archive_sha256):
            raise ValueError("one of sha256 and archive_sha256 must be given: nothing is used unverified")
        return self


class GloveSource(Strict):
    """GloVe 6B (Pennington et al. 2014): 400,000 lower-case words."""

    dimensions: Literal[50, 100, 200, 300]  # length of a word vector
    members: dict[int, GloveMember]  # by dimensions

    @model_validator(mode="after")
    def _has_the_member(self) -> Self:
        if self.dimensions not in self.members:
            raise ValueError(f"members has no entry for dimensions {self.dimensions}")
        return self


class CounterfactualSource(Strict):
    """Counterfactually-Augmented Data (Kaushik et al. 2020), or any table of its columns Sentiment, Text, batch_id."""

    urls: Urls
    sha256: Sha256  # of the file
    corpora: AnyNames  # whose models read them


class DemoSource(Strict):
    """The generated corpus: what it contains is known token by token."""

    seed: Seed
    train_reviews: Annotated[int, Field(ge=16, le=1_000_000, multiple_of=16)]  # 16 = two films of eight reviews each
    test_reviews: Annotated[int, Field(ge=16, le=1_000_000, multiple_of=16)]


class OwnReviews(Strict):
    """A table of one's own, CSV or Parquet, a text and its label in each row: docs/own/corpus.md."""

    path: Text  # from the project's root
    text: Text = "text"  # column of the texts
    label: Text = "label"  # column of the labels
    split: str = ""  # column of "train" and "test"; empty: the test rows are drawn
    group: str = ""  # column; no group is in two splits. Empty: rows of the same text are a group
    separator: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","  # of a CSV's columns
    classes: dict[int | str, Text] = Field(default_factory=dict)  # by label, in order; empty: the labels themselves
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2  # of each class, where the test rows are drawn
    seed: Seed = 0  # of that draw

    @field_validator("classes", mode="before")
    @classmethod
    def _labels_are_read_as_text(cls, classes: object) -> object:
        labels = list(classes) if isinstance(classes, dict) else []
        for label in labels:
            if isinstance(label, bool) or not isinstance(label, int | str):
                text = json.dumps(label) if isinstance(label, bool | float) else str(label)  # as a table has it
                raise ValueError(f'the label {text} should be a text or a whole number: write "{text}", in quotes')
            if str(label) in labels and label != str(label):
                raise ValueError(f"the label {label} stands twice, once in quotes")
        return classes


class OwnVectors(Strict):
    """Word vectors of one's own, in GloVe's or word2vec's text format, plain or gzip: docs/own/vectors.md."""

    path: Text  # from the project's root


class Sources(Strict):
    """Where texts and vectors come from."""

    imdb: ImdbSource
    glove: GloveSource
    counterfactual: CounterfactualSource
    demo: DemoSource
    reviews: dict[Name, OwnReviews]
    vectors: dict[Name, OwnVectors]

    @field_validator("reviews", "vectors")
    @classmethod
    def _no_name_twice(cls, own: dict[str, Strict]) -> dict[str, Strict]:
        if taken := TAKEN & own.keys():
            raise ValueError(f"the name {min(taken)} is taken: use another")
        return own

    def with_reviews(self) -> tuple[str, ...]:
        """The names that `corpora.<name>.reviews` may have."""
        return "imdb", "demo", *self.reviews

    def with_vectors(self) -> tuple[str, ...]:
        """The names that `corpora.<name>.vectors` may have."""
        return "glove", "demo", *self.vectors


class Corpus(Strict):
    """Texts, vectors, and how they become tensors."""

    reviews: Name  # the source of the texts: imdb, demo, or a name under sources.reviews
    vectors: Name  # the source of the word vectors: glove, demo, or a name under sources.vectors
    tokenizer: Literal["glove", "whitespace", "unicode"]
    min_count: Annotated[int, Field(ge=1)] = 1  # times a word must stand in the training texts
    max_size: Annotated[int, Field(ge=1)] = 100_000  # words at most, the most frequent ones
    validation_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1  # of the training reviews, whole movies at a time
    validation_seed: Seed = 0  # of both draws
    max_tokens: Annotated[int, Field(ge=0)] = 0  # longer reviews are left out of every split; 0 = none is
    test_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0  # of the test reviews, drawn at random
    top_words_min_count: Annotated[int, Field(ge=1)] = 10  # occurrences in the test texts that a ranking asks for
    training: dict[str, Any] = Field(default_factory=dict)  # fields of `training` that this corpus overrides

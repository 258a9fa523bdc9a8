"""The part of params.yaml that says where texts and vectors come from, and how every part of it is checked."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Strict(BaseModel):
    """No unknown keys, no silent conversions, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ImdbSource(Strict):
    """The Large Movie Review Dataset (Maas et al. 2011)."""

    urls: tuple[str, ...] = Field(min_length=1, strict=False)  # tried in order
    sha256: str  # of the 50,000 labelled reviews in path order, not of the archive: any repack is safe


class GloveMember(Strict):
    """One dimension of GloVe 6B, and where it can be had."""

    urls: tuple[str, ...] = Field(min_length=1, strict=False)  # zip archives, tried in order: the smallest first
    sha256: str = ""  # of the member; empty where nobody published one: then archive_sha256 decides
    archive_sha256: str = ""  # of the whole archive

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

    urls: tuple[str, ...] = Field(min_length=1, strict=False)  # tried in order
    sha256: str  # of the file


class DemoSource(Strict):
    """The generated corpus: what it contains is known token by token."""

    seed: Seed
    train_reviews: Annotated[int, Field(ge=16, le=1_000_000, multiple_of=16)]  # 16 = two films of eight reviews each
    test_reviews: Annotated[int, Field(ge=16, le=1_000_000, multiple_of=16)]


class Sources(Strict):
    """Where texts and vectors come from."""

    imdb: ImdbSource
    glove: GloveSource
    counterfactual: CounterfactualSource
    demo: DemoSource

"""Reviews to look at: a fixed set, the same for every model of a corpus, and a model's surest mistakes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.data.reviews import Reviews
from pipeline.data.vocabulary import UNK, UNK_WORD
from pipeline.formats import results_json

Kind = Literal["fixed", "mistake", "other"]  # drawn for all variants, its own surest mistakes, or those of others
Positions = npt.NDArray[np.int64]

WEIGHT_DIGITS = 6  # significant ones, in the file


@dataclass(frozen=True)
class Example:
    """One review as one model reads it.

    Attributes:
        id: row in the corpus's table of reviews.
        name: of the review.
        kind: why it is shown.
        label: true class.
        length: tokens.
        seed: of the model.
        probability: of class 1 if there are two, else of the answer, as in the table of predictions.
        predicted: class that the model answers.
        confidence: probability of that class.
        tokens: the words as written, in lower case.
        weights: attention on each token, or None for a model without attention.
        unknown: places of the tokens that have no row in the vocabulary: the model reads them all as one.
    """

    id: int
    name: str
    kind: Kind
    label: int
    length: int
    seed: int
    probability: float
    predicted: int
    confidence: float
    tokens: list[str]
    weights: list[float] | None
    unknown: list[int]


def fixed_reviews(reviews: Reviews, count: int, seed: int) -> Positions:
    """Draws the same reviews for every model: as many of each class as can be, and of each class short to long ones.

    Each class is cut into as many strata of length as it gives reviews, and one is drawn from each.

    Args:
        reviews: to draw from.
        count: reviews in all; fewer where a class has too few.
        seed: of the draw.

    Returns:
        positions in `reviews`, by class and then by length.
    """
    generator = np.random.default_rng(seed)
    classes = np.unique(reviews.labels)
    drawn: list[np.int64] = []
    for place, label in enumerate(classes):
        members = np.flatnonzero(reviews.labels == label)
        members = members[np.argsort(reviews.lengths[members], kind="stable")]
        wanted = count // len(classes) + (place < count % len(classes))
        strata = np.array_split(members, min(wanted, len(members))) if wanted else []
        drawn.extend(generator.choice(stratum) for stratum in strata)
    return np.array(drawn, dtype=np.int64)


def surest_mistakes(
    labels_N: npt.NDArray[np.int64], probabilities_NC: npt.NDArray[np.float64], count: int
) -> Positions:
    """Positions of the wrong answers that the model is surest of, the surest first; fewer if it makes fewer."""
    wrong = np.flatnonzero(probabilities_NC.argmax(axis=1) != labels_N)
    return wrong[np.argsort(-probabilities_NC[wrong].max(axis=1), kind="stable")][:count]


def make_examples(
    positions: Positions,
    kind: Kind,
    *,
    reviews: Reviews,
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    probabilities_NC: npt.NDArray[np.float64],
    weights: npt.NDArray[np.floating] | None,
    seed: int,
) -> list[Example]:
    """The records of some reviews.

    Args:
        positions: in `reviews`.
        kind: why they are shown.
        reviews: all of them.
        names: name of each review at `positions`.
        texts: tokens of each review at `positions`, as the corpus's tokenizer gives them.
        probabilities_NC: of all reviews.
        weights: flat attention, aligned with `reviews.tokens`, or None for a model without attention.
        seed: of the model.
    """
    examples = []
    for position, name, text in zip(positions.tolist(), names, texts, strict=True):
        rows = reviews[position]
        tokens = list(text) or [UNK_WORD]  # a text of no token was encoded as one unknown word
        assert len(tokens) == len(rows), f"{name} was encoded from another text or by another tokenizer"
        start, stop = reviews.offsets[position : position + 2]
        probability_C = probabilities_NC[position]
        examples.append(
            Example(
                id=int(reviews.rows[position]),
                name=name,
                kind=kind,
                label=int(reviews.labels[position]),
                length=len(rows),
                seed=seed,
                probability=float(probability_C[1] if len(probability_C) == 2 else probability_C.max()),
                predicted=int(probability_C.argmax()),
                confidence=float(probability_C.max()),
                tokens=tokens,
                weights=None if weights is None else [_short(weight) for weight in weights[start:stop]],
                unknown=np.flatnonzero(rows == UNK).tolist(),
            )
        )
    return examples


def attended_words(example: Example, count: int) -> list[tuple[str, int, float]]:
    """The words of one review with most attention over all their places in it: (word, times, attention)."""
    if example.weights is None:
        return []
    places: dict[str, list[float]] = defaultdict(list)
    for token, weight in zip(example.tokens, example.weights, strict=True):
        places[token].append(weight)
    words = [(word, len(weights), sum(weights)) for word, weights in places.items()]
    return sorted(words, key=lambda word: -word[2])[:count]


def write_examples(examples: Sequence[Example], path: Path) -> None:
    """A list of records: `Example(**record)` is each again."""
    path.write_text(results_json([vars(example) for example in examples], indent=None), encoding="utf-8")


def _short(weight: np.floating) -> float:
    return float(f"{weight:.{WEIGHT_DIGITS}g}")

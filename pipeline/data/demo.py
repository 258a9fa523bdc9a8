"""The demo corpus: generated reviews in which the role of every token is known, with word vectors of their own.

Reviews come in pairs: one skeleton of sentences, completed once for each label. There are four kinds, and each needs
one more part of the model family than the kind before it:

* plain: two words of praise, or two of blame, in one sentence. The mean of the vectors is enough.
* filler: the same sentence inside the plot of the film. Words of the plot lie about as far along the sentiment axis as
  praise and blame do, so the mean drowns. A learned query follows the evaluation axis, where the plot has nothing.
* genre: each genre has praise and blame of its own ("terrifying" is praise for a horror film). A review holds such a
  word of its film's genre, which decides, and one of another genre, of opposite polarity, which does not. Every word
  by itself is as common under one label as under the other; the label is the exclusive or of genre and words. A query
  made from the mean of the text learns which genre it is, and so which word to look at.
* negation: one word of praise and one of blame, of which one is negated or conceded. The reviews of a pair are made of
  the same words, so whatever ignores their order is right about exactly one of the two.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.data import atomic
from pipeline.data import demo_lexicon as lexicon
from pipeline.data.tables import write_parquet

ROLES = {
    "f": "filler: says nothing about the label",
    "p": "punctuation",
    "s": "sentiment: a word of praise or blame for any film",
    "d": "deciding: a word of praise or blame for films of this genre",
    "x": "distractor: a word of praise or blame for films of another genre",
    "g": "genre: a word that tells the genre",
    "n": "negation or concession: tells which of two words counts",
    "u": "unknown: an invented name, which has no vector",
}
EVIDENCE = frozenset("sdn")  # what a reader would underline to justify the label

KINDS = ("plain", "filler", "genre", "negation")
BLOCK = 16  # reviews of a pair of films: for each of the two films and each kind, one pair

AXES = ("evaluation", "sentiment", "horror", "family", "comedy", "action", "fear", "warmth", "wit", "pace")
GENRE_AXES, PRAISE_AXES = AXES[2:6], AXES[6:]  # in the order of lexicon.GENRES
AXIS_DIMENSIONS = 5  # each axis has dimensions of its own, so that axes are orthogonal to the bit
NOISE = 0.3  # standard deviation of each dimension of a word around its group
PLOT_SLOTS = frozenset({"PERSON", "OBJECT", "PLACE", "VERB", "DETAIL"})

Token = tuple[str, str]  # a word and its role, or an open slot and ""


def generate(
    seed: int, train_reviews: int, test_reviews: int
) -> tuple[pd.DataFrame, dict[str, npt.NDArray[np.float32]]]:
    """Writes the corpus and its vectors; the same arguments give the same bits.

    Args:
        seed: of every choice.
        train_reviews: how many, a multiple of 16: every kind, genre and label then stands equally often.
        test_reviews: as train_reviews; about other movies.

    Returns:
        The reviews in path order, with columns split, label, name, movie, kind, text and roles (a letter of `ROLES`
        for every token of text), and the vectors: word -> (50,) float32.

    Raises:
        ValueError: a number of reviews is not a positive multiple of 16.
    """
    rng = random.Random(seed)
    rows = [*_split(rng, "train", train_reviews, 0), *_split(rng, "test", test_reviews, train_reviews)]
    frame = pd.DataFrame(rows).astype({"label": "int8"}).sort_values("name", ignore_index=True)
    return frame, _vectors(seed)


def write_reviews(frame: pd.DataFrame, path: Path) -> None:
    """Writes the reviews as parquet."""
    with atomic.replacing(path) as unfinished:
        write_parquet(frame, unfinished)


def write_vectors(vectors: Mapping[str, npt.NDArray[np.float32]], path: Path) -> None:
    """Writes the vectors in GloVe's text format: a line per word, the word and its numbers."""
    with atomic.replacing(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as lines:
        for word, vector in vectors.items():
            lines.write(" ".join([word, *(f"{value:.4f}" for value in vector.tolist())]) + "\n")


def _split(rng: random.Random, split: str, reviews: int, first: int) -> Iterator[dict[str, object]]:
    """The rows of one split; `first` is the number of reviews before it, which have used up their movies."""
    if reviews < BLOCK or reviews % BLOCK:
        raise ValueError(f"{split}_reviews is {reviews}, but must be a positive multiple of {BLOCK}")
    for block in range(reviews // BLOCK):
        for place, (film, kind, label, review) in enumerate(_block(rng)):
            words, roles = zip(*review, strict=True)
            rating = rng.randint(7, 10) if label else rng.randint(1, 4)
            yield {
                "split": split,
                "label": label,
                "name": f"{split}/{'pos' if label else 'neg'}/{block * BLOCK + place}_{rating}.txt",
                "movie": f"demo{(first // BLOCK + block) * 2 + film:05d}",
                "kind": kind,
                "text": " ".join(words),
                "roles": "".join(roles),
            }


def _block(rng: random.Random) -> Iterator[tuple[int, str, int, list[Token]]]:
    """(film, kind, label, review) of the reviews of two films, 0 and 1, of different genres.

    The genre reviews of both are the same but for the words that tell the genre, and their labels are opposite.
    """
    genres = rng.sample(lexicon.GENRES, 2)
    genre_skeleton = _sentence(rng, lexicon.GENRE_OPENINGS) + _sentence(rng, lexicon.GENRE_VERDICTS)
    poles = [(rng.choice(genre.blame), rng.choice(genre.praise)) for genre in genres]
    for film, genre in enumerate(genres):
        skeletons = {
            "plain": _sentence(rng, lexicon.VERDICTS),
            "filler": _filler(rng),
            "genre": genre_skeleton,
            "negation": _sentence(rng, lexicon.CONTRASTS),
        }
        cues = [(word, "g") for word in rng.sample(genre.cues, 3)]
        blame_and_praise = [[(word, "s") for word in rng.sample(words, 2)] for words in (lexicon.BAD, lexicon.GOOD)]
        for label in (0, 1):
            polarity = (label, 1 - label) if film == 0 else (1 - label, label)
            slots = {
                "FEELING": blame_and_praise[label],
                "CUE": cues,
                "FIRST": [(poles[0][polarity[0]], "dx"[film])],
                "SECOND": [(poles[1][polarity[1]], "xd"[film])],
                "COUNTS": blame_and_praise[label],
                "OTHER": blame_and_praise[1 - label],
            }
            for kind, skeleton in skeletons.items():
                yield film, kind, label, _complete(skeleton, slots)


def _filler(rng: random.Random) -> list[Token]:
    """One verdict somewhere in a plot of three to five sentences, most of the time with a credit."""
    sentences = [_sentence(rng, lexicon.PLOTS) for _ in range(rng.randint(3, 5))]
    if rng.random() < 0.7:
        sentences.append(_sentence(rng, lexicon.CREDITS))
    sentences.insert(rng.randint(0, len(sentences)), _sentence(rng, lexicon.VERDICTS))
    return [token for sentence in sentences for token in sentence]


def _sentence(rng: random.Random, templates: Sequence[str]) -> list[Token]:
    """One of the templates, its slots for neutral words filled, those that depend on the label still open."""
    return [_token(rng, word) for word in rng.choice(templates).split()]


def _token(rng: random.Random, word: str) -> Token:
    if word in lexicon.FILLER:
        return rng.choice(lexicon.FILLER[word]), "f"
    if word == "NAME":
        return _invented_name(rng), "u"
    if word.isupper():
        return word, ""
    return word, "p" if word in lexicon.PUNCTUATION else "n" if word in lexicon.NEGATIONS else "f"


def _invented_name(rng: random.Random) -> str:
    """A name of four syllables, which no word of the lexicon has the shape of: a test knows."""
    return "".join(rng.choice("bdgkmvz") + rng.choice("aou") for _ in range(4))


def _complete(skeleton: Sequence[Token], slots: Mapping[str, Sequence[Token]]) -> list[Token]:
    """The skeleton with its open slots filled, each kind of slot from its words in turn."""
    remaining = {slot: iter(words) for slot, words in slots.items()}
    return [token if token[1] else next(remaining[token[0]]) for token in skeleton]


def _vectors(seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Word -> (50,) float32: where its group stands on the axes, plus noise."""
    random_state = np.random.RandomState(seed)  # the one generator whose numbers NumPy promises never to change
    dimensions = len(AXES) * AXIS_DIMENSIONS
    directions = np.resize([1.0, -1.0], dimensions) / AXIS_DIMENSIONS**0.5
    vectors = {}
    for words, places, sentiment_spread in _groups():
        for word in words:
            places_of_word = np.array([places.get(axis, 0.0) for axis in AXES])
            places_of_word[AXES.index("sentiment")] += sentiment_spread * random_state.standard_normal()
            vector = np.repeat(places_of_word, AXIS_DIMENSIONS) * directions
            vector += NOISE * random_state.standard_normal(dimensions)
            vectors[word] = vector.round(4).astype(np.float32)  # what the text file will say
    return vectors


def _groups() -> Iterator[tuple[Sequence[str], Mapping[str, float], float]]:
    """(words, place on the axes, standard deviation along the sentiment axis) of every group of words."""
    yield lexicon.GRAMMAR, {}, 0.0
    for slot, words in lexicon.FILLER.items():
        yield words, {}, 2.5 if slot in PLOT_SLOTS else 0.0
    yield lexicon.GOOD, {"evaluation": 3.0, "sentiment": 2.0}, 0.0
    yield lexicon.BAD, {"evaluation": 3.0, "sentiment": -2.0}, 0.0
    for genre, genre_axis, praise_axis in zip(lexicon.GENRES, GENRE_AXES, PRAISE_AXES, strict=True):
        yield genre.cues, {genre_axis: 3.0}, 0.0
        yield genre.praise, {"evaluation": 3.0, "sentiment": 2.0, praise_axis: 3.0}, 0.0
        yield genre.blame, {"evaluation": 3.0, "sentiment": -2.0, praise_axis: 3.0}, 0.0

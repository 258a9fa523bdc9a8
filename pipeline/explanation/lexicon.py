"""What attention does with each word of the vocabulary, and with each kind of word.

V words, E embedding, F value output, S seeds.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.data.reviews import Reviews
from pipeline.data.vocabulary import UNK
from pipeline.explanation.function_words import FUNCTION_WORDS

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.models.classifier import AttentionClassifier

Floats = npt.NDArray[np.float64]

NEGATIONS = frozenset({"not", "n't", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"})
KINDS = ("negation", "function word", "punctuation", "unknown", "other")


def is_closed(model: "AttentionClassifier") -> bool:
    """Whether two numbers per word say it all: one global query over keys of word vectors, softmax, two classes."""
    from pipeline.explanation.opened import is_bag
    from pipeline.models.queries import GlobalQuery, RandomQuery

    asked_alike = type(model.query) in (GlobalQuery, RandomQuery)
    return is_bag(model) and asked_alike and len(model.classifier.bias) == 2


def closed_form(model: "AttentionClassifier") -> tuple[Floats, Floats]:
    """The whole model as two numbers per word (Sun & Lu 2020, section 3).

    Attention gives word w of a text the share exp(logit_w) / sum of exp(logit) over the text, and the log odds of the
    second class are the mean of polarity_w under these shares, plus the bias.

    Returns:
        logit_V = q . k(x_w), and polarity_V = (W_1 - W_0) v(x_w); of two classes.

    Raises:
        ValueError: the model's weights depend on more than that, or it has more classes.
    """
    import torch

    if not is_closed(model):
        raise ValueError(
            "this model has no lexicon in closed form: its attention depends on the text, or its classes are not two"
        )
    with torch.inference_mode():
        logit_V = model.key(model.embedding.weight).double() @ model.query.query.double()
        values_VF = model.value(model.embedding.weight).double()
        polarity_V = values_VF @ (model.classifier.weight[1] - model.classifier.weight[0]).double()
    return logit_V.numpy(), polarity_V.numpy()


def log_lift(reviews: Reviews, weights: npt.NDArray[np.floating]) -> Floats:
    """ln(weight * length) of each token: 0 where it gets what uniform attention would give.

    A weight of zero counts as the smallest that float32 has, 10^-38: its logarithm is finite.
    """
    share = np.maximum(weights.astype(np.float64), np.finfo(np.float32).tiny)
    lift: Floats = np.log(share * np.repeat(reviews.lengths, reviews.lengths))
    return lift


def word_lifts(reviews: Reviews, weights: npt.NDArray[np.floating], words: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the log lift of each word over its occurrences; NaN for a word that has none.

    Args:
        reviews: where to look.
        weights: flat.
        words: V.
    """
    lift = log_lift(reviews, weights)
    count_V = np.bincount(reviews.tokens, minlength=words).astype(np.float64)
    count_V[count_V == 0] = np.nan
    mean_V = np.bincount(reviews.tokens, lift, words) / count_V
    square_V = np.bincount(reviews.tokens, (lift - mean_V[reviews.tokens]) ** 2, words) / count_V
    return mean_V, np.sqrt(square_V)


def kinds_of(words: Sequence[str]) -> npt.NDArray[np.int64]:
    """kind_V: the place in ``KINDS`` of each row of the vocabulary."""

    def kind(row: int, word: str) -> str:
        if row == UNK:
            return "unknown"
        if word in NEGATIONS:
            return "negation"
        if not any(character.isalnum() for character in word):
            return "punctuation"
        return "function word" if word.lstrip("'") in FUNCTION_WORDS or word.startswith("'") else "other"

    return np.array([KINDS.index(kind(row, word)) for row, word in enumerate(words)])


def mass_by_kind(reviews: Reviews, weights: npt.NDArray[np.floating], kind_V: npt.NDArray[np.int64]) -> "pd.DataFrame":
    """Where the attention goes: per kind of word, its share of the attention and of the tokens, and their ratio.

    Shares are means over reviews, so that long reviews count no more than short ones.
    """
    import pandas as pd

    kinds = kind_V[reviews.tokens]
    even = np.repeat(1 / reviews.lengths, reviews.lengths)
    attention_K = np.bincount(kinds, weights, len(KINDS)) / len(reviews)
    tokens_K = np.bincount(kinds, even, len(KINDS)) / len(reviews)
    with np.errstate(invalid="ignore", divide="ignore"):
        lift_K = attention_K / tokens_K
    return pd.DataFrame({"kind": KINDS, "attention": attention_K, "tokens": tokens_K, "lift": lift_K})

"""A review -> its tokens: as GloVe's corpus was split, on white space as the course's code does, or as Unicode says."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex


@dataclass(frozen=True)
class Tokenizer:
    """A text -> its tokens, in two steps, so that a piece that stands a thousand times is split once.

    Attributes:
        clean: of the whole text, before it is cut at white space.
        split: a piece without white space -> its tokens.
    """

    clean: Callable[[str], str]
    split: Callable[[str], list[str]]

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text."""
        return [token for piece in self.clean(text).split() for token in self.split(piece)]


_BREAK = re.compile(r"<br\s*/?>")
_NOT = r"[^\W_]+(?=n't\b) | n't\b |"  # do n't, ca n't, wo n't
_ANY = r"""
    '(?:s|m|d|ll|re|ve)\b               # it 's, i 'm, they 've
    | \d+(?:[.,:/]\d+)+                 # 7.5, 1,000, 9:30, 8/10
    | (?:[^\W\d_]\.){2,}                # u.s., j.r.
    | [^\W_]+                          # words and numbers
    | \.{2,} | -{2,}                    # an ellipsis, a dash
    | \S                                # any other sign by itself
"""
_GLOVE, _GLOVE_WITHOUT_NOT = re.compile(_NOT + _ANY, re.VERBOSE), re.compile(_ANY, re.VERBOSE)


def _cleaned(text: str) -> str:
    return _BREAK.sub(" ", text.lower().replace("\u2019", "'").replace("\u0092", "'"))


def _split(piece: str) -> list[str]:
    pattern = _GLOVE if "n't" in piece else _GLOVE_WITHOUT_NOT  # a third faster: no word is tried twice
    return pattern.findall(piece)


glove = Tokenizer(clean=_cleaned, split=_split)
"""Lower-cases, drops line-break markup, splits clitics and keeps punctuation, much as the Penn Treebank does.

GloVe 6B was trained on text split this way (Pennington et al. 2014, section 4.2), so its words match. Unlike the
Treebank, hyphens split: nearly every half has a vector, and few compounds do.

Example:
    >>> glove("It's GOOD<br />don't miss 7.5/10!")
    ['it', "'s", 'good', 'do', "n't", 'miss', '7.5/10', '!']
"""

whitespace = Tokenizer(clean=str.lower, split=lambda piece: [piece])
"""Lower-cases and splits on white space: punctuation sticks to words, and about 13 % of them have no vector."""

_WORD_BREAK = regex.compile(r"(?w)\b")  # w: of Unicode
_UNSPACED = regex.compile(r"(?=[\p{Han}\p{Hiragana}])")  # each a word of its own: cut early, so that pieces repeat


def _composed(text: str) -> str:
    spaced: str = _UNSPACED.sub(" ", unicodedata.normalize("NFC", text.lower()))
    return spaced


unicode = Tokenizer(clean=_composed, split=lambda piece: [part for part in _WORD_BREAK.split(piece) if part])
"""Lower-cases and splits at the default word boundaries of Unicode (UAX #29), for any language; signs are words too.

Chinese characters and Hiragana are a word each, and so are the characters of Thai, Lao, Khmer and Burmese: where no
space parts words, no rule without a dictionary finds them.

Example:
    >>> unicode("L'été à Zürich, 3.5 km; 我喜欢")
    ["l'été", 'à', 'zürich', ',', '3.5', 'km', ';', '我', '喜', '欢']
"""

TOKENIZERS: dict[str, Tokenizer] = {"glove": glove, "whitespace": whitespace, "unicode": unicode}


def make_tokenizer(name: str) -> Tokenizer:
    """The tokeniser of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in TOKENIZERS:
        raise ValueError(f"no tokenizer {name!r}: use one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]

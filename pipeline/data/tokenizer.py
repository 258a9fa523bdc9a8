"""A review -> its tokens: as GloVe's own corpus was split, or on white space as the course's code does."""

import re
from collections.abc import Callable

Tokenizer = Callable[[str], list[str]]

_BREAK = re.compile(r"<br\s*/?>")
_GLOVE = re.compile(
    r"""
    [^\W_]+(?=n't\b) | n't\b            # do n't, ca n't, wo n't
    | '(?:s|m|d|ll|re|ve)\b             # it 's, i 'm, they 've
    | \d+(?:[.,:/]\d+)+                 # 7.5, 1,000, 9:30, 8/10
    | (?:[^\W\d_]\.){2,}                # u.s., j.r.
    | [^\W_]+                          # words and numbers
    | \.{2,} | -{2,}                    # an ellipsis, a dash
    | \S                                # any other sign by itself
    """,
    re.VERBOSE,
)
_WORDS = re.compile(r"\S+")


def glove(text: str) -> list[str]:
    """Lower-cases, drops line-break markup, splits clitics and keeps punctuation, much as the Penn Treebank does.

    GloVe 6B was trained on text split this way (Pennington et al. 2014, section 4.2), so its words match. Unlike
    the Treebank, hyphens split: nearly every half has a vector, and few compounds do.

    Example:
        >>> glove("It's GOOD<br />don't miss 7.5/10!")
        ['it', "'s", 'good', 'do', "n't", 'miss', '7.5/10', '!']
    """
    lowered = text.lower().replace("\u2019", "'").replace("\u0092", "'")
    return _GLOVE.findall(_BREAK.sub(" ", lowered))


def whitespace(text: str) -> list[str]:
    """Lower-cases and splits on white space: punctuation sticks to words, and about 13 % of them have no vector."""
    return _WORDS.findall(text.lower())


TOKENIZERS: dict[str, Tokenizer] = {"glove": glove, "whitespace": whitespace}


def make_tokenizer(name: str) -> Tokenizer:
    """The tokeniser of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in TOKENIZERS:
        raise ValueError(f"no tokenizer {name!r}: use one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]

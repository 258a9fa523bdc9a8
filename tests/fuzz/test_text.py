"""Any Unicode text -> tokens -> rows of a vocabulary, and back."""

import re
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

from fuzz.counting import holds_for
from hypothesis import strategies as st

from pipeline.data.tokenizer import TOKENIZERS
from pipeline.data.vocabulary import Vocabulary, choose_words

PIECES = [
    "n't",
    "'s",
    "'re",
    "<br />",
    "<br/>",
    "<BR >",
    "8/10",
    "1,000",
    "u.s.",
    "...",
    "--",
    "\u2019",
    "\u0092",
    "_",
    "İ",
]
ODD = "aZé '.,-/7\t\n\x1c\x85\u00a0\u2028\u3000"
CHARACTERS = st.characters(exclude_categories=[])  # lone surrogates and controls too
TEXTS = st.lists(st.sampled_from([*PIECES, *ODD]) | st.text(CHARACTERS, max_size=6), max_size=10).map("".join)
NAMES = st.sampled_from(sorted(TOKENIZERS))
FOLDER = Path(tempfile.mkdtemp())


@holds_for(text=TEXTS, name=NAMES)
def test_every_text_has_tokens_and_nothing_but_white_space_and_markup_is_lost(text: str, name: str) -> None:
    tokens = TOKENIZERS[name](text)
    lowered = text.lower()
    if name == "glove":
        lowered = re.sub(r"<br\s*/?>", " ", lowered.replace("\u2019", "'").replace("\u0092", "'"))
    if name == "unicode":
        lowered = unicodedata.normalize("NFC", lowered)
    assert "".join(tokens) == "".join(lowered.split())
    assert all(tokens)
    assert all(token.split() == [token] for token in tokens)


@holds_for(one=TEXTS, other=TEXTS, name=NAMES)
def test_two_texts_side_by_side_are_the_tokens_of_both(one: str, other: str, name: str) -> None:
    tokenize = TOKENIZERS[name]
    assert tokenize(f"{one}\n{other}") == tokenize(one) + tokenize(other)


@holds_for(texts=st.lists(TEXTS, max_size=4), name=NAMES)
def test_rows_of_a_vocabulary_give_back_tokens_and_their_counts(texts: list[str], name: str) -> None:
    tokens = [TOKENIZERS[name](text) for text in texts]
    counts = Counter(token for text in tokens for token in text)
    vocabulary = Vocabulary(choose_words(counts, counts.keys(), min_count=1, max_size=10_000))
    rows = [vocabulary.encode(text).tolist() for text in tokens]
    assert [[vocabulary.words[row] for row in text] for text in rows] == [text or ["<unk>"] for text in tokens]
    assert Counter(vocabulary.words[row] for text in rows for row in text if row > 1) == counts
    assert [counts[word] for word in vocabulary.words[2:]] == sorted(counts.values(), reverse=True)


@holds_for(text=TEXTS.map(lambda text: text.encode(errors="replace").decode()), name=NAMES)
def test_a_vocabulary_of_any_words_is_read_as_it_was_written(text: str, name: str) -> None:
    vocabulary = Vocabulary(dict.fromkeys(TOKENIZERS[name](text)))
    vocabulary.write(FOLDER / "words.txt")
    assert Vocabulary.read(FOLDER / "words.txt").words == vocabulary.words

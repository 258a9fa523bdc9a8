import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.tokenizer import Tokenizer, glove, make_tokenizer, unicode, whitespace


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's GOOD", "it 's good"),
        ("I can't, won't and don't.", "i ca n't , wo n't and do n't ."),
        ("they've, I'll, he'd, we're", "they 've , i 'll , he 'd , we 're"),
        ("O\u2019Brien\u2019s film isn\u2019t", "o ' brien 's film is n't"),
        ("bad<br /><br />worse<BR>worst<br/>", "bad worse worst"),
        ("7.5/10 at 9:30, $1,000", "7.5/10 at 9:30 , $ 1,000"),
        ("a well-made U.S. film... or -- not?!", "a well - made u.s. film ... or -- not ? !"),
        ('He said "no" (twice)', 'he said " no " ( twice )'),
        ("déjà vu 80s", "déjà vu 80s"),
        ("", ""),
        ("<br />", ""),
    ],
)
def test_glove_splits_as_the_treebank_does(text: str, tokens: str) -> None:
    assert glove(text) == tokens.split()


@given(st.text())
@settings(deadline=None, max_examples=300)
def test_nothing_but_white_space_and_line_breaks_is_lost(text: str) -> None:
    plain = text.replace("<", "")
    tokens = glove(plain)
    lowered = plain.lower().replace("\u2019", "'").replace("\u0092", "'")
    assert "".join(tokens) == "".join(lowered.split())
    assert all(tokens)
    assert not any(character.isspace() for token in tokens for character in token)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Das ist Müllers Haus, nicht wahr?", "das ist müllers haus , nicht wahr ?"),
        ("L'été à 3,5 km", "l'été à 3,5 km"),
        ("E\u0301te\u0301", "été"),
        ("我喜欢这部电影。iPhone很好", "我 喜 欢 这 部 电 影 。 iphone 很 好"),
        ("とても面白いカタカナ", "と て も 面 白 い カタカナ"),
        ("葛\U000e0100城", "葛\U000e0100 城"),
        ("한국어 영화", "한국어 영화"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("فيلم رائع!", "فيلم رائع !"),
        ("ดีมาก", "ดี ม า ก"),
        ("👨\u200d👩\u200d👧🇩🇪", "👨\u200d👩\u200d👧 🇩🇪"),
        (" \u3000\n", ""),
    ],
)
def test_unicode_splits_any_language(text: str, tokens: str) -> None:
    assert unicode(text) == tokens.split(" ") * bool(tokens)


@given(st.text(st.characters()))  # surrogates too
@settings(deadline=None, max_examples=300)
def test_unicode_loses_nothing_but_white_space_of_any_text(text: str) -> None:
    tokens = unicode(text)
    assert "".join(tokens) == "".join(unicodedata.normalize("NFC", text.lower()).split())
    assert all(tokens)
    assert not any(character.isspace() for token in tokens for character in token)


@given(
    st.lists(st.sampled_from([*"aß1_.,'電のカー한😀 ", "🇩🇪", "o\u0301", "の\u200d", "電\U000e0100", "が\u0301", "ดี"]))
)
@settings(deadline=None, max_examples=300)
def test_cutting_early_before_chinese_and_hiragana_changes_no_word(characters: list[str]) -> None:
    text = "".join(characters)
    uncut = [unicode.split(piece) for piece in unicodedata.normalize("NFC", text.lower()).split()]
    assert unicode(text) == [token for tokens in uncut for token in tokens]


@pytest.mark.parametrize("tokenizer", [glove, unicode])
@given(text=st.text())
@settings(deadline=None, max_examples=300)
def test_white_space_parts_tokens_and_nothing_else_of_its_surroundings_matters(tokenizer: Tokenizer, text: str) -> None:
    """A text may be tokenised piece by piece."""
    assert tokenizer(text) == [token for piece in tokenizer.clean(text).split() for token in tokenizer.split(piece)]
    assert glove(text) == glove.split(glove.clean(text))


@given(st.text(st.sampled_from("ant'_.é7-")) | st.text())
@settings(deadline=None, max_examples=1000)
def test_a_negation_beside_it_changes_no_other_piece(text: str) -> None:
    """Pieces with n't have a pattern of their own."""
    for piece in text.lower().split():
        assert glove.split(f"{piece} n't") == [*glove.split(piece), "n't"]


def test_whitespace_is_what_the_course_does() -> None:
    assert whitespace("It's GOOD, isn't<br />it?") == ["it's", "good,", "isn't<br", "/>it?"]


def test_an_unknown_tokenizer_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"no tokenizer 'spacy': use one of glove, whitespace"):
        make_tokenizer("spacy")

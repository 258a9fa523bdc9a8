import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data.tokenizer import glove, make_tokenizer, whitespace


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


@given(st.text())
@settings(deadline=None, max_examples=300)
def test_white_space_parts_tokens_and_nothing_else_of_its_surroundings_matters(text: str) -> None:
    """A text may be tokenised piece by piece."""
    assert glove(text) == glove.split(glove.clean(text))


def test_whitespace_is_what_the_course_does() -> None:
    assert whitespace("It's GOOD, isn't<br />it?") == ["it's", "good,", "isn't<br", "/>it?"]


def test_an_unknown_tokenizer_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"no tokenizer 'spacy': use one of glove, whitespace"):
        make_tokenizer("spacy")

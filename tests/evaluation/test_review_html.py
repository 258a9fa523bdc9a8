import re
from dataclasses import replace
from html.parser import HTMLParser

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from pipeline.data.tokenizer import glove
from pipeline.evaluation.examples import Example
from pipeline.evaluation.review_html import REVIEW_CSS, render_page, render_review

CLASSES = ("negative", "positive")
TOKENS = st.lists(
    st.sampled_from(["<script>", "&amp;", '"', "'", "(", ")", "-", "n't", "</p>", "good"])
    | st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=6),
    min_size=1,
    max_size=30,
)


class Elements(HTMLParser):
    """Tags that open with their attributes, tags that close, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.closed: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def plain(page: str) -> str:
    return Elements(page).text.strip()


EXAMPLE = Example(
    id=3,
    name="test/pos/<3>.txt",
    kind="fixed",
    label=1,
    length=4,
    seed=0,
    probability=0.2,
    predicted=0,
    confidence=0.8,
    tokens=["<b>", "fine", "film", "fine"],
    weights=[0.0, 0.5, 0.25, 0.25],
    unknown=[0],
)


@given(TOKENS)
@settings(deadline=None, max_examples=50)
def test_any_text_comes_out_as_it_went_in_but_for_spaces(tokens: list[str]) -> None:
    for weights in (None, [1 / len(tokens)] * len(tokens)):
        page = render_review(tokens, weights).removeprefix('<p class="no-attention">This model has no attention.</p>\n')
        elements = Elements(page)
        assert re.sub(r"\s", "", elements.text) == "".join(tokens)
        assert [tag for tag, _ in elements.opened] == ["p"] + ["span"] * (0 if weights is None else len(tokens))


def spans(page: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in Elements(page).opened if tag == "span"]


def test_colour_is_the_share_of_the_largest_weight_and_the_title_tells_weight_and_lift() -> None:
    words = spans(render_review(list("abcd" * 4), [0.1, 0.2, 0.7, 0.0] + [0.0] * 12))
    assert [word.get("style") for word in words] == ["--w:0.14", "--w:0.29", "--w:1.00", *[None] * 13]
    assert [word["title"] for word in words[:4]] == [
        "0.1, 1.6 x uniform",
        "0.2, 3.2 x uniform",
        "0.7, 11.2 x uniform",
        "0, 0 x uniform",
    ]


def test_uniform_attention_stays_pale() -> None:
    assert {word.get("style") for word in spans(render_review(["a"] * 20, [0.05] * 20))} == {"--w:0.12"}
    assert [word.get("style") for word in spans(render_review(["a", "b"], [0.9, 0.1]))] == ["--w:0.23", "--w:0.03"]


def test_a_word_that_the_vocabulary_lacks_is_marked() -> None:
    words = spans(render_review(["a", "b"], [0.5, 0.5], [1]))
    assert [word.get("class") for word in words] == [None, "unknown"]
    assert words[1]["title"] == "0.5, 1 x uniform, not in the vocabulary"


def test_attention_of_nothing_but_zeros_has_no_colour() -> None:
    assert "style" not in render_review(["a", "b"], [0.0, 0.0])


def test_a_model_without_attention_says_so() -> None:
    page = render_review(["a", "<b>"], None)
    assert "This model has no attention." in page
    assert "a &lt;b&gt;" in page
    assert "<span" not in page


@pytest.mark.parametrize(
    "text",
    [
        "it's well-made, i can't say (really) how good: 7.5/10!",
        'he said "not bad" and "fine"...',
        "we'd have left; they've won't. and/or it cost $5 & 20%",
        'a "quote',
    ],
)
def test_tokens_are_put_back_together_as_they_were_written(text: str) -> None:
    tokens = glove(text)
    assert plain(render_review(tokens, [1.0] * len(tokens))) == text


def test_the_page_tells_answer_truth_and_entropy_and_lists_words() -> None:
    page = render_page("attention & <friends>", [EXAMPLE, replace(EXAMPLE, kind="mistake", name="other")], CLASSES)
    text = plain(page)
    assert "<title>attention &amp; &lt;friends&gt;</title>" in page
    assert "test/pos/<3>.txt" in text
    assert text.index("The same reviews for every model") < text.index("The surest mistakes") < text.index("other")
    assert "predicted negative (80.0%), wrong · in truth positive · 4 tokens · entropy 1.04 nats" in text
    assert "75% of uniform attention's: as if spread over 2.8 words, seed 0" in text
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", page)
    assert rows[:3] == [("fine", "2", "0.7500"), ("film", "1", "0.2500"), ("&lt;b&gt;", "1", "0.0000")]


def test_the_page_stands_alone_without_script() -> None:
    page = render_page("page", [EXAMPLE], CLASSES)
    elements = Elements(page)
    assert REVIEW_CSS in page
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in elements.opened}
    assert not re.search(r"https?:|url\(|@import", page)
    opened = sorted(tag for tag, _ in elements.opened if tag != "meta")
    assert opened == sorted(elements.closed)


def test_a_page_for_three_classes_one_token_and_no_attention() -> None:
    short = replace(EXAMPLE, label=2, predicted=2, length=1, tokens=["fine"], weights=[1.0], unknown=[])
    text = plain(render_page("page", [short, replace(short, weights=None)], (*CLASSES, "mixed")))
    assert "predicted mixed (80.0%), right · in truth mixed · 1 token · entropy 0.00 nats: as if" in text
    assert "This model has no attention." in text
    assert "The surest mistakes" not in text

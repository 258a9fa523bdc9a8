"""A text of one's own on a terminal, with and without colour."""

import dataclasses
import io
import re

import pytest
from rich.console import Console

from pipeline.evaluation.reading import Reading
from pipeline.evaluation.review_html import render_readings


def reading(tokens: list[str], weights: list[float] | None, unknown: list[int] | None = None) -> Reading:
    return Reading("attention", "negative", 0.875, tokens, weights, unknown or [])


def printed(one: Reading, *, colour: bool) -> str:
    console = Console(
        file=io.StringIO(),
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        width=100,
        highlight=False,
    )
    console.print(one)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_words_are_coloured_by_their_share_of_the_largest_weight() -> None:
    text = printed(reading(["not", "good", "."], [0.25, 0.5, 0.25]), colour=True)
    assert "48;2;255;157;0mgood" in text, "all the heat"
    assert "48;2;255;202;118mnot" in text, "half of it"
    assert "most attended" not in text


def test_without_colour_the_weights_are_numbers() -> None:
    text = printed(reading(["not", "good", "."], [0.2, 0.7, 0.1]), colour=False)
    assert "attention: negative (87.5%), entropy 0.80 nats, as if spread over 2.2 of 3 words" in text
    assert "not good." in text
    assert 'most attended: "good" 0.700, "not" 0.200, "." 0.100' in text


@pytest.mark.parametrize("weights", [None, [0.5, 0.5]])
def test_what_weighs_alike_is_not_coloured(weights: list[float] | None) -> None:
    for colour in (True, False):
        text = printed(reading(["a", "b"], weights), colour=colour)
        assert "48;2" not in text
        assert "most attended" not in text
    assert ("no attention" in text) == (weights is None)


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize(
    "token",
    ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\x1bP1$r\x1b\\", "\x08\x7f", "\0", "\u202e", "\u2066", "\udcff"],
)
def test_a_terminal_obeys_nothing_of_the_text(token: str, colour: bool) -> None:
    read = reading([token, "[bold]red[/]", "ok"], [0.2, 0.7, 0.1], [0])
    text = printed(dataclasses.replace(read, answer=f"class {token}"), colour=colour)
    assert "[bold]red[/]" in text
    assert token not in text
    without_colours = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert all(line.isprintable() for line in without_colours.split("\n"))


def test_a_file_or_a_pipe_gets_the_whole_text_as_one_line() -> None:
    console = Console(file=io.StringIO(), force_terminal=False, width=20, highlight=False)
    console.print(reading(["so", "good" * 30, "d"], None), soft_wrap=True)
    assert console.file.getvalue().splitlines()[1] == f"so {'good' * 30} d"  # type: ignore[attr-defined]


def test_the_page_escapes_the_text_and_has_an_article_per_model() -> None:
    page = render_readings("A text", [reading(["<script>alert(1)</script>", "good"], [0.9, 0.1])] * 2)
    assert "<script>" not in page
    assert page.count("<article>") == 2
    assert "negative (87.5%)" in page

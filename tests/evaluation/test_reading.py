"""A text of one's own on a terminal, with and without colour."""

import dataclasses
import io
import re

import pytest
from rich.console import Console

from pipeline.evaluation.reading import Reading, print_readings
from pipeline.evaluation.review_html import render_readings


def reading(tokens: list[str], weights: list[float] | None, unknown: list[int] | None = None) -> Reading:
    return Reading("imdb attention, seed 0", "negative", 0.875, tokens, weights, unknown or [])


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
    assert "imdb attention, seed 0: negative (87.5%), entropy 0.80 nats, as if spread over 2.2 of 3 words" in text
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


def lines_of(readings: list[Reading], *, width: int, terminal: bool = True) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=terminal, color_system=None, width=width, highlight=False)
    print_readings(readings, console)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


SEVERAL = [dataclasses.replace(reading(["so", "good" * 30, "d"], None), model=name) for name in "abc"]


@pytest.mark.parametrize(
    ("width", "rows"), [(79, ["a", "b", "c"]), (80, ["ab", "c"]), (119, ["ab", "c"]), (120, ["abc"]), (400, ["abc"])]
)
def test_a_terminal_has_as_many_readings_in_a_row_as_fit_all_of_one_width(width: int, rows: list[str]) -> None:
    lines = lines_of(SEVERAL, width=width)
    heads = [[(found.start(), found[1]) for found in re.finditer(r"(\w): negative", line)] for line in lines]
    step = width // len(rows[0])
    assert list(filter(None, heads)) == [[(place * step, name) for place, name in enumerate(row)] for row in rows]
    assert max(map(len, lines)) <= width


def test_a_word_stands_beside_itself_however_long_the_lines_above() -> None:
    longer = dataclasses.replace(SEVERAL[0], model="attention" * 5, tokens=["so", "good"], weights=[0.25, 0.75])
    lines = lines_of([longer, dataclasses.replace(longer, model="b", weights=None)], width=80)
    assert [line.split() for line in lines if "so good" in line] == [["so", "good"] * 2]
    assert 'most attended: "good" 0.750' in " ".join(line[:40].strip() for line in lines)


def test_a_word_or_name_that_is_wider_than_its_column_goes_on_in_the_next_line() -> None:
    narrow = dataclasses.replace(SEVERAL[0], model="attention" * 5)
    lines = [line[:40].rstrip() for line in lines_of([narrow] * 2, width=80)]
    assert "".join(lines).startswith("attention" * 5 + ": negative")
    assert "good" * 30 in "".join(lines)


def test_a_file_has_one_reading_below_the_other_and_all_of_the_text() -> None:
    for width in (20, 400):
        lines = lines_of(SEVERAL, width=width, terminal=False)
        assert [line[:2] for line in lines] == ["a:", "so", "", "b:", "so", "", "c:", "so", ""]
        assert lines[1] == f"so {'good' * 30} d", "all of the text, as one line"


def test_a_reading_alone_has_the_whole_terminal() -> None:
    assert max(map(len, lines_of([reading(["word"] * 30, None)], width=120))) > 100


def test_the_page_escapes_the_text_and_has_an_article_per_model() -> None:
    page = render_readings("A text", [reading(["<script>alert(1)</script>", "good"], [0.9, 0.1])] * 2)
    assert "<script>" not in page
    assert page.count("<h3>imdb attention, seed 0</h3>") == page.count("<article>") == 2
    assert "negative (87.5%)" in page

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from evaluation_results import examples, report_page

HOSTILE = ["</script><script>document.title='run'</script>", "<!--", "<img src=x onerror=document.title='run'>"]


class Page(HTMLParser):
    """Counts tags, and checks that they nest."""

    VOID = frozenset({"meta", "input", "img", "wbr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1] == tag:  # svg's own empty elements close themselves
            self.open.pop()


def data(page: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, flags=re.DOTALL)
    content: dict[str, Any] = json.loads(text)
    return content


def test_the_page_says_what_won_and_holds_every_part() -> None:
    page = report_page()
    assert "Most accurate: best, right on 91.0 % of the test reviews" in page
    assert "entropy weight 0.01 on attention: accuracy" in page
    assert "no attention" in page
    assert 'aria-label="Accuracy of each variant"' in page
    assert "seeds: 3" in page
    assert Page(page).open == []
    assert Page(page).tags.count("script") == 2


def test_the_page_says_what_the_attention_is_worth_as_a_reason() -> None:
    table = report_page().split('id="reasons-table"')[1].split("</table>")[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", table)
    one, two = cells[: len(cells) // 2], cells[len(cells) // 2 :]
    assert "attention" in one[0]
    accuracies, falls, divergences = (
        "90.0 80.0 60.0 70.0 -5.0",
        "0.200 0.100 0.500 25 % [10, 90]",
        "0.50 0.80 0.60 0.07",
    )
    assert " ".join(one[1:]) == f"{accuracies} {falls} {divergences} 70.0 50.0 50.0 2.00"
    assert (two[3], two[9]) == ("70.0", "50 % [10, 90]")
    assert ">trained equal<" in table
    assert "trained random" not in table, "nobody has a number there"


def test_the_page_asks_the_network_for_nothing() -> None:
    page = report_page()
    assert "default-src 'none'" in page
    sources = {value for name, value in Page(page).attributes if name in ("src", "href", "xlink:href", "srcset")}
    assert all(value is not None and value.startswith(("#", "data:image/png;base64,")) for value in sources)
    assert not re.findall(r"url\((?!#)|@import", page)


def test_figures_are_drawn_into_the_page_or_embedded() -> None:
    tags = Page(report_page(figures={"drawn & <b>": None, "png": b"\x89PNG"})).tags
    assert (tags.count("svg"), tags.count("img")) == (1, 1)


def test_hostile_text_stays_text() -> None:
    page = report_page(tokens=HOSTILE)
    assert Page(page).tags.count("script") == 2
    assert "<img src=x" not in page
    assert data(page)["reviews"][0]["tokens"] == HOSTILE


def test_a_review_is_stored_once_with_every_answer_to_it() -> None:
    reviews = data(report_page())["reviews"]
    assert [review["kind"] for review in reviews] == ["fixed"] * 3 + ["mistake"] * 5
    assert set(reviews[0]["answers"]) == {"mean", "attention", "attention_entropy", "best", "tfidf"}
    assert {len(review["answers"]) for review in reviews} == {5}
    assert [review["mistakes"] for review in reviews] == [[]] * 3 + [[name] for name in reviews[0]["answers"]]
    assert "weights" not in reviews[0]["answers"]["tfidf"]


def test_the_page_stays_small_and_keeps_what_all_variants_read() -> None:
    tokens = ["word"] * 2700
    page = report_page(tokens=tokens, fixed=40, mistakes=60)
    shown = data(page)["reviews"]
    assert 3_000_000 < len(page.encode()) < 5_000_000
    assert [review["kind"] for review in shown[:40]] == ["fixed"] * 40
    assert f"{len(shown)} of 340 reviews fit this page." in page


def test_a_review_that_is_too_long_for_the_page_hides_no_other() -> None:
    names = ("mean", "attention")
    longest = {name: examples(name, ["word"] * 900_000, 1, 0) for name in names}
    others = {name: examples(name, ["word"] * 20, 3, 0) for name in names}
    page = report_page(examples_by_variant={name: longest[name] + others[name][1:] for name in names})
    assert [len(review["tokens"]) for review in data(page)["reviews"]] == [20, 20]
    assert "2 of 3 reviews fit this page." in page


def test_a_class_is_chosen_by_its_name_as_it_is() -> None:
    assert '<option value="very  bad">very  bad</option>' in report_page(classes=("very  bad", "positive"))


def test_without_words_examples_or_effects_the_sections_are_left_out() -> None:
    page = report_page(empty=True)
    for section in ("top-words", "side-by-side", "effects", "figures"):
        assert f'id="{section}"' not in page
    assert "Most accurate" in page


def test_the_same_input_gives_the_same_page() -> None:
    assert report_page() == report_page()


def test_variants_that_read_other_words_are_refused() -> None:
    mixed = {"mean": examples("mean", ["one", "two"]), "best": examples("best", ["one", "too"])}
    with pytest.raises(ValueError, match=r"variants read test/pos/0_9.txt as different words: run `dvc repro`"):
        report_page(examples_by_variant=mixed)

"""The report in a real browser: sorting, filtering, choosing, reading, by mouse and by keyboard, light and dark."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import evaluation_results
import numpy as np
import pytest
from attacked_pages import CLASSES, attacked_examples, attacked_reading, attacked_report
from browser import ATTACKS, CHROMIUM, DRIVER, choose, click, first_notes, headless, press, requests, texts
from evaluation_results import VARIANTS, examples, report_page, top_words
from scipy.stats import entropy
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from pipeline.evaluation.reading import Reading
from pipeline.evaluation.review_html import render_readings

HOSTILE = [
    *("superb", ",", "<script>document.title='run'</script>", "</script><script>document.title='run'</script>"),
    *("<img src=x onerror=document.title='run'>", "&amp;", "{{7*7}}", "\u2028", "n't"),
]

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="needs chromium and chromedriver: that pages run nothing of a review is not proven",
)


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless(tmp_path_factory.mktemp("profile"), watch_network=True) as driver:
        driver.get("about:blank")
        requests(driver)  # those of the browser's own first page
        yield driver


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(tokens=HOSTILE), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(chrome: Chrome, address: str) -> Iterator[Chrome]:
    chrome.get(address)
    yield chrome
    assert chrome.get_log("browser") == []
    assert chrome.title == "Attention on demo"


def test_the_table_sorts_both_ways_and_keeps_empty_cells_last(page: Chrome) -> None:
    accuracy, entropy = ("#comparison th:nth-child(3)", "#comparison th:nth-child(5)")
    click(page, f"{accuracy} button")
    assert texts(page, "#comparison td:first-child") == ["best", "tfidf", "attention", "attention_entropy", "mean"]
    assert page.find_element(By.CSS_SELECTOR, accuracy).get_attribute("aria-sort") == "descending"
    press(page, f"{entropy} button", Keys.ENTER)
    assert texts(page, "#comparison td:first-child")[::4] == ["mean", "tfidf"]
    press(page, f"{entropy} button", Keys.SPACE)
    assert texts(page, "#comparison td:first-child")[::4] == ["attention_entropy", "tfidf"]
    click(page, "#comparison th:first-child button")
    assert texts(page, "#comparison td:first-child") == sorted(VARIANTS)


def test_the_table_of_reasons_sorts_too_and_leaves_the_other_as_it_is(page: Chrome) -> None:
    before = texts(page, "#comparison td:first-child")
    way = "#reasons-table th:nth-child(10)"
    assert texts(page, way) == ["of the way"]
    click(page, f"{way} button")
    first, second = texts(page, "#reasons-table td:nth-child(10)")
    assert float(first.split()[0]) > float(second.split()[0])
    press(page, f"{way} button", Keys.ENTER)
    assert texts(page, "#reasons-table td:nth-child(10)") == [second, first]
    assert texts(page, "#comparison td:first-child") == before


def test_the_table_filters_by_name_and_family(page: Chrome) -> None:
    press(page, "[data-filters=comparison]", "global entropy")
    assert texts(page, "#comparison td:first-child") == ["attention_entropy"]
    assert texts(page, "#comparison-shown") == ["1 of 5 variants"]
    assert len(texts(page, "#reasons-table td:first-child")) == 2, "the other table is as it was"


def test_every_other_table_filters_too(page: Chrome) -> None:
    press(page, "[data-filters=reasons-table]", "entropy")
    assert texts(page, "#reasons-table td:first-child") == ["attention_entropy"]
    press(page, "[data-filters=words]", "bold")
    assert texts(page, "#words td:first-child") == ["<b>bold</b>"]
    choose(page, "#words-scope", "negative")
    assert texts(page, "#words td:first-child") == ["<b>bold</b>"], "the filter outlives another choice"
    press(page, "[data-filters=words]", *[Keys.BACKSPACE] * 4)
    assert len(texts(page, "#words td:first-child")) == 5
    assert page.find_element(By.ID, "words-shown").text == ""


def test_attended_words_follow_the_choice(page: Chrome) -> None:
    choose(page, "#words-variant", "mean")
    choose(page, "#words-ranking", "total mass")
    choose(page, "#words-scope", "negative")
    assert texts(page, "#words td:first-child") == ["worst", "<b>bold</b>", "$5", "{0}%", "\u4eba"]
    press(page, "#words th:nth-child(3) button", Keys.ENTER, Keys.ENTER)
    assert texts(page, "#words td:first-child")[-1] == "worst"


def test_reviews_stand_side_by_side_for_up_to_four_variants(page: Chrome) -> None:
    assert texts(page, "#reading h3") == ["attention", "best"]
    for name in ("mean", "tfidf"):
        press(page, f"#variants [value={name}]", Keys.SPACE)
    assert len(texts(page, "#reading h3")) == 4
    assert texts(page, "#limit") == ["Four at most: take one away to add another."]
    assert not page.find_element(By.CSS_SELECTOR, "#variants [value=attention_entropy]").is_enabled()
    assert "This model has no attention." in texts(page, "#reading .heaviest")
    click(page, "#variants [value=mean]")
    assert texts(page, "#reading h3") == ["attention", "best", "tfidf"]


def test_words_are_text_coloured_by_weight(page: Chrome) -> None:
    spans = page.find_elements(By.CSS_SELECTOR, "#reading article:first-child .words span")
    assert [span.get_property("textContent") for span in spans] == HOSTILE
    style = "return arguments[0].map((span) => Number(span.style.getPropertyValue('--heaviness')))"
    heaviness = page.execute_script(style, spans)
    assert 0 < max(heaviness) <= 1
    heaviest, lightest = (spans[heaviness.index(pick(heaviness))] for pick in (max, min))
    colours = [span.value_of_css_property("background-color") for span in (heaviest, lightest)]
    assert colours[0] != colours[1]
    assert page.execute_script("return document.querySelectorAll('#reading script, #reading img').length") == 0


def entropy_of(record: dict[str, Any]) -> float:
    return float(entropy(record["weights"], base=len(record["weights"])))


def test_a_word_says_its_weight_in_each_variant_when_it_is_chosen(page: Chrome) -> None:
    click(page, "#variants [value=tfidf]")
    weights = {name: examples(name, HOSTILE)[0]["weights"] for name in ("attention", "best")}
    page.find_element(By.CSS_SELECTOR, "#reading article:first-child [data-place='2']").click()
    said = re.fullmatch(r"(.*): attention ([\d.]+) %, best ([\d.]+) %, tfidf no attention", texts(page, "#word")[0])
    assert said
    assert said[1] == HOSTILE[2]
    for shown, own in zip(said.groups()[1:], weights.values(), strict=True):
        assert float(shown) == pytest.approx(100 * own[2], abs=100 * max(own) / 255)


def test_words_are_walked_through_with_the_keyboard(page: Chrome) -> None:
    right = [Keys.SHIFT, *[Keys.ARROW_RIGHT] * 3]
    press(page, "#reading article:nth-child(2) .words", *right)
    assert texts(page, "#word")[0].startswith(f"{HOSTILE[2]}: attention ")
    assert [word.get_property("textContent") for word in page.find_elements(By.CSS_SELECTOR, ".here")] == [
        HOSTILE[2]
    ] * 2
    press(page, "#reading article:nth-child(2) .words", Keys.SHIFT, *[Keys.ARROW_LEFT] * 5)
    assert texts(page, "#word")[0].startswith(f"{HOSTILE[0]}: ")
    assert page.find_element(By.ID, "truth").text.endswith("1 of 8.")


def test_where_no_word_is_frequent_enough_none_is_shown_and_the_rest_of_the_page_works(
    chrome: Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frequent = top_words().query("scope != 'negative' and ranking != 'mass'")
    monkeypatch.setattr(evaluation_results, "top_words", lambda: frequent)
    path = tmp_path / "report.html"
    path.write_text(report_page(tokens=HOSTILE), encoding="utf-8")
    chrome.get(path.as_uri())
    for select, choice in (("#words-scope", "negative"), ("#words-ranking", "total mass")):
        choose(chrome, select, choice)
        assert texts(chrome, "#words td:first-child") == []
    assert texts(chrome, "#reading h3") == ["attention", "best"]
    assert chrome.get_log("browser") == []


def test_reviews_are_walked_through(page: Chrome) -> None:
    assert page.find_element(By.ID, "truth").text.endswith("1 of 8.")
    click(page, "#next")
    click(page, "#next")
    click(page, "#previous")
    assert page.find_element(By.ID, "truth").text.endswith("2 of 8.")
    press(page, "#reading article:nth-child(2) .words", Keys.ARROW_RIGHT)
    assert page.find_element(By.ID, "truth").text.endswith("3 of 8.")
    assert page.switch_to.active_element.get_attribute("aria-label") == "The review as best reads it"
    page.switch_to.active_element.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.find_element(By.ID, "truth").text.endswith("1 of 8.")


@pytest.mark.parametrize(
    ("order", "measure"),
    [
        ("disagreement of the answers", lambda one, other: abs(one["probability"] - other["probability"])),
        ("disagreement of the attention", lambda *both: 1 - np.min([one["weights"] for one in both], axis=0).sum()),
        ("narrowest attention", lambda *both: 1 - np.mean([entropy_of(one) for one in both])),
        ("widest attention", lambda *both: np.mean([entropy_of(one) for one in both])),
    ],
)
def test_reviews_are_sorted(page: Chrome, order: str, measure: Callable[..., float]) -> None:
    click(page, "#next")
    choose(page, "#order", order)
    assert page.find_element(By.ID, "truth").text.endswith("1 of 8."), "a new order begins at its first review"
    values = [float(note) for note in first_notes(page)]
    both = zip(*(examples(name, HOSTILE) for name in ("attention", "best")), strict=True)
    expected = [measure(one, other) for one, other in both]
    assert values == pytest.approx(sorted(expected, reverse=True), abs=0.01)
    assert len(set(values)) > 4
    choose(page, "#order", "their order")
    assert first_notes(page) == ["fixed"] * 3 + ["mistake"] * 5


def test_whichever_variants_are_shown_the_list_holds_every_review(page: Chrome) -> None:
    everything = ["fixed"] * 3 + ["mistake"] * 5
    assert first_notes(page) == everything
    click(page, "#next")
    for name in ("best", "mean"):
        click(page, f"#variants [value={name}]")
        assert first_notes(page) == everything
        assert " 2 of 8." in page.find_element(By.ID, "truth").text, "what is shown stays"
    assert texts(page, "#reading h3") == ["mean", "attention"]


def test_a_mistake_says_whose_it_is(page: Chrome) -> None:
    said = []
    for place in range(8):
        Select(page.find_element(By.ID, "review")).select_by_index(place)
        said.append(page.find_element(By.ID, "truth").text)
    of = [re.findall("Among the surest mistakes of (.*?)[.]", one) for one in said]
    assert of == [[]] * 3 + [[name] for name in VARIANTS]


@pytest.mark.parametrize("width", [360, 1250])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_width_and_follows_light_and_dark(page: Chrome, width: int, scheme: str) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    name = page.find_element(By.CSS_SELECTOR, "#comparison tbody td").size
    assert 100 < name["width"] < 0.6 * width  # it stays in view while the table is moved
    assert name["height"] < 80
    shade = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (shade == "rgb(255, 255, 255)") == (scheme == "light")
    ink = "return getComputedStyle(document.querySelector('figure svg text')).fill"
    assert page.execute_script(ink) == page.execute_script("return getComputedStyle(document.body).color")


def test_every_control_has_a_name(page: Chrome) -> None:
    controls = page.find_elements(By.CSS_SELECTOR, "input, select, button, [tabindex]")
    assert len(controls) > 20
    assert [control.get_attribute("outerHTML") for control in controls if not control.accessible_name] == []


def test_words_are_found_in_the_lexicon(page: Chrome) -> None:
    def words() -> list[str]:
        return texts(page, "#lexicon-words tbody td:first-child")

    assert words()[:2] == ["superb", "dull"], "the strongest first"
    assert len(words()) == 5
    search = page.find_element(By.ID, "lexicon-search")
    search.send_keys("dull bold")
    assert words() == ["dull", "<b>bold</b>"]
    assert page.find_element(By.ID, "lexicon-found").text == "2 of 5 words"
    assert texts(page, "#lexicon-words tbody tr:first-child td")[1:] == ["2.50", "-3.00", "70"]
    Select(page.find_element(By.ID, "lexicon-variant")).select_by_visible_text("attention_entropy")
    assert texts(page, "#lexicon-words tbody tr:first-child td")[2] == "3.00"
    drawn = page.execute_script(
        "const c = document.getElementById('lexicon-plot');"
        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((byte) => byte > 0)"
    )
    assert drawn


def test_the_lexicon_is_drawn_anew_when_light_turns_dark(page: Chrome) -> None:
    def inks() -> int:
        """The pixels of the plot that are nearly white: the ink of the dark page, and none of the light one's."""
        return page.execute_script(
            "const c = document.getElementById('lexicon-plot');"
            "const copy = new OffscreenCanvas(c.width, c.height).getContext('2d');"
            "copy.drawImage(c, 0, 0);"
            "const bytes = copy.getImageData(0, 0, c.width, c.height).data;"
            "let found = 0;"
            "for (let i = 0; i < bytes.length; i += 4)"
            "  found += bytes[i + 3] > 200 && Math.min(bytes[i], bytes[i + 1], bytes[i + 2]) > 180;"
            "return found"
        )

    def turn(scheme: str) -> None:
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    turn("light")
    assert WebDriverWait(page, 5).until(lambda _: inks() == 0)
    turn("dark")
    assert WebDriverWait(page, 5).until(lambda _: inks() > 0)


def test_verdicts_come_first_and_are_text(page: Chrome) -> None:
    assert texts(page, "main section:first-child h2") == ["Verdicts"]
    assert texts(page, "#verdicts dd") == ["best beats <b>mean</b> by 16.0 points [15.0, 17.0]"]


def test_with_three_classes_the_probability_is_that_of_the_answer(chrome: Chrome, tmp_path: Path) -> None:
    given = {name: examples(name, ["a", "film"], 2, 0) for name in ("attention", "best")}
    answers = {"attention": [(0, 0.9), (0, 0.9)], "best": [(0, 0.5), (2, 0.8)]}
    for name, records in given.items():
        for record, (predicted, probability) in zip(records, answers[name], strict=True):
            record.update(predicted=predicted, probability=probability)
    path = tmp_path / "report.html"
    text = report_page(examples_by_variant=given, classes=("bad", "middling", "good"))
    path.write_text(text, encoding="utf-8")
    chrome.get(path.as_uri())
    choose(chrome, "#order", "disagreement of the answers")
    options = [option.text for option in Select(chrome.find_element(By.ID, "review")).options]
    assert [option.split(" ")[0] for option in options] == ["1.00", "0.40"], "other answers first"
    verdicts = sorted(texts(chrome, "#reading .verdict"))
    assert [verdict.split(", entropy")[0] for verdict in verdicts] == [
        "wrong: bad, P(bad) = 90.0 %",
        "wrong: good, P(good) = 80.0 %",
    ]
    assert chrome.get_log("browser") == []


@pytest.mark.parametrize("page_of", [attacked_report, attacked_examples, attacked_reading])
def test_a_page_runs_nothing_of_a_review(chrome: Chrome, tmp_path: Path, page_of: Callable[[], str]) -> None:
    (tmp_path / "page.html").write_text(page_of(), encoding="utf-8")
    chrome.get((tmp_path / "page.html").as_uri())
    touch_all(chrome)
    for element in chrome.find_elements(By.CSS_SELECTOR, "#lexicon-search"):
        element.send_keys("script onerror")
    assert ATTACKS[0] in chrome.find_element(By.TAG_NAME, "body").text
    for select in chrome.find_elements(By.CSS_SELECTOR, "select:not(#review)"):
        for option in Select(select).options:
            option.click()
            touch_all(chrome)
    if page_of is attacked_report:
        choose(chrome, "#order", "their order")
        for place, attack in enumerate(ATTACKS):
            shown = chrome.find_element(By.ID, "truth").get_property("textContent")
            assert shown == f"{attack}: truly {CLASSES[place % len(CLASSES)]}. {place + 1} of {len(ATTACKS)}."
            click(chrome, "#next")
            touch_all(chrome)
    assert chrome.get_log("browser") == []


def touch_all(chrome: Chrome) -> None:
    """What is shown is touched, and has run nothing and made no element."""
    chrome.execute_script(
        "for (const element of document.querySelectorAll('h3, .words, .review, span, td'))"
        "  for (const kind of ['mouseover', 'focus', 'click']) element.dispatchEvent(new Event(kind, {bubbles: true}))"
    )
    made = 'return document.querySelectorAll(\'img:not([src^="data:"]), iframe, base, a:not([href^="#"])\').length'
    assert chrome.execute_script(made) == 0
    assert chrome.execute_script("return window.ran === undefined")


def test_what_is_not_escaped_would_be_seen_to_run(chrome: Chrome, tmp_path: Path) -> None:
    for attack in (ATTACKS[0], ATTACKS[2], ATTACKS[3]):
        (tmp_path / "page.html").write_text(f"<!doctype html><p>{attack}", encoding="utf-8")
        chrome.get((tmp_path / "page.html").as_uri())
        assert WebDriverWait(chrome, 5).until(lambda page: page.execute_script("return window.ran"))
    chrome.get_log("browser")


@pytest.mark.parametrize(("width", "in_a_row"), [(320, 1), (390, 1), (800, 2), (1700, 3)])
def test_readings_stand_side_by_side_where_there_is_room(
    chrome: Chrome, tmp_path: Path, width: int, in_a_row: int
) -> None:
    readings = [Reading(name, "negative", 0.5, ["good"] * 40, [1 / 40] * 40, []) for name in "abc"]
    (tmp_path / "page.html").write_text(render_readings("A text", readings), encoding="utf-8")
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chrome.get((tmp_path / "page.html").as_uri())
    boxes = [article.rect for article in chrome.find_elements(By.TAG_NAME, "article")]
    no_wider = chrome.execute_script("return document.documentElement.scrollWidth") <= width
    chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert sum(box["y"] == boxes[0]["y"] for box in boxes) == in_a_row
    assert len({box["width"] for box in boxes}) == 1
    assert no_wider

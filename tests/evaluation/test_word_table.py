"""A ranking of words goes to CSV and back, and no spreadsheet computes what a review says."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from pipeline.evaluation.word_table import read_words, write_words

PLAIN = ["good", "=", "+", "-", "@", "--", "...", "n't", "'s", "'", '"', "a,b", "null", "nan", "7.5/10", "\u4eba"]
FORMULAS = [
    *("=cmd|'/c", "=1+1", "+1", "-2+3", "@sum(a1)", "-good", '=hyperlink("http://x","y")', "\uff1d1", "--x"),
    *("'=1", "''-good"),  # an apostrophe that a review wrote itself
]


@pytest.mark.parametrize("word", FORMULAS)
def test_a_spreadsheet_gets_text(tmp_path: Path, word: str) -> None:
    write_words(pd.DataFrame({"word": [word], "rank": [1]}), tmp_path / "words.csv")
    with (tmp_path / "words.csv").open(encoding="utf-8", newline="") as file:
        _, (cell, *_) = csv.reader(file)
    assert cell == f"'{word}"


def test_what_is_no_formula_stays_as_it_is(tmp_path: Path) -> None:
    table = pd.DataFrame({"word": PLAIN, "rank": range(len(PLAIN))})
    write_words(table, tmp_path / "words.csv")
    plain = table.assign(format=1).to_csv(index=False, lineterminator="\n")
    assert (tmp_path / "words.csv").read_text("utf-8") == plain


def test_names_of_classes_are_guarded_too_and_come_back(tmp_path: Path) -> None:
    names = ["=cmd|'/c", "\t=1+1", "good", "7"]
    write_words(pd.DataFrame({"scope": names, "pushes_to": names, "value": names}), tmp_path / "words.csv")
    with (tmp_path / "words.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert rows == [[cell] * 3 + ["1"] for cell in ("'=cmd|'/c", "'\t=1+1", "good", "7")], "and the format"
    back = read_words(tmp_path / "words.csv")
    assert all(list(back[column]) == names for column in ("scope", "pushes_to", "value"))


def test_the_words_come_back(tmp_path: Path) -> None:
    for words in (PLAIN + FORMULAS, ["7", "8"]):
        write_words(pd.DataFrame({"word": words, "mass": 0.5}), tmp_path / "words.csv")
        assert list(read_words(tmp_path / "words.csv")["word"]) == words
    write_words(pd.DataFrame(), tmp_path / "words.csv")
    assert read_words(tmp_path / "words.csv").empty

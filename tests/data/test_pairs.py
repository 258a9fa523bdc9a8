import hashlib
from pathlib import Path

import pytest

from pipeline.data.pairs import content_key, edited_tokens, read_pairs

ROWS = [
    ("Negative", "a \"dull' film", "4"),
    ("Positive", "a \"great' film", "4"),
    ("Positive", "good, null", "7"),
    ("Negative", "bad, null", "7"),
]


def written(
    folder: Path, rows: list[tuple[str, str, str]], header: str = "Sentiment\tText\tbatch_id"
) -> tuple[Path, str]:
    path = folder / "pairs.tsv"
    path.write_text("\n".join([header, *("\t".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_pair_is_a_review_and_its_edit(tmp_path: Path) -> None:
    table = read_pairs(*written(tmp_path, ROWS))
    assert table.to_dict("list") == {
        "pair": [4, 7],
        "label": [0, 1],
        "text": ["a \"dull' film", "good, null"],
        "edited_label": [1, 0],
        "edited_text": ["a \"great' film", "bad, null"],
    }


def test_another_file_is_refused(tmp_path: Path) -> None:
    path, digest = written(tmp_path, ROWS)
    path.write_text(path.read_text("utf-8").replace("great", "Great"), "utf-8")
    with pytest.raises(ValueError, match=f"its sha256 is [0-9a-f]{{64}}, and {digest} was expected"):
        read_pairs(path, digest)


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (ROWS, "Sentiment\tText\tid", "it has no column batch_id: Sentiment, Text, batch_id are needed"),
        ([("Neutral", "x", "1"), *ROWS], "", "Sentiment = 'Neutral': use one of Negative, Positive"),
        (ROWS[:3], "", "two rows, a review and its edit, of opposite labels"),
        ([ROWS[0], ROWS[0]], "", "two rows, a review and its edit, of opposite labels"),
    ],
)
def test_a_table_that_is_no_pairs_is_refused(
    tmp_path: Path, rows: list[tuple[str, str, str]], header: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_pairs(*written(tmp_path, rows, *([header] if header else [])))


@pytest.mark.parametrize(
    ("original", "edited", "expected"),
    [
        ("a dull film", "a great film", [False, True, False]),
        ("a film", "a great film , truly", [False, True, False, True, True]),
        ("a great film", "a film", [False, False]),
        ("it was good", "it was n't good", [False, False, True, False]),
        ("", "new words", [True, True]),
    ],
)
def test_edited_tokens_are_those_put_in(original: str, edited: str, expected: list[bool]) -> None:
    assert edited_tokens(original.split(), edited.split()).tolist() == expected


@pytest.mark.parametrize("text", ["<" * 1_000_000, "<a" * 500_000 + ">" + "<" * 500_000], ids=["open", "closed once"])
def test_a_megabyte_of_brackets_has_a_key_at_once(text: str) -> None:
    assert content_key(text) == ""


def test_a_key_is_what_is_left_without_tags() -> None:
    assert content_key("A <b>great</b> film, 10 > 9 <3") == "agreatfilm1093"

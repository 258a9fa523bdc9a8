"""A table of one's own becomes reviews, or one line that says what is wrong with it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.parquet import write_table
from ruamel.yaml import YAML

from pipeline.data import own_reviews
from pipeline.source import ROOT
from stages import reviews

ENTRY: dict[str, Any] = {
    **{"text": "text", "label": "label", "split": "", "group": "", "separator": ",", "classes": {}},
    **{"test_share": 0.25, "seed": 0},
}
HUNDRED = "text,label\n" + "".join(f"text {i},{'good' if i % 4 else 'bad'}\n" for i in range(100))


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(content: str | bytes, **entry: Any) -> pd.DataFrame:
        path = tmp_path / "mine.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = tmp_path / "reviews.parquet"
        write_table(own_reviews.read(path, **{**ENTRY, **entry}), out)
        return pd.read_parquet(out).assign(class_name=lambda t: [own_reviews.classes_of(out)[c] for c in t["label"]])

    return read


def test_a_csv_is_read_as_spreadsheets_write_it(read: Any) -> None:
    rows = ['\ufefflabel,"id",text', 'x,7,"One, ""two""\nthree"', "x,8,NA", " y ,9,null", "y,9,naïve 电影"]
    table = read("\r\n".join(rows) + "\r\n")
    assert list(table["text"]) == ['One, "two"\nthree', "NA", "null", "naïve 电影"]
    assert list(table["class_name"]) == ["x", "x", "y", "y"]
    assert list(table["name"]) == ["row 1", "row 2", "row 3", "row 4"]


def test_parquet_with_numbers_or_categories_as_labels_is_the_same_table(tmp_path: Path, read: Any) -> None:
    expected = read("text,label\na,1\nb,0\nc,1\nd,0\n")
    for labels in ([1, 0, 1, 0], pd.Categorical(["1", "0", "1", "0"])):
        path = tmp_path / "mine.parquet"
        pd.DataFrame({"text": list("abcd"), "label": labels, "other": [[1]] * 4}).to_parquet(path)
        assert own_reviews.read(path, **ENTRY).to_pydict() == expected.drop(columns="class_name").to_dict("list")


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        (["no", "yes", "maybe"], {}, ["maybe", "no", "yes"]),
        (["10", "9", "x"], {}, ["9", "10", "x"]),
        (["1", "-1"], {}, ["-1", "1"]),
        (["10.5", "nan", "9.5"], {}, ["9.5", "10.5", "nan"]),
        (["0", "1"], {"1": "good", "0": "bad"}, ["good", "bad"]),
        (["1", "2", "5"], {"1": "bad", "2": "bad", "5": "good"}, ["bad", "good"]),
    ],
)
def test_classes_are_in_the_order_of_their_labels_or_as_given(
    read: Any, labels: list[str], classes: dict[str, str], names: list[str]
) -> None:
    table = read("text,label\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels * 2)), classes=classes)
    assert dict(zip(table["label"], table["class_name"], strict=True)) == dict(enumerate(names))
    assert list(table["class_name"]) == [classes.get(label, label) for label in labels * 2]


def test_the_test_rows_are_drawn_from_each_class_and_the_seed_decides_which(read: Any) -> None:
    table = read(HUNDRED)
    assert table.query("split == 'test'")["class_name"].value_counts().to_dict() == {"good": 19, "bad": 7}
    assert read(HUNDRED).equals(table)
    assert not read(HUNDRED, seed=1)["split"].equals(table["split"])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=6, max_size=60), st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_no_group_is_in_two_splits_and_no_text_where_there_are_no_groups(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], seed: int
) -> None:
    path = tmp_path_factory.mktemp("own") / "mine.csv"
    path.write_text("group,label\n" + "".join(f"{group},{label}\n" for group, label in rows), encoding="utf-8")
    for entry in ({"text": "label", "group": "group"}, {"text": "group"}):
        try:
            table = own_reviews.read(path, **{**ENTRY, **entry, "seed": seed}).to_pandas()
        except ValueError:
            continue
        groups = [group for group, _ in rows]
        by_split = {split: {groups[row] for row in part.index} for split, part in table.groupby("split")}
        assert not by_split["train"] & by_split["test"]
        assert table.groupby("movie")["split"].nunique().max() == 1
        assert set(table.query("split == 'train'")["label"]) == set(table["label"])


def test_a_split_that_the_table_has_is_kept(read: Any) -> None:
    table = read("text,label,part\na,1,train\nb,2,train\nc,1, test\na,2,test\n", split="part")
    assert list(table["split"]) == ["train", "train", "test", "test"]


PARTS = "text,label,split,group\na,1,train,x\nb,2,train,y\nc,1,test,{}\nd,2,{},z\n"


@pytest.mark.parametrize(
    ("content", "entry", "message"),
    [
        ("text;label\na;1\n", {}, "it has no column 'text'; its columns are 'text;label'"),
        ("text,label,text\na,1,b\n", {}, "it has more than one column 'text'"),
        (",".join(["x" * 70] * 30) + "\n", {}, r"its columns are ('x{60}'\.\.\., ){20}and 10 more$"),
        ("text,label\na,1\nb\n", {}, "Row #3: Expected 2 columns, got 1"),
        ("text,label\nwell, yes,1\n", {}, "Row #2: Expected 2 columns, got 3: well, yes,1"),
        ("text,label\nok,1\nété,2\n".encode("latin-1"), {}, "it is not UTF-8: .*Row #3"),
        ("text,été\n".encode("latin-1"), {}, "the names of the columns are not UTF-8"),
        ("", {}, "Empty CSV file"),
        ("text,label\n", {}, "it has no rows"),
        (b"PAR1" + b"x" * 50, {}, "Parquet magic bytes not found"),
        (b"PAR1" + b"\x15\x04" * 40 + b"\x40\0\0\0PAR1", {}, "Couldn't deserialize thrift"),
        ("text,label\na,1\n ,2\n\u3000,1\nd,2\n", {}, r"no text \(column 'text'\) in row 2, 3$"),
        ("text,label\na,1\nb,\n", {}, r"no label \(column 'label'\) in row 2$"),
        ("text,label\na,1\nb,1\n", {}, "every row is of the class '1'"),
        ("text,label\na,1\nb,1\nc,2\n", {}, "less than two rows are of the class '2'"),
        ("text,label\na,1\nb,1\n", {"classes": {"1": "x", "2": "y"}}, "less than two rows are of the class 'y'"),
        ("text,label\na,1\nb,3\n", {"classes": {"1": "x"}}, "`classes` has nothing for the label '3'"),
        ("text,label\na,all\nb,1\nc,all\nd,1\n", {}, "a class cannot be called 'all'"),
        ("text,label\na,x\x1b[2Jy\nb,1\nc,1\nd,1\n", {}, r"control character in its name: 'x\\x1b\[2Jy'"),
        ("text,label\na,1\nb,2\n", {"classes": {"1": "x\ny", "2": "z"}}, r"control character in its name: 'x\\ny'"),
        ("text,label\na,1\na,1\nb,2\nb,2\n", {}, "no row is left to test on: each class is one group alone"),
        (PARTS.format("w", "dev"), {"split": "split"}, "split = 'dev': use train or test"),
        (
            PARTS.format("x", "test"),
            {"split": "split", "group": "group"},
            "a group stands in train and in .* row 1, 3$",
        ),
        (PARTS.replace("train,y", "test,y").format("w", "test"), {"split": "split"}, "to train on is of the class '2'"),
        (
            PARTS.replace("{}", "train", 1).replace("test", "train").format("train"),
            {"split": "split"},
            "left to test on$",
        ),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_file(
    read: Any, content: str | bytes, entry: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read(content, **entry)
    assert "mine.csv: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_long_list_of_rows_is_cut_short(read: Any) -> None:
    with pytest.raises(ValueError, match=r"in row 1, 2, 3, 4, 5 and 1,995 more$"):
        read("text,label\n" + ",1\n" * 2000)


def test_a_damaged_parquet_file_is_refused(read: Any) -> None:
    with pytest.raises(ValueError, match=r"mine\.csv: "):
        read(b"PAR1 and then nothing of it")


def test_a_class_that_turns_the_direction_of_writing_does_not_turn_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["sources"]["reviews"] = {"mine": {"path": "mine.csv"}}
    yaml.dump(params, tmp_path / "params.yaml")
    labels = ["b\u202ea", "\u202ea"] * 4
    rows = [f"{number},{label}" for number, label in enumerate(labels)]
    (tmp_path / "mine.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    reviews.main(source="mine", out=tmp_path / "reviews.parquet")
    said = capsys.readouterr().out
    assert "2 classes: b\ufffda, \ufffda" in said
    assert said.rstrip("\n").isprintable()

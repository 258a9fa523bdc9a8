"""A table of texts and labels of one's own, CSV or Parquet, as reviews that every later stage reads."""

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.data.own_table import read_columns
from pipeline.data.split import split_by_movie
from pipeline.data.tensors import CLASSES

if TYPE_CHECKING:
    import pyarrow as pa

NAMED = 5  # rows or values that a message names at most
ALL = "all"  # what tables call the reviews of every class together


def read(
    path: Path,
    *,
    text: str,
    label: str,
    split: str,
    group: str,
    separator: str,
    classes: Mapping[str, str],
    test_share: float,
    seed: int,
) -> "pa.Table":
    """Reads the table and, where it does not say which rows are for testing, draws them: as many of each class.

    Args:
        path: CSV in UTF-8, its first line the names of the columns, or Parquet.
        text: column of the texts.
        label: column of the labels.
        split: column of "train" and "test"; empty: the test rows are drawn.
        group: column; no group is in two splits. Empty: rows of the same text are a group.
        separator: of a CSV's columns.
        classes: the class of each label, in the order in which classes are numbered; empty: each label is a class, in
            numerical or alphabetical order.
        test_share: of the rows of each class, if they are drawn, whole groups at a time.
        seed: of that draw.

    Returns:
        A row per review in the order of the file: split ("train" or "test"), label (the number of the class), name
        ("row 1", the header not counted), movie (its group), text; the names of the classes are in the metadata.

    Raises:
        ValueError: what is wrong with the file, in one line.
    """
    import pyarrow as pa

    purposes = {"text": text, "label": label, "split": split, "group": group}
    try:
        table = read_columns(path, list(dict.fromkeys(filter(None, purposes.values()))), separator)
        columns = {purpose: table.column(name) for purpose, name in purposes.items() if name}
        _demand_content(columns, purposes)
        names, label_N = _labels(columns["label"].to_pylist(), classes)
        group_N = _numbered(columns.get("group", columns["text"]))
        test_N = _given(columns["split"]) if split else _drawn(label_N, group_N, test_share, seed)
        if group:
            _demand_whole_groups(group_N, test_N)
        if missing := set(range(len(names))) - set(label_N[~test_N].tolist()):
            raise ValueError(f"no row to train on is of the class {names[min(missing)]!r}")
        if not test_N.any():
            raise ValueError(f"no row is left to test on{'' if split else ': each class is one group alone'}")
    except (ValueError, OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:  # it is not there, or may not be read
            raise
        raise ValueError(f"{path}: {str(error).splitlines()[0]}") from None
    reviews = {
        "split": np.where(test_N, "test", "train"),
        "label": label_N.astype(np.int16),
        "name": [f"row {row + 1}" for row in range(len(label_N))],
        "movie": group_N.astype(str),
        "text": columns["text"],
    }
    return pa.table(reviews).replace_schema_metadata({"classes": json.dumps(names)})


def classes_of(reviews: Path) -> tuple[str, ...]:
    """The classes of a table of reviews: those that it names, else negative and positive."""
    from pyarrow.parquet import read_schema

    named = (read_schema(reviews).metadata or {}).get(b"classes")
    return tuple(json.loads(named)) if named else CLASSES


def _demand_content(columns: Mapping[str, Any], purposes: Mapping[str, str]) -> None:
    import pyarrow.compute as pc

    for purpose, column in columns.items():
        if not len(column):
            raise ValueError("it has no rows")
        blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)
        rows = np.flatnonzero(pc.fill_null(blank, True).to_numpy())
        if len(rows):
            raise ValueError(f"no {purpose} (column {purposes[purpose]!r}) in row {_listed(rows + 1)}")


def _labels(found: Sequence[str], classes: Mapping[str, str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The names of the classes, and the class of each row."""
    labels = [label.strip() for label in found]
    different = sorted(set(labels), key=_in_order)
    named = classes or {label: label for label in different}
    if unknown := [label for label in different if label not in named]:
        raise ValueError(f"`classes` has nothing for the label {_listed(unknown)}")
    names = list(dict.fromkeys(named.values()))
    if ALL in names:
        raise ValueError(f"a class cannot be called {ALL!r}: give it another name under `classes`")
    if hostile := [name for name in names if any(unicodedata.category(character) == "Cc" for character in name)]:
        raise ValueError(f"a class cannot have a control character in its name: {_listed(hostile)}; see `classes`")
    number = {label: names.index(name) for label, name in named.items()}
    label_N = np.array([number[label] for label in labels], dtype=np.int64)
    times_C = np.bincount(label_N, minlength=len(names))
    if len(names) < 2:
        raise ValueError(f"every row is of the class {names[0]!r}: two are needed at least")
    if (times_C < 2).any():
        few = [names[place] for place in np.flatnonzero(times_C < 2)]
        raise ValueError(f"less than two rows are of the class {_listed(few)}: one to train on, one to test on")
    return names, label_N


def _in_order(label: str) -> tuple[float, str]:
    """Numbers by their value, before all other labels."""
    try:
        value = float(label)
    except ValueError:
        value = math.inf
    return (math.inf if math.isnan(value) else value, label)


def _numbered(column: Any) -> npt.NDArray[np.int64]:
    """A number for each different value."""
    indices: npt.NDArray[np.int64] = column.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    return indices


def _given(column: Any) -> npt.NDArray[np.bool_]:
    """Which rows are to test on."""
    split_N = np.array([split.strip() for split in column.to_pylist()])
    if strange := sorted(set(split_N.tolist()) - {"train", "test"}):
        raise ValueError(f"split = {_listed(strange)}: use train or test; validation rows are drawn from train")
    test_N: npt.NDArray[np.bool_] = split_N == "test"
    return test_N


def _demand_whole_groups(group_N: npt.NDArray[np.int64], test_N: npt.NDArray[np.bool_]) -> None:
    if both := set(group_N[test_N].tolist()) & set(group_N[~test_N].tolist()):
        rows = np.flatnonzero(group_N == min(both)) + 1
        raise ValueError(f"a group stands in train and in test: row {_listed(rows)}")


def _drawn(
    label_N: npt.NDArray[np.int64], group_N: npt.NDArray[np.int64], share: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Groups at random, class by class; a group counts for the class of its first row, and the last one stays."""
    _, first, which_N = np.unique(group_N, return_index=True, return_inverse=True)
    stratum_N = label_N[first][which_N]
    test_N = np.zeros(len(label_N), dtype=bool)
    for stratum in np.unique(stratum_N):
        rows = np.flatnonzero(stratum_N == stratum)
        if len(np.unique(group_N[rows])) > 1:
            test_N[rows] = split_by_movie(group_N[rows].astype(str), share, seed)
    return test_N


def _listed(values: Sequence[Any] | npt.NDArray[Any]) -> str:
    shown = [str(value) if isinstance(value, np.integer) else repr(value) for value in list(values)[:NAMED]]
    return ", ".join(shown) + (f" and {len(values) - NAMED:,} more" if len(values) > NAMED else "")

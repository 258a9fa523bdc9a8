"""The number of the format of each kind of file that is written here and read back later.

Raise one when a reader of before would misread what is written from now on; what is of another format is then refused.
Format 1 of the results has no number in its files, so a file without one is of format 1. A folder has one number: the
tables of an evaluation belong to its by_seed.json, a history of epochs to its checkpoint.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TENSORS, RESULTS, STATE = "tensors", "results", "state of a training"
ATTENTION, TFIDF = "attention-classifier", "tfidf-classifier"
FORMATS = {TENSORS: 1, RESULTS: 1, STATE: 1, ATTENTION: 1, TFIDF: 1}


def check(kind: str, number: object, path: Path) -> None:
    """Refuses what another version wrote.

    Raises:
        ValueError: the number is not the one that this version writes.
    """
    known = FORMATS[kind]
    if number != known:
        newer = isinstance(number, int) and number > known
        advice = "a newer version wrote it: update, or run `dvc repro`" if newer else "run `dvc repro` to make it again"
        raise ValueError(f"{path} has format {number} of {kind}, this version reads {known}: {advice}")


@contextmanager
def reading(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Names the file in what is wrong with its content.

    Args:
        path: of the file that is read in the block.
        *errors: what its reader raises, beside ValueError, EOFError and an OSError that names no file.

    Raises:
        ValueError: it is no whole file of its kind.
    """
    caught: tuple[type[Exception], ...] = (ValueError, EOFError, OSError, *errors)
    try:
        yield
    except caught as error:
        if isinstance(error, OSError) and error.errno is not None:  # it is not there, or may not be read
            raise
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} is damaged or incomplete ({why}): run `dvc repro` to make it again") from None


def results_json(content: dict[Any, Any], indent: int = 2) -> str:
    """The text of a file of results, with its number where it is not 1."""
    number = {} if FORMATS[RESULTS] == 1 else {"format": FORMATS[RESULTS]}
    return json.dumps({**number, **content}, indent=indent) + "\n"


def read_results_json(path: Path) -> Any:
    """The content of a file of results; a list of records has no number of its own.

    Raises:
        ValueError: it is of another format, or damaged.
    """
    with reading(path):
        content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        check(RESULTS, content.pop("format", 1), path)
    return content


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """A table that this project wrote, or some of its columns.

    Raises:
        ValueError: it is damaged.
    """
    import pandas as pd

    with reading(path):
        return pd.read_parquet(path, columns=None if columns is None else list(columns))


def read_csv(path: Path) -> "pd.DataFrame":
    """A table that this project wrote as CSV.

    Raises:
        ValueError: it is damaged.
    """
    import pandas as pd

    with reading(path):
        return pd.read_csv(path)

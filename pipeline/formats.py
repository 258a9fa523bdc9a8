"""The number of the format of each kind of file that is written here and read back later.

Raise one when a reader of before would misread what is written from now on; what is of another format is then refused.
Each file has its number; one without is of format 1, as results and tables were once written.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TENSORS, RESULTS, TABLE, STATE = "tensors", "results", "tables", "state of a training"
ATTENTION, TFIDF = "attention-classifier", "tfidf-classifier"
FORMATS = {TENSORS: 1, RESULTS: 1, TABLE: 1, STATE: 1, ATTENTION: 1, TFIDF: 1}


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


def results_json(content: Mapping[Any, Any] | Sequence[Any], indent: int | None = 2) -> str:
    """The text of a file of results: its number, then the entries; a list is the entry "records"."""
    entries = content if isinstance(content, Mapping) else {"records": content}
    return json.dumps({"format": FORMATS[RESULTS], **entries}, indent=indent) + "\n"


def read_results_json(path: Path) -> Any:
    """What `results_json` was given.

    Raises:
        ValueError: it is of another format, or damaged.
    """
    with reading(path):
        content = json.loads(path.read_text(encoding="utf-8"))
    has_entries = isinstance(content, dict)
    check(RESULTS, content.pop("format", 1) if has_entries else 1, path)
    return content.get("records", content) if has_entries else content

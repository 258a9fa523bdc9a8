"""The number of the format of each kind of file that is written here and read back later.

Raise one when a reader of before would misread what is written from now on; what is of another format is then refused.
Format 1 of the results has no number in its files, so a file without one is of format 1. A folder has one number: the
tables of an evaluation belong to its by_seed.json, a history of epochs to its checkpoint.
"""

import json
from pathlib import Path
from typing import Any

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


def results_json(content: dict[Any, Any], indent: int = 2) -> str:
    """The text of a file of results, with its number where it is not 1."""
    number = {} if FORMATS[RESULTS] == 1 else {"format": FORMATS[RESULTS]}
    return json.dumps({**number, **content}, indent=indent) + "\n"


def read_results_json(path: Path) -> Any:
    """The content of a file of results; a list of records has no number of its own.

    Raises:
        ValueError: it is of another format.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        check(RESULTS, content.pop("format", 1), path)
    return content

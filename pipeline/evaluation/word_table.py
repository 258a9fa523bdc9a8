"""Words of reviews and names of classes as CSV: people open it in a spreadsheet, which must run none of them."""

import re
from pathlib import Path

import pandas as pd

from pipeline.data.tables import read_csv, write_csv

COLUMNS = ("word", "scope", "pushes_to", "value")  # that hold what others wrote
# What a spreadsheet would compute: a sign, its full width too, with something behind it. A sign alone is text to it.
_FORMULA = re.compile(r"'*\s*[=+\-@\uff1d\uff0b\uff0d\uff20].*\w", re.DOTALL)
_GUARDED = re.compile(rf"'{_FORMULA.pattern}", re.DOTALL)


def write_words(table: pd.DataFrame, path: Path) -> None:
    """Writes the table; a text that a spreadsheet would compute gets an apostrophe before it, which makes it text."""
    for name in filter(table.columns.__contains__, COLUMNS):
        table = table.assign(**{name: [f"'{text}" if _FORMULA.match(text) else text for text in table[name]]})
    write_csv(table, path)


def read_words(path: Path) -> pd.DataFrame:
    """What `write_words` wrote, as it was; "null" and "nan" are words, an empty file is an empty table."""
    if not path.read_text(encoding="utf-8").strip():
        return pd.DataFrame()
    table = read_csv(path, keep_default_na=False, dtype=dict.fromkeys(COLUMNS, str))
    for name in filter(table.columns.__contains__, COLUMNS):
        table = table.assign(**{name: [text[1:] if _GUARDED.match(text) else text for text in table[name]]})
    return table

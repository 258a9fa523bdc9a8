"""The ranking of attended words as CSV: people open it in a spreadsheet, which must run no word of a review."""

import re
from pathlib import Path

import pandas as pd

# What a spreadsheet would compute: a sign, its full width too, with something behind it. A sign alone is text to it.
_FORMULA = re.compile(r"'*[=+\-@\uff1d\uff0b\uff0d\uff20].*\w", re.DOTALL)
_GUARDED = re.compile(rf"'{_FORMULA.pattern}", re.DOTALL)


def write_words(table: pd.DataFrame, path: Path) -> None:
    """Writes the table; a word that a spreadsheet would compute gets an apostrophe before it, which makes it text."""
    if "word" in table:
        table = table.assign(word=[f"'{word}" if _FORMULA.match(word) else word for word in table["word"]])
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def read_words(path: Path) -> pd.DataFrame:
    """What `write_words` wrote, as it was; "null" and "nan" are words, an empty file is an empty table."""
    if not path.read_text(encoding="utf-8").strip():
        return pd.DataFrame()
    table = pd.read_csv(path, keep_default_na=False, dtype={"word": str})
    return table.assign(word=[word[1:] if _GUARDED.match(word) else word for word in table["word"]])

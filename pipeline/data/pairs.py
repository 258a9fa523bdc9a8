"""Reviews and their minimal edits to the opposite label: which words a label hangs on, without anyone underlining them.

Kaushik et al. 2020, "Learning the Difference that Makes a Difference with Counterfactually-Augmented Data".
"""

import csv
import difflib
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("Sentiment", "Text", "batch_id")
LABELS = {"Negative": 0, "Positive": 1}
KEY_LENGTH = 120  # letters and digits that tell a review from any other
_TAG = re.compile(r"<[^>]*>")


def read_pairs(file: Path, sha256: str) -> "pd.DataFrame":
    """Reads a paired file of the data set: tab-separated, two rows per batch_id, the original above its edit.

    Args:
        file: with the columns of ``COLUMNS``.
        sha256: of the file.

    Returns:
        a row per pair: pair, label, text, edited_label, edited_text.

    Raises:
        ValueError: the file has another digest, other columns or labels, or a review without one edit.
    """
    import pandas as pd

    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(f"its sha256 is {found}, and {sha256} was expected")
    table = pd.read_csv(file, sep="\t", quoting=csv.QUOTE_NONE, dtype=str)
    if missing := set(COLUMNS) - set(table.columns):
        raise ValueError(f"it has no column {', '.join(sorted(missing))}: {', '.join(COLUMNS)} are needed")
    if strange := set(table["Sentiment"]) - set(LABELS):
        raise ValueError(f"Sentiment = {sorted(strange)[0]!r}: use one of {', '.join(LABELS)}")
    table["label"] = table["Sentiment"].map(LABELS)
    originals, edits = (table[table.groupby("batch_id").cumcount() == place] for place in (0, 1))
    pairs = originals.merge(edits, on="batch_id", suffixes=("", "_edited"))
    if 2 * len(pairs) != len(table) or (pairs["label"] == pairs["label_edited"]).any():
        raise ValueError("each batch_id must have two rows, a review and its edit, of opposite labels")
    columns = {"batch_id": "pair", "label": "label", "Text": "text"}
    columns |= {"label_edited": "edited_label", "Text_edited": "edited_text"}
    return pairs[list(columns)].rename(columns=columns).astype({"pair": "int64"})


def content_key(text: str) -> str:
    """What two copies of a review have in common, whatever was done to their spaces, quotes and line breaks."""
    tagged, end, rest = text.rpartition(">")  # of a million "<", each would be followed to its end
    return "".join(filter(str.isalnum, (_TAG.sub(" ", tagged + end) + rest).lower()))[:KEY_LENGTH]


def edited_tokens(original: Sequence[str], edited: Sequence[str]) -> npt.NDArray[np.bool_]:
    """(tokens of the edit,) True where a token was put in or took another's place; the longest common runs stay."""
    changed = np.ones(len(edited), dtype=bool)
    for run in difflib.SequenceMatcher(None, original, edited, autojunk=False).get_matching_blocks():
        changed[run.b : run.b + run.size] = False
    return changed

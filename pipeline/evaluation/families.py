"""What kind of model a variant is, told from its entry in params.yaml, and the colour of that kind in every figure."""

from collections.abc import Mapping
from typing import Any

UNIFORM = "uniform weights"
GLOBAL = "global query"
TEXT = "text query"
RANDOM = "random query"
OTHER = "of one's own"
RECURRENT = "recurrent"
TRAINED = "trained embeddings"
TFIDF = "TF-IDF"

# Okabe and Ito's palette, but for its black, which a dark page swallows: told apart by colour-blind readers, and on
# white as on black.
COLOURS = {
    UNIFORM: "#8c8c8c",
    GLOBAL: "#0072b2",
    TEXT: "#e69f00",
    RANDOM: "#96704c",
    OTHER: "#56b4e9",
    RECURRENT: "#009e73",
    TRAINED: "#cc79a7",
    TFIDF: "#d55e00",
}


def family(entry: Mapping[str, Any]) -> str:
    """The kind of a variant: one of the keys of ``COLOURS``.

    Args:
        entry: the variant's entry in params.yaml, as plain dicts; parts that are left out have their defaults.
    """
    if entry.get("family") == "tfidf":
        return TFIDF
    if entry.get("embeddings") == "trainable":
        return TRAINED
    if _kind(entry, "encoder") in ("lstm", "gru"):
        return RECURRENT
    if _kind(entry, "encoder") == "own":
        return OTHER
    return {"none": UNIFORM, "global": GLOBAL, "random": RANDOM, "text": TEXT}.get(_kind(entry, "query"), OTHER)


def _kind(entry: Mapping[str, Any], part: str) -> str:
    return str(entry.get(part, {}).get("kind", "none"))

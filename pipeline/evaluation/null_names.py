"""What a null model is called beside its variant: a slash stands in no variant's name."""

from collections.abc import Mapping
from typing import Any

KINDS = ("uniform", "random")  # how attention can be that is never learned


def null_name(variant: str, kind: str) -> str:
    """("attention", "uniform") -> "attention/uniform"."""
    return f"{variant}/{kind}"


def variant_and_kind(name: str) -> tuple[str, str]:
    """Of "attention/uniform": ("attention", "uniform"); the kind of a variant itself is ""."""
    variant, _, kind = name.partition("/")
    return variant, kind


def inherited_nulls(variants: Mapping[str, Mapping[str, Any]], parents: Mapping[str, str]) -> dict[str, str]:
    """Null models that two variants share, because one differs from the other in a term that does not reach them.

    Equal weights have the same entropy whatever is learned. Those of a query that is drawn by chance have too, over
    frozen word vectors; a recurrent layer and trained vectors would learn to change it.

    Args:
        variants: the entries of params.yaml as plain dicts, by name.
        parents: of a variant with an entropy weight, the variant without.
    """
    found = {null_name(variant, "uniform"): null_name(parent, "uniform") for variant, parent in parents.items()}
    for variant, parent in parents.items():
        if variants[variant]["encoder"]["kind"] == "none" and variants[variant]["embeddings"] == "frozen":
            found[null_name(variant, "random")] = null_name(parent, "random")
    return found

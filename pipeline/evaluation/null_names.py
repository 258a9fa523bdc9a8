"""What a null model is called beside its variant: a slash stands in no variant's name."""

KINDS = ("uniform", "random")  # how attention can be that is never learned


def null_name(variant: str, kind: str) -> str:
    """("attention", "uniform") -> "attention/uniform"."""
    return f"{variant}/{kind}"


def variant_and_kind(name: str) -> tuple[str, str]:
    """Of "attention/uniform": ("attention", "uniform"); the kind of a variant itself is ""."""
    variant, _, kind = name.partition("/")
    return variant, kind

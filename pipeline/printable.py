"""Text of others on a terminal."""


def printable(text: str) -> str:
    """A text without what a terminal would obey: control characters, escape sequences, changes of direction."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)

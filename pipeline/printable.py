"""Text of others on a terminal, and what of our own shall not get there."""

import re

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def printable(text: str) -> str:
    """A text without what a terminal would obey: control characters, escape sequences, changes of direction."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def without_credentials(text: str) -> str:
    """The same with "***@" for the user and the password in every address: logs are read by many."""
    return _CREDENTIALS.sub("***@", text)

"""Text of others on a terminal, and what of our own shall not get there."""

import re

_CREDENTIALS = re.compile(  # in a web address they end before its path, in that of a database they may have any sign
    r"(https?://)[^/\s?#]+@|(?<!http)(?<!https)(://)[^/\s]\S*@"
)


def printable(text: str) -> str:
    """A text without what a terminal would obey: control characters, escape sequences, changes of direction."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def without_credentials(text: str) -> str:
    """The same with "***@" for the user and the password in every address: logs are read by many."""
    return _CREDENTIALS.sub(r"\1\2***@", text)


def cause(error: BaseException) -> str:
    """The first line of what an error says, fit for a terminal and a log."""
    return printable(without_credentials((str(error).strip() or type(error).__name__).splitlines()[0]))

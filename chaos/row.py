"""A row of the table that trials make."""

from typing import NamedTuple


class Row(NamedTuple):
    """What was tried, and what came of it.

    Attributes:
        tried: in words.
        times: how often.
        held: in words.
        failed: whether anything did not hold.
    """

    tried: str
    times: int
    held: str
    failed: bool = False

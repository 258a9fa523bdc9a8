"""How a property of this folder is written: as many cases as the profile says, and each that held is counted."""

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

HELD: Counter[str] = Counter()  # cases by property: what was run, not what was asked for


def refusal(call: Callable[[], object]) -> str:
    """The words in which the user's mistake is refused; none if nothing is. Any other error fails the test."""
    try:
        call()
    except ValueError as error:
        if type(error) is not ValueError:  # such as of Unicode: no words for a person
            raise
        return str(error)
    return ""


def holds_for(**strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test that is called with values drawn from the strategies, by name."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
        @given(**strategies)
        @functools.wraps(test)
        def counted(*args: Any, **drawn: Any) -> None:
            test(*args, **drawn)
            HELD[test.__name__.removeprefix("test_").replace("_", " ")] += 1

        return counted

    return decorate

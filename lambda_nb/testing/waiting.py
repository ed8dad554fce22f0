"""Waits until something has happened; what did happen is told if it has not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_LOOK_EVERY_S = 0.02

Thing = TypeVar("Thing")


class NotHappened(AssertionError):  # noqa: N818  (a failed expectation, as a test words it)
    """What a test waited for did not happen; the message tells what did."""


def until(
    look: Callable[[], list[Thing]], count: int, timeout: float, missing: Callable[[int], str]
) -> list[Thing]:
    """Look again and again until there are enough.

    Parameters
    ----------
    look
        What there is now.
    count
        How many are enough.
    timeout
        How long to wait, s.
    missing
        What to say when the time is over, given how many there are.

    Raises
    ------
    NotHappened
        The time is over.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if len(found) >= count:
            return found
        if time.monotonic() >= deadline:
            raise NotHappened(missing(len(found)))
        time.sleep(_LOOK_EVERY_S)

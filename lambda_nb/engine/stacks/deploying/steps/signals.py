"""Waits for the signals that a resource's ``CreationPolicy`` asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Refused

Signals = Mapping[str, str]
"""Statuses of the signals that a resource got, by their senders."""

_DEFAULT_TIMEOUT = "PT5M"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def seconds(duration: str) -> int:
    """The seconds of an ISO 8601 duration.

    Raises
    ------
    Refused
        It is none.

    Examples
    --------
    >>> seconds("PT1H30M")
    5400
    """
    found = _DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        raise Refused(f"Timeout is {duration!r}, not a duration such as PT15M.", "InvalidRequest")
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def await_signals(
    policy: Mapping[str, Any] | None,
    look: Callable[[], Signals],
    wait: Callable[[Callable[[], bool | None], str, float], bool],
) -> None:
    """Return when all signals came.

    Parameters
    ----------
    policy
        The resource's ``CreationPolicy``.
    look
        Returns the signals that came so far.
    wait
        As :meth:`~lambda_nb.engine.stacks.types.context.Context.wait`.

    Raises
    ------
    Refused
        A signal says failure, or too few came in time.
    """
    asked = (policy or {}).get("ResourceSignal")
    if asked is None:
        return
    count = int(asked.get("Count", 1))

    def enough() -> bool | None:
        came = look()
        failed = sum(status == "FAILURE" for status in came.values())
        if failed:
            raise Refused(f"Received {failed} FAILURE signal(s) out of {count}.")
        return True if len(came) >= count else None

    try:
        wait(enough, "signals", seconds(str(asked.get("Timeout", _DEFAULT_TIMEOUT))))
    except Refused as refused:
        if refused.code != "NotStabilized":
            raise
        missing = count - len(look())
        raise Refused(
            f"Failed to receive {missing} resource signal(s) within the specified duration"
        ) from None

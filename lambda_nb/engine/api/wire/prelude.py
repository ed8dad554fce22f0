"""The prelude of a streamed response of a function: JSON with its status and headers, then zeros.

Function URLs and REST APIs read it (REST API guide, "Set up a Lambda proxy integration with
payload response streaming").
"""

from __future__ import annotations

import json
from typing import Any

END = b"\0" * 8


class BadPrelude(ValueError):  # noqa: N818
    """What a stream begins with is no prelude; the message says why."""


class Prelude:
    """Collects the prelude of one stream.

    Parameters
    ----------
    longest
        Bytes in which it must end; ``None`` for any number.

    Examples
    --------
    >>> prelude = Prelude()
    >>> prelude.take(b'{"statusCode"') is None
    True
    >>> prelude.take(b": 201}" + END + b"body")
    ({'statusCode': 201}, b'body')
    """

    def __init__(self, longest: int | None = None) -> None:
        self._longest = longest
        self._taken = bytearray()

    def take(self, data: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Take bytes of the stream.

        Returns
        -------
        tuple of dict and bytes, or None
            Once the prelude is complete: what it says, and what came after it.

        Raises
        ------
        BadPrelude
            It is no JSON object, or too long.
        """
        searched = max(0, len(self._taken) - len(END) + 1)
        self._taken += data
        end = self._taken.find(END, searched)
        known = len(self._taken) if end < 0 else end
        if self._longest is not None and known > self._longest:
            raise BadPrelude(f"the stream has no prelude in its first {self._longest} bytes")
        if end < 0:
            return None
        return _object(bytes(self._taken[:end])), bytes(self._taken[end + len(END) :])


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPrelude(f"the prelude is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadPrelude("the prelude must be a JSON object")
    return value

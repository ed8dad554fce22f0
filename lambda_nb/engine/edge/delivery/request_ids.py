"""Ids of requests, as ``X-Amz-Cf-Id`` and logs have them."""

from __future__ import annotations

import base64
import os

_BYTES = 40
_POOL = 128


class _Pool:
    """Ids, made many at a time: a kernel call for each would show in a cache hit."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def take(self) -> str:
        """An id that nobody has had."""
        if not self._ids:
            drawn = os.urandom(_BYTES * _POOL)
            self._ids = [
                base64.urlsafe_b64encode(drawn[at : at + _BYTES]).decode()
                for at in range(0, len(drawn), _BYTES)
            ]
        return self._ids.pop()


request_id = _Pool().take
"""An opaque text of 56 characters that no other request has."""

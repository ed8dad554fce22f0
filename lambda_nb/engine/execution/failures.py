"""Frames of functions that failed lately, with their variables, for a debugger (post-mortem).

In memory only: variables are people's data. Only an engine with ``--keep-frames`` has this.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_FAILURES = 100
"""Failures that are kept, the latest."""
MOST_BYTES = 32 << 20
"""Of all failures together."""


@dataclass(frozen=True, slots=True)
class _Failure:
    function: str
    version: str
    runtime: str
    frames: bytes


class Failures:
    """The frames of the latest failures, by request."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Failure] = OrderedDict()
        self._bytes = 0

    def keep(
        self, request_id: str, function: str, version: str, runtime: str, frames: bytes
    ) -> None:
        """Keep the frames of a failed invocation; the oldest make room. Empty: there are none."""
        self._drop(request_id)  # an attempt before this one
        self._kept[request_id] = _Failure(function, version, runtime, frames)
        self._bytes += len(frames)
        while len(self._kept) > MOST_FAILURES or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Keep none of them any more."""
        self._kept.clear()
        self._bytes = 0

    def told(self, query: Mapping[str, str]) -> dict[str, Any] | None:
        """What is known of one failure; ``None`` if it is not kept.

        Parameters
        ----------
        query
            ``request``, an id; or ``function``, a name: the latest failure of that.

        Raises
        ------
        ValueError
            Neither is given.
        """
        request_id = query.get("request", "")
        if not request_id:
            if not query.get("function"):
                raise ValueError("request=ID or function=NAME is needed")
            of_function = (
                one for one in reversed(self._kept) if self._kept[one].function == query["function"]
            )
            request_id = next(of_function, "")
        found = self._kept.get(request_id)
        if found is None:
            return None
        return {
            "request_id": request_id,
            "function": found.function,
            "version": found.version,
            "runtime": found.runtime,
            "frames": _read(found.frames),
        }

    def _drop(self, request_id: str) -> None:
        if (dropped := self._kept.pop(request_id, None)) is not None:
            self._bytes -= len(dropped.frames)


def _read(frames: bytes) -> Any:
    """What the runtime sent; ``None`` if that is nothing that can be read."""
    try:
        return json.loads(frames) if frames else None
    except (ValueError, RecursionError):
        return None

"""The execution environments of a function over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.notebook.connection.invocation_log import Record

_STATES = ("initialising", "running", "idle")


@dataclass
class _Environment:
    """One environment; times in epoch seconds. ``ended`` is None while it lives."""

    version: str
    began: float
    used: float
    state: str = "gone"
    ended: float | None = None


class Environments:
    """Remembers environments that were seen, so that those that are gone keep their row.

    An engine tells those that live; invocations tell of others. When one ended before anybody
    looked, its end is the end of its last invocation.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Environment] = {}

    def rows(
        self,
        living: Iterable[Mapping[str, Any]],
        records: Sequence[Record],
        now: float,
        window_s: float,
    ) -> list[dict[str, Any]]:
        """Rows of ``IActivity.environments``, the oldest first.

        Parameters
        ----------
        living
            As the engine's status tells; empty where nobody tells.
        records
            The invocations of the window, by arrival.
        now
            Epoch seconds.
        window_s
            Seconds; environments that ended before are left out.
        """
        for record in records:
            if record.environment:
                known = self._known.setdefault(
                    record.environment, _Environment(record.version, record.arrival, record.finish)
                )
                known.used = max(known.used, record.finish)
                known.began = min(known.began, record.arrival)
                if known.ended is not None and known.used > known.ended:
                    known.ended = None  # it was not the end
        here = set()
        for one in living:
            name = one["log_stream"]
            here.add(name)
            known = self._known.setdefault(name, _Environment(one["version"], one["created"], now))
            known.began = min(known.began, one["created"])
            known.state, known.ended = one["state"] if one["state"] in _STATES else "gone", None
        for name, known in list(self._known.items()):
            if name not in here and known.ended is None:
                known.ended = now if known.state != "gone" else known.used
                known.state = "gone"
            if known.ended is not None and known.ended < now - window_s:
                del self._known[name]
        return [
            {
                "id": name,
                "version": known.version,
                "began_at": int(known.began * 1000),
                "ended_at": None if known.ended is None else int(known.ended * 1000),
                "state": known.state,
            }
            for name, known in sorted(self._known.items(), key=lambda item: item[1].began)
        ]

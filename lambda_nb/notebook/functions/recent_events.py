"""The events that a function got lately, as its engine remembers them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, overload
from urllib.parse import urlencode

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Clients, engine_status
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.events.origin import Origin, origin
from lambda_nb.rules.pricing import Usage, bill

if TYPE_CHECKING:
    import pandas as pd

NOT_KEPT = "only an engine of lambda_nb remembers events; AWS does not keep what functions got"
"""Why there are none elsewhere."""

_RIGHT = ("records", "duration", "cost")
_SHOWN = 50


@dataclass(frozen=True)
class Arrived:
    """One event that reached a function, and what became of it.

    Attributes
    ----------
    time
        When it arrived.
    request_id, version
        The invocation, and the version that ran.
    event, response
        The event, and what the function returned (or its error object).
    origin
        Where it came from.
    attempt
        1, or more if it was tried again.
    status
        ``success``, ``error``, ``timeout``, ``throttled``, ``running`` ...
    error_type
        The type of the error, or the reason of the throttle.
    duration, billed
        Seconds.
    cost
        Dollars for request and duration, without the free tier (us-east-1).
    init
        Seconds of the init phase; None if the start was warm.
    """

    time: datetime
    request_id: str
    version: str
    event: Any
    response: Any
    origin: Origin
    attempt: int
    status: str
    error_type: str
    duration: float
    billed: float
    cost: float
    init: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the function succeeded."""
        return self.status == "success"

    @property
    def outcome(self) -> str:
        """Status, error and attempt in a few words."""
        words = self.error_type or self.status
        return f"{words} (attempt {self.attempt})" if self.attempt > 1 else words

    def row(self) -> dict[str, str]:
        """The event as a row of a table."""
        return {
            "time": self.time.astimezone().strftime("%H:%M:%S.%f")[:-3],
            "from": " ".join(part for part in self.origin[:2] if part),
            "what": self.origin.what,
            "records": str(self.origin.records),
            "outcome": self.outcome,
            "duration": display.milliseconds(self.duration * 1000) if self.duration else "",
            "cost": display.dollars(self.cost) if self.billed else "",
        }


class Events(Sequence[Arrived]):
    """Events of a function, the oldest first.

    Parameters
    ----------
    function
        The function's name.
    arrived
        The events.
    dropped
        How many older ones the engine has forgotten.
    """

    def __init__(self, function: str, arrived: Sequence[Arrived], dropped: int = 0) -> None:
        self.function = function
        self.dropped = dropped
        self._arrived = list(arrived)

    @overload
    def __getitem__(self, at: int) -> Arrived: ...

    @overload
    def __getitem__(self, at: slice) -> Events: ...

    def __getitem__(self, at: int | slice) -> Arrived | Events:
        """One event, or some of them."""
        if isinstance(at, slice):
            return Events(self.function, self._arrived[at], self.dropped)
        return self._arrived[at]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._arrived)

    def to_frame(self) -> pd.DataFrame:
        """A table: time (UTC), source, place, what, records, outcome, seconds and dollars."""
        import pandas as pd

        columns = {
            "time": [one.time for one in self],
            "source": [one.origin.source for one in self],
            "place": [one.origin.place for one in self],
            "what": [one.origin.what for one in self],
            "records": [one.origin.records for one in self],
            "attempt": [one.attempt for one in self],
            "status": [one.status for one in self],
            "error_type": [one.error_type for one in self],
            "duration_s": [one.duration for one in self],
            "billed_s": [one.billed for one in self],
            "cost_usd": [one.cost for one in self],
            "request_id": [one.request_id for one in self],
        }
        frame: pd.DataFrame = pd.DataFrame(columns)
        return frame

    def _head(self) -> str:
        failed = sum(not one.ok and one.status != "running" for one in self)
        opens = f"%lambda debug {self.function} --failure opens the latest failure"
        words = [display.count(len(self), "event"), f"{failed} failed · {opens}" if failed else ""]
        if len(self) > _SHOWN:
            words.append(f"the last {_SHOWN} are shown")
        if self.dropped:
            words.append(f"{self.dropped} older ones are no longer kept")
        return " · ".join(word for word in words if word)

    def __repr__(self) -> str:
        if not self:
            return _none(self.function)
        table = display.text_table([one.row() for one in self[-_SHOWN:]], _RIGHT)
        return f"{self.function}: {self._head()}\n{table}"

    def _repr_html_(self) -> str:
        if not self:
            return display.card(display.line(display.dim(_none(self.function))))
        return display.card(
            display.line(display.bold(self.function), display.dim(self._head())),
            display.table([one.row() for one in self[-_SHOWN:]], _RIGHT),
        )


def _none(function: str) -> str:
    return f"no events have reached {function} in this time"


def read(clients: Clients, function: str, since: datetime | None, limit: int) -> Events:
    """The latest events of a function.

    Parameters
    ----------
    clients
        The notebook's connection.
    function
        Its name.
    since
        Only later ones.
    limit
        How many at most.

    Raises
    ------
    UsageError
        The endpoint is no engine of lambda_nb: AWS keeps no events.
    """
    asked = {"function": function, "limit": str(limit)}
    if since is not None:
        asked["since"] = str(since.timestamp())
    with aws_errors():
        told = engine_status(clients.client(), f"events?{urlencode(asked)}")
    if told is None or "events" not in told:
        raise UsageError(NOT_KEPT)
    return Events(function, [_arrived(one) for one in told["events"]], told["dropped"])


def _arrived(told: Mapping[str, Any]) -> Arrived:
    event = _value(told["payload"])
    billed_s = told["billed_ms"] / 1000
    gb_s = {told["architecture"] or "x86_64": billed_s * told["memory_mb"] / 1024}
    return Arrived(
        time=datetime.fromtimestamp(told["arrived"], timezone.utc),
        request_id=told["request_id"],
        version=told["version"],
        event=event,
        response=_value(told["response"]),
        origin=origin(event, told["source"]),
        attempt=told["attempt"],
        status=told["status"],
        error_type=told["error_type"],
        duration=told["duration_ms"] / 1000,
        billed=billed_s,
        cost=sum(bill(Usage(requests=1, gb_s=gb_s)).values()),
        init=None if told["init_ms"] is None else told["init_ms"] / 1000,
    )


def _value(text: str) -> Any:
    content = base64.b64decode(text)
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content

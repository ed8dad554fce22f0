"""``messages``: what AWS would have sent to people (mails, texts, notifications of phones)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, overload

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.errors import UsageError, aws_errors

GROUP = "/lambda-nb/messages"
"""The log group in which an engine keeps them."""
CHANNELS = ("email", "sms", "push")
_SHOWN = 50
_LONGEST = 100


class Messages(Sequence[Mapping[str, Any]]):
    """Messages to people, the oldest first; each is a dict.

    Parameters
    ----------
    found
        The messages; ``time`` is when each was sent.
    """

    def __init__(self, found: Sequence[Mapping[str, Any]]) -> None:
        self._found = list(found)

    @overload
    def __getitem__(self, at: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, at: slice) -> Messages: ...

    def __getitem__(self, at: int | slice) -> Mapping[str, Any] | Messages:
        """One of them, or some."""
        return Messages(self._found[at]) if isinstance(at, slice) else self._found[at]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def to(self, person: str) -> Messages:
        """Those to a person: an address, a number, or a part of it."""
        return Messages([one for one in self._found if person in str(one.get("to", ""))])

    def _rows(self) -> list[dict[str, str]]:
        return [
            {
                "time": one["time"].astimezone().strftime("%H:%M:%S"),
                "channel": str(one.get("channel", "")),
                "to": _short(one.get("to", "")),
                "subject": _short(one.get("subject") or ""),
                "text": _short(one.get("text", "")),
            }
            for one in self._found[-_SHOWN:]
        ]

    def __repr__(self) -> str:
        return display.text_table(self._rows()) if self._found else _NONE

    def _repr_html_(self) -> str:
        if not self._found:
            return display.card(display.line(display.dim(_NONE)))
        return display.card(display.table(self._rows()))


_NONE = "nothing would have been sent to anybody yet"


def messages(channel: str | None = None, *, client: Any = None) -> Messages:
    """What AWS would have sent to people: nothing leaves this machine, the engine keeps it.

    Parameters
    ----------
    channel
        ``"email"``, ``"sms"`` or ``"push"``; default: all.
    client
        A boto3 Lambda client; default: the notebook's connection.

    Returns
    -------
    Messages
        The oldest first, each a dict with ``time``, ``channel``, ``to``, ``text`` ...

    Raises
    ------
    UsageError
        There is no such channel.
    """
    if channel is not None and channel not in CHANNELS:
        raise UsageError(f"{channel!r} is no channel; there are {', '.join(CHANNELS)}")
    through = of_notebook("what was sent to people") if client is None else Beside(client)
    logs = through.client("logs")
    asked = {"logGroupName": GROUP, **({"logStreamNames": [channel]} if channel else {})}
    found: list[dict[str, Any]] = []
    with aws_errors():
        try:
            for page in logs.get_paginator("filter_log_events").paginate(**asked):
                for event in page["events"]:
                    time = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
                    found.append({"time": time, **json.loads(event["message"])})
        except logs.exceptions.ResourceNotFoundException:  # nobody has sent anything
            return Messages([])
    return Messages(sorted(found, key=lambda one: one["time"]))


def _short(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value)).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

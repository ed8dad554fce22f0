"""Messages to people (mail, text messages, mobile push) are kept and shown: nothing leaves here.

Each becomes one JSON line in the log group ``/lambda-nb/messages``, in the stream of its channel.
So a person reads it, and a program finds it, by the API of CloudWatch Logs.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from typing import Any

GROUP = "/lambda-nb/messages"
EMAIL, SMS, PUSH = "email", "sms", "push"


def keep(account: str, region: str, channel: str, **message: Any) -> None:
    """Keep one message to a person.

    Parameters
    ----------
    channel
        :data:`EMAIL`, :data:`SMS` or :data:`PUSH`.
    message
        What a person wants to see: ``to``, ``text``, ``subject``...
    """
    write(account, region, GROUP, channel, {"channel": channel, **message})


def write(account: str, region: str, group: str, stream: str, entry: dict[str, Any]) -> None:
    """Write a JSON line to a log stream, which is made if need be."""
    from moto.logs.exceptions import ResourceAlreadyExistsException
    from moto.logs.models import logs_backends

    backend: Any = logs_backends[account][region]
    if group not in backend.groups:
        with contextlib.suppress(ResourceAlreadyExistsException):
            backend.create_log_group(group, {})
    if stream not in backend.groups[group].streams:
        with contextlib.suppress(ResourceAlreadyExistsException):
            backend.create_log_stream(group, stream)
    line = {"timestamp": int(time.time() * 1000), "message": json.dumps(entry, ensure_ascii=False)}
    backend.put_log_events(group, stream, [line])


def stream_name() -> str:
    """A name for a stream of delivery records."""
    return str(uuid.uuid4())

"""Access logs of APIs: one line a request, in the format that a stage asks for.

A format is compiled once. For a request only the variables that it names are looked up.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.model import LogSink

log = logging.getLogger(__name__)

Lookup = Callable[[str], object]
"""The value of a variable by its name after ``$context.``; ``None`` for none."""

STREAM = "cfcd208495d565ef66e7dff9f98764da"
"""API Gateway names log streams after the MD5 of a number; this is that of 0."""

_VARIABLE = re.compile(
    r"\$context\.(authorizer\.claims\.[A-Za-z0-9_]+(?:[.:][A-Za-z0-9_]+)*"
    r"|[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)"
)
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:([^:*]+)(?::\*)?")
_NEEDS_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f]')
_NONE = "-"


class AccessLog:
    """The access log of one stage.

    Parameters
    ----------
    group
        Name of the log group.
    form
        What a line looks like, with ``$context`` variables.

    Examples
    --------
    >>> log = AccessLog("g", '{"id":"$context.requestId","who":"$context.authorizer.principalId"}')
    >>> log.line({"requestId": "r1"}.get)
    '{"id":"r1","who":"-"}'
    """

    def __init__(self, group: str, form: str) -> None:
        self.group = group
        # Every second part is a variable's name.
        self._parts = _VARIABLE.split(form.strip())

    def line(self, value: Lookup) -> str:
        """The line for one request; ``-`` stands for what has no value."""
        parts = list(self._parts)
        for i in range(1, len(parts), 2):
            parts[i] = shown(value(parts[i]))
        return "".join(parts)

    def write(self, logs: LogSink, value: Lookup, now_ms: int) -> None:
        """Write the line of a request that ended at ``now_ms`` (milliseconds since 1970)."""
        logs.put(self.group, STREAM, now_ms, self.line(value))


def access_log(destination_arn: str | None, form: str | None) -> AccessLog | None:
    """The access log that a stage's settings ask for; ``None`` if they ask for none.

    Parameters
    ----------
    destination_arn
        ARN of a log group, with or without ``:*`` at its end.
    form
        The format.
    """
    group = log_group(destination_arn or "")
    if destination_arn and group is None:
        log.warning("access logs are written to log groups only, not to %s", destination_arn)
    return AccessLog(group, form) if group and form else None


def log_group(arn: str) -> str | None:
    """The name in the ARN of a log group; ``None`` if it is none.

    Examples
    --------
    >>> log_group("arn:aws:logs:us-east-1:000000000000:log-group:/api/log:*")
    '/api/log'
    """
    found = _LOG_GROUP.fullmatch(arn)
    return found[1] if found else None


def shown(value: object) -> str:
    """A variable's value in a line: no value can end its field or the line.

    Examples
    --------
    >>> [shown(value) for value in (None, "", True, 7, {}, 'a"b')]
    ['-', '-', 'true', '7', '-', 'a\\\\"b']
    """
    if value is None or value == "" or isinstance(value, (dict, list)):
        return _NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return json.dumps(text, ensure_ascii=False)[1:-1] if _NEEDS_ESCAPE.search(text) else text


def found_in(context: Mapping[str, Any], name: str) -> object:
    """The value of a dotted name in nested mappings; callables are called for their value.

    Examples
    --------
    >>> found_in({"identity": {"sourceIp": "::1"}, "status": lambda: 200}, "identity.sourceIp")
    '::1'
    """
    at: Any = context
    rest = name
    while rest:
        if not isinstance(at, Mapping):
            return None
        if rest in at:
            at, rest = at[rest], ""
        else:
            first, _, rest = rest.partition(".")
            if not rest or first not in at:
                return None
            at = at[first]
        if callable(at):
            at = at()
    return at

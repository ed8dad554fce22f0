"""Which request a log line belongs to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_NAMED = re.compile(r"^(?:START|END|REPORT) RequestId: (\S+)|^RequestId: (\S+) ")
_UUID = re.compile(r"\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
_ENDS = re.compile(r"^REPORT RequestId: ")
_FAILED_INIT = "INIT_"


class Requests:
    """Reads the lines of a function in order and tells each line's request.

    Lambda's own lines name it. What the function prints does not, but an execution environment has
    one stream and works on one request at a time.
    """

    def __init__(self) -> None:
        self._current: dict[str, str] = {}

    def of(self, stream: str, message: str) -> str:
        """The request of a stream's next line; empty between requests.

        Examples
        --------
        >>> requests = Requests()
        >>> lines = ["START RequestId: a Version: 1", "hello", "REPORT RequestId: a", "bye"]
        >>> [requests.of("s", line) for line in lines]
        ['a', 'a', 'a', '']
        """
        told, ended = _told(message)
        if ended:
            self._current.pop(stream, None)
            return told
        if told:
            self._current[stream] = told
            return told
        if message.startswith(_FAILED_INIT):
            return ""
        return self._current.get(stream, "")


def _told(message: str) -> tuple[str, bool]:
    """The request that a line names, and whether it is its last line."""
    if message.startswith("{"):
        try:
            record = json.loads(message)
        except ValueError:
            return "", False
        return _of_json(record) if isinstance(record, dict) else ("", False)
    if match := _NAMED.match(message):
        return match[1] or match[2], bool(_ENDS.match(message))
    # Python's logging and Node.js's console put it behind level and time.
    fields = message.split("\t", 3)
    for field in fields[1:3]:
        if match := _UUID.fullmatch(field.strip()):
            return match[1], False
    return "", False


def _of_json(record: Mapping[str, Any]) -> tuple[str, bool]:
    inner = record.get("record")
    kind = str(record.get("type", ""))
    if kind.startswith("platform.") and isinstance(inner, dict):
        return str(inner.get("requestId", "")), kind == "platform.report"
    for key in ("requestId", "AWSRequestId", "request_id", "function_request_id"):
        if isinstance(record.get(key), str):
            return str(record[key]), False
    return "", False

"""AWS's event stream framing (``application/vnd.amazon.eventstream``), writing side.

A frame is a 12-byte prelude (total length, headers' length, CRC-32 of those eight bytes), the
headers, the payload, and a CRC-32 over everything before it; all integers big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

CONTENT_TYPE = b"application/vnd.amazon.eventstream"
_STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame; all header values are strings."""
    packed = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    message = prelude + struct.pack(">I", crc32(prelude)) + packed + payload
    return message + struct.pack(">I", crc32(message))


def event(kind: str, payload: bytes, content_type: str) -> bytes:
    """A frame that carries one event of an operation's output stream."""
    headers = {":message-type": "event", ":event-type": kind, ":content-type": content_type}
    return frame(headers, payload)


def _header(name: str, value: str) -> bytes:
    label, text = name.encode(), value.encode()
    return struct.pack(">B", len(label)) + label + struct.pack(">BH", _STRING, len(text)) + text

"""What events of several sources have in common: names, times, encodings."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

ACCOUNT, REGION = "000000000000", "us-east-1"
"""Account and Region in sample events: those of an engine with default settings."""


def arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    """The ARN of a resource."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: bool = True) -> str:
    """The time now as AWS writes it in events."""
    text = datetime.now(timezone.utc).isoformat(
        timespec="milliseconds" if milliseconds else "seconds"
    )
    return text.replace("+00:00", "Z")


def new_id() -> str:
    """A random id."""
    return str(uuid.uuid4())


def text_of(value: Any) -> str:
    """Text as it is; any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def base64_of(value: Any) -> str:
    """Bytes, text or any other value (as JSON), in base64."""
    content = value if isinstance(value, bytes) else text_of(value).encode()
    return base64.b64encode(content).decode()


def md5_of(text: str) -> str:
    """The MD5 digest that SQS adds to a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def several(value: Any) -> Sequence[Any]:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]

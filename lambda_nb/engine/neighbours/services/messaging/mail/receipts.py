"""What rules tell about a received mail (SES Developer Guide, "Contents of notifications").

Nobody checks mail for spam, viruses or signatures here: the verdicts say so.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email import message_from_bytes, policy
from email.utils import formatdate, getaddresses
from typing import Any

_HEADERS_BYTES = 10_240
"""Headers beyond this size are left out (Developer Guide, ``headersTruncated``)."""
_UNCHECKED = "GRAY"
_OFF = "DISABLED"
_COMMON = (
    ("from", "From", True),
    ("sender", "Sender", False),
    ("replyTo", "Reply-To", True),
    ("date", "Date", False),
    ("to", "To", True),
    ("cc", "Cc", True),
    ("bcc", "Bcc", True),
    ("messageId", "Message-ID", False),
    ("subject", "Subject", False),
)


@dataclass
class Mail:
    """A mail that has arrived.

    ``content`` is as it arrived, with the headers that SES and the rules added.
    """

    message_id: str
    source: str
    destination: list[str]
    content: bytes
    at: float = field(default_factory=time.time)

    @classmethod
    def arrived(
        cls, message_id: str, source: str, destination: list[str], content: bytes, region: str
    ) -> Mail:
        """A mail with the headers that SES adds."""
        received = (
            f"Return-Path: <{source}>\r\n"
            f"Received: from localhost (localhost [127.0.0.1]) by inbound-smtp.{region}."
            f"amazonaws.com with SMTP id {message_id} for {destination[0]}; {formatdate()}\r\n"
        )
        return cls(message_id, source, destination, received.encode() + content)

    def add_header(self, name: str, value: str) -> None:
        """Add a header, as a rule's action may."""
        self.content = f"{name}: {value}\r\n".encode() + self.content


def told_mail(mail: Mail) -> dict[str, Any]:
    """The ``mail`` object of notifications and events."""
    parsed = message_from_bytes(mail.content, policy=policy.default)
    headers: list[dict[str, str]] = []
    size = 0
    for name, value in parsed.items():
        size += len(name) + len(str(value))
        if size > _HEADERS_BYTES:
            break
        headers.append({"name": name, "value": str(value)})
    common: dict[str, Any] = {"returnPath": mail.source}
    for key, header, several in _COMMON:
        found = parsed.get_all(header)
        if found is None:
            continue
        common[key] = _addresses(found) if several else str(found[0])
    return {
        "timestamp": _iso(mail.at),
        "source": mail.source,
        "messageId": mail.message_id,
        "destination": mail.destination,
        "headersTruncated": size > _HEADERS_BYTES,
        "headers": headers,
        "commonHeaders": common,
    }


def told_receipt(
    mail: Mail, recipients: list[str], action: dict[str, Any], *, scanned: bool
) -> dict[str, Any]:
    """The ``receipt`` object, for one action of a rule."""
    scan = _UNCHECKED if scanned else _OFF
    return {
        "timestamp": _iso(mail.at),
        "processingTimeMillis": int((time.time() - mail.at) * 1000),
        "recipients": recipients,
        "spamVerdict": {"status": scan},
        "virusVerdict": {"status": scan},
        "spfVerdict": {"status": _UNCHECKED},
        "dkimVerdict": {"status": _UNCHECKED},
        "dmarcVerdict": {"status": _UNCHECKED},
        "action": action,
    }


def event(mail: Mail, receipt: dict[str, Any]) -> dict[str, Any]:
    """The event for a function."""
    ses = {"mail": told_mail(mail), "receipt": receipt}
    return {"Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": ses}]}


def notification(mail: Mail, receipt: dict[str, Any], content: str | None = None) -> str:
    """The message for a topic, with the mail itself where that is the action."""
    told: dict[str, Any] = {
        "notificationType": "Received",
        "mail": told_mail(mail),
        "receipt": receipt,
    }
    if content is not None:
        told["content"] = content
    return json.dumps(told)


def _addresses(values: list[Any]) -> list[str]:
    texts = [str(value) for value in values]
    return [f"{name} <{address}>" if name else address for name, address in getaddresses(texts)]


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

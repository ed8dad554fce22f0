"""STS's GetCallerIdentity for the keys that the engine itself has issued.

The embedded STS knows only the keys that it issued. It would report the holder of any other key as
one of its own users, but in a function it is the function's role (facts/recorded.md 11).
"""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.wire.http import HttpRequest, Reply

_ACTION = "GetCallerIdentity"


def is_asked(request: HttpRequest, body: bytes) -> bool:
    """Whether a request to STS, with this body, calls GetCallerIdentity."""
    form = request.query if request.method == "GET" else body.decode("utf-8", "replace")
    return parse_qs(form).get("Action") == [_ACTION]


def answer(credential: Credential, request_id: str) -> Reply:
    """The reply that names a credential's holder."""
    account = credential.arn.split(":")[4]
    text = (
        f'<{_ACTION}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{_ACTION}Result>'
        f"<Arn>{escape(credential.arn)}</Arn><UserId>{escape(user_id(credential.arn))}</UserId>"
        f"<Account>{account}</Account></{_ACTION}Result><ResponseMetadata>"
        f"<RequestId>{request_id}</RequestId></ResponseMetadata></{_ACTION}Response>"
    )
    headers = [(b"x-amzn-RequestId", request_id.encode())]
    return Reply(200, text.encode(), headers, b"text/xml")


def user_id(arn: str) -> str:
    """The unique identifier for an ARN: that of a user, or that of a role and its session.

    Examples
    --------
    >>> user_id("arn:aws:sts::000000000000:assumed-role/reader/resize")
    'AROAZ5ZM4GHVAYD4UZGSX:resize'
    """
    kind, name, *session = arn.rpartition(":")[2].split("/")
    prefix = "AIDA" if kind == "user" else "AROA"
    digest = hashlib.sha256(f"{arn.split(':')[4]}/{name}".encode()).digest()
    return ":".join([prefix + base64.b32encode(digest).decode()[:17], *session])

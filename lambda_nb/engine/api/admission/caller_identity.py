"""STS's GetCallerIdentity for the keys that the engine itself has issued.

The embedded STS knows those that it issued, and would take the holder of any other for a user of
its own: in a function, it is the function's role (facts/recorded.md 11).
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
    """Whether a request to STS, its body read, asks who it comes from."""
    form = request.query if request.method == "GET" else body.decode("utf-8", "replace")
    return parse_qs(form).get("Action") == [_ACTION]


def answer(credential: Credential, request_id: str) -> Reply:
    """Who holds a credential."""
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
    """The unique identifier behind an ARN: of a user, or of a role and then its session.

    Examples
    --------
    >>> user_id("arn:aws:sts::000000000000:assumed-role/reader/resize")
    'AROAZ5ZM4GHVAYD4UZGSX:resize'
    """
    kind, name, *session = arn.rpartition(":")[2].split("/")
    prefix = "AIDA" if kind == "user" else "AROA"
    digest = hashlib.sha256(f"{arn.split(':')[4]}/{name}".encode()).digest()
    return ":".join([prefix + base64.b32encode(digest).decode()[:17], *session])

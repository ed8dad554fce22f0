"""Links in the messages of SNS: to confirm or end a subscription, and to the certificate.

Whoever has such a link may follow it, in a mail program or by a plain GET: a token that nobody can
guess is in it, or the id of the subscription.
"""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import parse_qsl, urlencode

from lambda_nb.engine.api.wire.http import HttpRequest

_VERSION = "2010-03-31"
_ACTIONS = {"ConfirmSubscription": "TopicArn", "Unsubscribe": "SubscriptionArn"}
_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.:-]+")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
_SCOPE = (
    "AWS4-HMAC-SHA256 Credential=unsigned/20260101/{region}/sns/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


def followed(request: HttpRequest, home: str) -> tuple[HttpRequest, bytes] | None:
    """The call to SNS that a link stands for, and its body; ``None`` if it is no such link.

    Parameters
    ----------
    home
        The Region of links that name none.
    """
    if request.method != "GET" or "authorization" in request.headers:
        return None
    if _CERTIFICATE.fullmatch(request.path):
        return _to_sns(request, home), b""
    if request.path != "/":
        return None
    told = dict(parse_qsl(request.query))
    names = _ACTIONS.get(told.get("Action", ""))
    found = _ARN.fullmatch(told.get(names, "")) if names else None
    if found is None:
        return None
    fields = {name: told[name] for name in ("Action", names, "Token") if name and name in told}
    body = urlencode({**fields, "Version": _VERSION}).encode()
    call = dataclasses.replace(_to_sns(request, found[1]), method="POST", query="")
    call.headers["content-type"] = "application/x-www-form-urlencoded"
    return call, body


def _to_sns(request: HttpRequest, region: str) -> HttpRequest:
    kept = ("host", "user-agent")
    passed = {name: text for name, text in request.headers.items() if name in kept}
    passed["authorization"] = _SCOPE.format(region=region)
    return dataclasses.replace(request, headers=passed)

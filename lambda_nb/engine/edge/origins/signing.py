"""Whether and how requests are signed for their origins (origin access control)."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.settings import Origin

HASH = "x-amz-content-sha256"
_EMPTY = hashlib.sha256(b"").hexdigest()


def is_signed(origin: Origin, headers: Headers, service: str) -> bool:
    """Whether CloudFront signs a request for an origin of a service.

    An access control that does not override the viewer's ``Authorization`` leaves a request alone
    that has one (CloudFront Developer Guide, "Advanced settings for origin access control").
    """
    if origin.signing_service != service or origin.signing_behaviour == "never":
        return False
    return origin.signing_behaviour == "always" or "authorization" not in headers


def sign(
    keys: Keys, service: str, region: str, method: str, url: str, headers: Headers, body: bytes
) -> None:
    """Sign a request in its headers; the viewer's own signature is taken out.

    Parameters
    ----------
    url
        As it is signed: its host becomes ``Host``.
    body
        For Lambda it counts as the viewer's ``x-amz-content-sha256`` says, and as empty without
        one: CloudFront does not compute it ("Restrict access to an AWS Lambda function URL
        origin": users must include it with PUT and POST).
    """
    headers.remove("authorization", "x-amz-date", "x-amz-security-token")
    payload: bytes | str = body
    if service == "lambda":
        payload = headers.get(HASH) or _EMPTY
    else:
        headers.remove(HASH)
    headers.set("Host", urlsplit(url).netloc)
    counted = {
        name: ", ".join(headers.all(name))
        for name, _ in headers
        if name.lower().startswith("x-amz-")
    }
    signed = keys.sign(service, region, method, url, counted, payload)
    for name, value in signed.items():
        headers.set(name, value)

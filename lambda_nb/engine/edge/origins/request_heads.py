"""The head of a request to an origin.

Policies and functions have decided what of the viewer's headers an origin gets. Here are those that
every request has, and those that none has: CloudFront Developer Guide, "Request and response
behavior for custom origins" and "Add custom headers to origin requests".
"""

from __future__ import annotations

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Viewer
from lambda_nb.engine.edge.origins import loops
from lambda_nb.engine.edge.settings import Origin

_USER_AGENT = "Amazon CloudFront"


def host_of(origin: Origin, request: Request) -> str:
    """The Host that the origin is asked for: its own name, unless another is forwarded, or a
    CloudFront Function chose one."""
    return origin.host_header or request.headers.get("host") or origin.domain


def head(origin: Origin, request: Request, viewer: Viewer, distribution_id: str) -> Headers:
    """The headers of a request to an origin, in their order; Host is the first.

    Parameters
    ----------
    request
        As policies and functions left it.
    distribution_id
        Which distribution passes it on.
    """
    headers = Headers([("Host", host_of(origin, request))])
    listed = (request.headers.joined("connection") or "").lower().split(",")
    gone = {*HOP_BY_HOP, "host", "content-length", *(name.strip() for name in listed)}
    for name, value in request.headers:
        if name.lower() not in gone:
            headers.add(name, value)
    for name, value in origin.custom_headers:
        if name.lower() not in gone:  # the body and the connection are not the configuration's
            headers.set(name, value)
    if "user-agent" not in headers:
        headers.add("User-Agent", _USER_AGENT)
    headers.set("X-Amz-Cf-Id", viewer.request_id)
    headers.set("Connection", "Keep-Alive")
    loops.add(headers, distribution_id)
    return headers


def target(origin: Origin, request: Request) -> str:
    """Path and query of a request to an origin, percent-encoded; the origin path comes first."""
    path = f"{origin.path}{request.uri}"
    told = f"{path}?{request.querystring}" if request.querystring else path
    return told.replace("#", "%23")

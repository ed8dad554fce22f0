"""Puts what policies say into the headers of requests and responses."""

from __future__ import annotations

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Viewer
from lambda_nb.engine.edge.settings import Behaviour
from lambda_nb.rules.edge.viewer import response_headers, viewer_headers
from lambda_nb.rules.edge.viewer.response_headers import CorsRequest
from lambda_nb.rules.edge.viewer.viewer_headers import Asker, Place


def for_viewer(behaviour: Behaviour, request: Request, headers: Headers) -> Headers:
    """A response's headers by the behaviour's response headers policy, errors' too.

    Parameters
    ----------
    request
        The viewer's, with its ``Origin`` header.
    """
    policy = behaviour.response_headers
    if policy is None:
        return headers
    asked = CorsRequest(
        request.method,
        request.headers.get("origin"),
        request.headers.get("access-control-request-method"),
        request.headers.get("access-control-request-headers"),
    )
    return Headers(response_headers.applied(policy, headers, asked))


def about_viewer(
    behaviour: Behaviour,
    request: Request,
    viewer: Viewer,
    http_version: str,
    place: Place | None = None,
    tls: str = "",
) -> list[tuple[str, str]]:
    """The ``CloudFront-*`` headers that the behaviour's policies add to a request.

    Parameters
    ----------
    request
        As the viewer made it.
    http_version
        Such as ``HTTP/1.1``.
    place
        Where the viewer is, if that is known.
    tls
        Version, cipher and handshake (``TLSv1.3:TLS_AES_128_GCM_SHA256:fullHandshake``), if any.
    """
    in_key = behaviour.cache.headers
    wanted = {
        *behaviour.origin_request.added,
        *(name for name in viewer_headers.NAMES if in_key.mode == "some" and in_key.has(name)),
    }
    if not wanted:
        return []
    asker = Asker(
        ip=viewer.ip,
        port=viewer.port,
        country=viewer.country,
        protocol=viewer.protocol,
        http_version=http_version,
        user_agent=request.headers.get("user-agent") or "",
        uri=request.uri,
        querystring=request.querystring,
        header_names=tuple(name for name, _ in request.headers),
        tls=tls,
        place=place or Place(),
    )
    return viewer_headers.added(asker, wanted)

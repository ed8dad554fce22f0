"""Whether a viewer's request is let through to the cache, and what it gets if not."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_nb.engine.edge.model import Outcome, Request, Response, Viewer
from lambda_nb.engine.edge.settings import Behaviour, Distribution
from lambda_nb.engine.edge.viewer import error_pages, signatures
from lambda_nb.rules.edge.viewer import viewer_rules
from lambda_nb.rules.edge.viewer.access_policies import Refused

_CACHABLE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a viewer gets instead of an object.

    ``detail`` is the log's ``x-edge-detailed-result-type``; ``why`` is for the engine's log, and
    empty where the page says it all.
    """

    response: Response
    outcome: Outcome
    detail: str
    why: str = ""


def oversize(request: Request, site: str, request_id: str) -> Refusal | None:
    """The refusal of a request that is too long; it is checked before anything else.

    Parameters
    ----------
    site
        Protocol and host: ``http://d1.cloudfront.localhost:8080``.
    """
    status = viewer_rules.oversize(_url(site, request), request.headers)
    if status is None:
        return None
    return Refusal(
        error_pages.page(status, request_id, [error_pages.BAD_REQUEST]), "Error", "Error"
    )


def refusal(
    distribution: Distribution,
    behaviour: Behaviour,
    request: Request,
    viewer: Viewer,
    host: str,
    http_version: str,
) -> Refusal | None:
    """The refusal of a request for its method, its viewer's country or the protocol used.

    Parameters
    ----------
    host
        As the viewer named it, with a port if it did: a redirect leads there.
    http_version
        Such as ``HTTP/1.1``.
    """
    if not viewer_rules.method_may(request.method, behaviour.allowed_methods, bool(request.body)):
        told = [error_pages.BAD_REQUEST]
        if request.method not in behaviour.allowed_methods:
            told = [error_pages.METHOD_NOT_ALLOWED]
            if behaviour.allowed_methods <= _CACHABLE:
                told = [f"{error_pages.METHOD_NOT_ALLOWED} {error_pages.ONLY_CACHABLE}"]
        return _refused(viewer, told, "InvalidRequestMethod")
    allowed, blocked = distribution.geo_allowed, distribution.geo_blocked
    if not viewer_rules.country_may(viewer.country, allowed, blocked):
        return _refused(viewer, [error_pages.BLOCKED_COUNTRY], "ClientGeoBlocked")
    status = viewer_rules.protocol_status(
        behaviour.viewer_protocol, viewer.protocol, request.method, http_version
    )
    if status == 403:
        return _refused(viewer, [error_pages.BAD_REQUEST], "Error")
    if status is not None:
        location = _url(f"https://{host}", request)
        return Refusal(error_pages.redirect(status, location), "Redirect", "Redirect")
    return None


def signed_in(
    behaviour: Behaviour, request: Request, viewer: Viewer, site: str, now: float
) -> Request | Refusal:
    """The request as the cache and the origin see it, or the refusal of a viewer without a
    signature that lets it in.

    Parameters
    ----------
    site
        As for :func:`oversize`: signed URLs begin with it.
    now
        Seconds of the epoch.
    """
    if behaviour.trusted_keys is None:
        return request
    try:
        let = signatures.let_in(behaviour.trusted_keys, request, site, viewer.ip, now)
    except Refused as refused:
        response = error_pages.access_refused(refused.code, refused.message)
        return Refusal(response, "Error", "Error", refused.why)
    return request if let is None else let


def _refused(viewer: Viewer, told: list[str], detail: str) -> Refusal:
    return Refusal(error_pages.page(403, viewer.request_id, told), "Error", detail)


def _url(site: str, request: Request) -> str:
    query = f"?{request.querystring}" if request.querystring else ""
    return f"{site}{request.uri}{query}"

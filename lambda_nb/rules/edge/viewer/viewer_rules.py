"""What CloudFront lets a viewer ask, and which page an error gets.

CloudFront Developer Guide, 2026; each function names its page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, Protocol, TypeVar

from lambda_nb.rules import quotas

ViewerProtocol = Literal["allow-all", "redirect-to-https", "https-only"]

CUSTOM_ERROR_STATUSES = frozenset({400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504})
"""Statuses that can have a custom page ("Create a custom error page for specific HTTP status
codes")."""


class ErrorRule(Protocol):
    """A custom error response; ``min_ttl`` in seconds."""

    @property
    def min_ttl(self) -> float:
        """How long the error stays in the cache at least."""


Rule = TypeVar("Rule", bound=ErrorRule)


def oversize(url: str, headers: Iterable[tuple[str, str]]) -> Literal[414, 494] | None:
    """The status for a request that is too long ("Request and response behavior for custom
    origins", "Maximum length of a request and maximum length of a URL"); ``None`` if it is not.

    Parameters
    ----------
    url
        The whole URL, with protocol and host.
    headers
        Of the request, with ``Cookie``; a character stands for a byte, as HTTP servers read them.
    """
    length = len(url)
    if length > quotas.EDGE_URL_BYTES.value:
        return 414
    # On the wire a header has a colon, a space and the end of its line beside name and value.
    length += sum(len(name) + len(value) + 4 for name, value in headers)
    return 494 if length > quotas.EDGE_REQUEST_BYTES.value else None


def country_may(country: str, allowed: Collection[str] | None, blocked: Collection[str]) -> bool:
    """Whether a distribution answers viewers of a country.

    Where the country is not known it does ("Restrict the geographic distribution of your content").

    Parameters
    ----------
    country
        Two letters (ISO 3166-1), or empty if unknown.
    allowed
        The only countries that may; ``None`` if there is no such list.
    """
    if not country:
        return True
    return country.upper() not in blocked and (allowed is None or country.upper() in allowed)


def protocol_status(
    policy: ViewerProtocol, protocol: str, method: str, http_version: str
) -> Literal[301, 307, 403] | None:
    """The status that a viewer gets for the protocol it used ("Require HTTPS for communication
    between viewers and CloudFront"); ``None`` if the protocol is all right.

    Examples
    --------
    >>> protocol_status("redirect-to-https", "http", "GET", "HTTP/1.1")
    301
    >>> protocol_status("redirect-to-https", "http", "POST", "HTTP/1.0")
    403
    """
    if protocol == "https" or policy == "allow-all":
        return None
    if policy == "https-only":
        return 403
    if method in ("GET", "HEAD"):
        return 301
    return 403 if http_version in ("HTTP/0.9", "HTTP/1.0") else 307


def method_may(method: str, allowed: Collection[str], body: bool) -> bool:
    """Whether a behaviour takes a method; a GET with a body none does ("Request and response
    behavior for custom origins", "GET requests that include a body")."""
    return method in allowed and not (body and method == "GET")


def with_root_object(uri: str, root_object: str) -> str:
    """The path that is meant: of the root, the default root object ("Specify a default root
    object"). Paths below, and ``//``, mean themselves.

    Examples
    --------
    >>> with_root_object("/", "index.html"), with_root_object("/install/", "index.html")
    ('/index.html', '/install/')
    """
    return f"/{root_object}" if uri == "/" and root_object else uri


def custom_error(status: int, outcome: str, errors: Mapping[int, Rule]) -> Rule | None:
    """The custom error response for an error of the origin, of a function, or of CloudFront itself.

    Parameters
    ----------
    outcome
        The word of ``X-Cache``: a 503 for ``CapacityExceeded`` or ``LimitExceeded`` has no custom
        page ("Create a custom error page for specific HTTP status codes").
    """
    if status not in CUSTOM_ERROR_STATUSES or outcome in ("CapacityExceeded", "LimitExceeded"):
        return None
    return errors.get(status)


def error_min_ttl(status: int, errors: Mapping[int, ErrorRule]) -> float:
    """How long an error stays in the cache at least, in seconds; 0 for a 416, which never does."""
    if status == 416:
        return 0.0
    rule = errors.get(status)
    return float(quotas.EDGE_ERROR_TTL_S.value) if rule is None else rule.min_ttl

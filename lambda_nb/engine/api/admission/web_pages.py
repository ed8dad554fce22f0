"""Refuses requests of web pages: to a host name of their own, or unsigned from another origin.

A page's own name may be made to resolve to 127.0.0.1 (DNS rebinding). A browser then takes the
engine for the page's own origin, but ``Host`` still has that name. And any page may send simple
requests anywhere: browsers say so in ``Sec-Fetch-Site``, older ones in ``Origin``.

AWS's own names are let in too, so that URLs made for AWS work by a hosts file or a Host header. DNS
rebinding needs a name whose records the page's owner can change. A page may well come from somebody
else's bucket, function URL or distribution, but the records of these names are AWS's alone: none
that serves a page turns to loopback. ``localhost.localstack.cloud`` and the names below it
always resolve to 127.0.0.1, so nobody else serves pages there. Who forges answers to this machine's
DNS queries could use any name, and still has no key to sign with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError

_PORT = re.compile(r":\d*\Z")
_OWN = frozenset({"127.0.0.1", "localhost", "[::1]", "", "localhost.localstack.cloud"})
_BELOW = (
    ".localhost",
    ".localhost.localstack.cloud",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".on.aws",
    ".cloudfront.net",
)
_MOST_REMEMBERED = 1000


class Names:
    """The host names that the engine answers to: those of loopback, AWS's, and the user's own.

    Parameters
    ----------
    allowed
        Further names. One that begins with ``*.`` stands for all names below it.
    has_domain
        Whether a name is a custom domain name of an API here.

    Examples
    --------
    >>> names = Names(["engine.internal", "*.test"], lambda name: name == "api.example.com")
    >>> [names.has(host) for host in ("127.0.0.1:4571", "bucket.localhost", "a.test:80")]
    [True, True, True]
    >>> [names.has(host) for host in ("api.example.com:80", "id.lambda-url.eu-west-1.on.aws")]
    [True, True]
    >>> [names.has(host) for host in ("evil.example", "localhost.evil.example", "on.aws")]
    [False, False, False]
    """

    def __init__(
        self,
        allowed: Iterable[str] = (),
        has_domain: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._has_domain = has_domain
        given = [name.lower() for name in allowed]
        self._exact = _OWN.union(name for name in given if not name.startswith("*."))
        self._below = (*_BELOW, *(name[1:] for name in given if name.startswith("*.")))
        self._seen: set[str] = set()

    def has(self, host: str) -> bool:
        """Whether a ``Host`` header, which may have a port, names the engine."""
        if host in self._seen:
            return True
        name = _PORT.sub("", host).lower().removesuffix(".")
        if name not in self._exact and not name.endswith(self._below):
            return self._has_domain(name)  # never remembered: it may be deleted
        if len(self._seen) < _MOST_REMEMBERED:
            self._seen.add(host)
        return True

    def check(self, request: HttpRequest) -> None:
        """Refuse a request that was sent to another name.

        Raises
        ------
        AWSError
            ``AccessDeniedException`` (403).
        """
        host = request.headers.get("host", "")
        if not self.has(host):
            name = _PORT.sub("", host)
            raise AWSError(
                "AccessDeniedException",
                f"This engine is not called {name!r}, but 127.0.0.1 or localhost (or a name below "
                f"it). If it should be, start it with --allow-host {name}",
                403,
            )


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another origin made the request.

    Examples
    --------
    >>> is_foreign({"sec-fetch-site": "cross-site"}), is_foreign({"sec-fetch-site": "none"})
    (True, False)
    >>> is_foreign({"host": "localhost:1", "origin": "http://localhost:2"})
    True
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def refuse_foreign(headers: Mapping[str, str]) -> None:
    """Refuse an unsigned request that a page of another origin makes.

    Raises
    ------
    AWSError
        ``AccessDeniedException`` (403).
    """
    if is_foreign(headers):
        raise AWSError(
            "AccessDeniedException",
            "Requests that web pages of another origin make are not answered here.",
            403,
        )

"""Which gateway a request is for: by the port it came to, its Host, or its path.

=============== ============================================ ======================================
what            by Host                                      by path
=============== ============================================ ======================================
function URL    ``ID.lambda-url[.REGION].localhost``,        ``/lambda-url/ID/``
                ``ID.lambda-url.REGION.on.aws``
API             ``ID.execute-api[.REGION].localhost``,       ``/execute-api/ID/``,
                ``ID.execute-api.REGION.amazonaws.com``      ``/_aws/execute-api/ID/``,
                                                             ``/restapis/ID/STAGE/_user_request_/``
load balancer   ``NAME.elb[.REGION].localhost``,             ``/elb/NAME/``, ``/elb/NAME:PORT/``
                ``NAME-ID.REGION.elb.amazonaws.com``
website         ``BUCKET.s3-website[.REGION].localhost``,
                ``BUCKET.s3-website-REGION.amazonaws.com``
distribution    ``ID.cloudfront.localhost``,                 ``/cloudfront/ID/``
                ``ID.cloudfront.net``, any of its aliases
=============== ============================================ ======================================

For ``localhost``, ``localhost.localstack.cloud`` does as well; for ``s3-website-REGION`` also
``s3-website.REGION``. Whoever has a port of its own is meant by all that comes there. The path form
is none in a request signed for S3: that is for a bucket of such a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from lambda_nb.engine.api.admission.host_names import host_name
from lambda_nb.engine.api.admission.signature_v4 import claimed_service
from lambda_nb.engine.api.wire.http import HttpRequest

FUNCTION_URL = "lambda-url"
API = "execute-api"
LOAD_BALANCER = "elb"
WEBSITE = "s3-website"
DOMAIN = "domain"
DISTRIBUTION = "cloudfront"

_HERE = r"localhost(?:\.localstack\.cloud)?"
_AT_AWS = r"amazonaws\.com(?:\.cn)?"
_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
_HOSTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<id>[a-z0-9-]+)\.(?P<kind>lambda-url|execute-api|elb)"
        rf"(?:\.(?P<region>[a-z0-9-]+))?\.{_HERE}",
        rf"(?P<id>[a-z0-9]+)\.(?P<kind>lambda-url)\.(?P<region>{_REGION})\.on\.aws",
        rf"(?P<id>[a-z0-9]+)\.(?P<kind>execute-api)\.(?P<region>{_REGION})\.{_AT_AWS}",
        rf"(?:internal-)?(?P<id>[a-z0-9-]+?)(?:-\d+)?\.(?P<region>{_REGION})\.(?P<kind>elb)\.{_AT_AWS}",
        rf"(?P<id>[a-z0-9.-]+)\.(?P<kind>s3-website)(?:\.(?P<region>{_REGION}))?\.{_HERE}",
        rf"(?P<id>[a-z0-9.-]+)\.(?P<kind>s3-website)[.-](?P<region>{_REGION})\.{_AT_AWS}",
        rf"(?P<id>[a-z0-9]+)\.(?P<kind>cloudfront)\.(?:net|{_HERE})(?P<region>)",
    )
)
_OWN_NAMES = ("127.0.0.1", "localhost", "localhost.localstack.cloud")
_USER_REQUEST = re.compile(r"/restapis/([a-z0-9]+)/([^/]+)/_user_request_(/.*|)")
_PATHS = (
    ("/lambda-url/", FUNCTION_URL),
    ("/execute-api/", API),
    ("/_aws/execute-api/", API),
    ("/elb/", LOAD_BALANCER),
    ("/cloudfront/", DISTRIBUTION),
)
_MOST_REMEMBERED = 4096
_LONGEST_HOST = 260  # a name has at most 253 characters (RFC 1035), a port up to six more


class Address(NamedTuple):
    """What a request is for.

    ``kind`` is one of this module's constants; ``path`` is percent-encoded and begins with a
    slash; ``base`` is the part of the request's path before it, empty for an address at a root of
    its own. ``region`` is empty where the request names none. ``stage`` is set where the mapping of
    a custom domain name says which stage of the API is meant: ``path`` then has none.
    """

    kind: str
    identifier: str
    path: str
    base: str = ""
    region: str = ""
    stage: str = ""


class Addresses:
    """Finds what requests are for.

    Parameters
    ----------
    of_port
        The kind and identifier that has a port of its own, if it is one.
    has_domain
        Whether a custom domain name of that name is configured.
    is_alias
        Whether a name may be an alternate domain name of a distribution. Then that is the
        identifier of its address.
    """

    def __init__(
        self,
        of_port: Callable[[int], tuple[str, str] | None] = lambda port: None,
        has_domain: Callable[[str], bool] = lambda name: False,
        is_alias: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._of_port = of_port
        self._has_domain = has_domain
        self._is_alias = is_alias
        self._hosts: dict[str, tuple[str, str, str] | None] = {}
        self._last: tuple[HttpRequest | None, Address | None] = (None, None)

    def owner(self, port: int) -> tuple[str, str] | None:
        """Kind and identifier of the gateway that has a port of its own, if it is one."""
        return self._of_port(port)

    def of(self, request: HttpRequest) -> Address | None:
        """The gateway that a request is for; ``None`` if it is for an API of AWS."""
        last, found = self._last
        if request is not last:  # each door asks
            found = self.find(request)
            self._last = request, found
        return found

    def find(self, request: HttpRequest) -> Address | None:
        """As :meth:`of`, found anew: the names of domains and distributions change."""
        path = request.path
        owner = self._of_port(request.port)
        if owner is not None:
            return Address(*owner, path)
        host = request.headers.get("host", "")
        try:
            found = self._hosts[host]
        except KeyError:
            found = _of_host(host) if len(host) <= _LONGEST_HOST else None
            if len(self._hosts) < _MOST_REMEMBERED and len(host) <= _LONGEST_HOST:
                self._hosts[host] = found
        if found is not None:
            return Address(found[0], found[1], path, "", found[2])
        name = host_name(host)
        if name not in _OWN_NAMES and self._has_domain(name):
            return Address(DOMAIN, name, path)
        if name not in _OWN_NAMES and self._is_alias(name):
            return Address(DISTRIBUTION, name, path)
        at = _of_path(path)
        if at is not None and claimed_service(request.headers, request.query) == "s3":
            return None
        return at


def _of_host(host: str) -> tuple[str, str, str] | None:
    """Kind, identifier and Region in a host name."""
    name = host_name(host)
    for pattern in _HOSTS:
        found = pattern.fullmatch(name)
        if found is not None:
            return found["kind"], found["id"], found["region"] or ""
    return None


def _of_path(path: str) -> Address | None:
    for prefix, kind in _PATHS:
        if path.startswith(prefix):
            identifier, slash, rest = path[len(prefix) :].partition("/")
            return Address(kind, identifier, slash + rest or "/", prefix + identifier)
    if path.startswith("/restapis/") and (user := _USER_REQUEST.fullmatch(path)):
        base = path[: len(path) - len(user[3])]
        return Address(API, user[1], f"/{user[2]}{user[3]}", base)
    return None

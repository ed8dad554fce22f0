"""Which gateway a request is for: by its Host, its path, or the port it came to.

=============== ============================================ ======================================
what            by Host                                      by path
=============== ============================================ ======================================
function URL    ``ID.lambda-url[.REGION].localhost``,        ``/lambda-url/ID/``
                ``ID.lambda-url.REGION.on.aws``
API             ``ID.execute-api[.REGION].localhost``,       ``/execute-api/ID/``,
                ``ID.execute-api.REGION.amazonaws.com``      ``/restapis/ID/STAGE/_user_request_/``
load balancer   ``NAME.elb[.REGION].localhost``,             ``/elb/NAME/``
                ``NAME.REGION.elb.amazonaws.com``
=============== ============================================ ======================================

For ``localhost``, ``localhost.localstack.cloud`` does as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from lambda_nb.engine.api.wire.http import HttpRequest

FUNCTION_URL = "lambda-url"
API = "execute-api"
LOAD_BALANCER = "elb"
DOMAIN = "domain"

_LOCAL = r"localhost(?:\.localstack\.cloud)?"
_HOST = re.compile(
    rf"(?P<id>[a-z0-9-]+)\.(?P<kind>lambda-url|execute-api|elb)(?:\.(?P<region>[a-z0-9-]+))?\.{_LOCAL}"
    r"|(?P<url>[a-z0-9]+)\.lambda-url\.(?P<url_region>[a-z0-9-]+)\.on\.aws"
    r"|(?P<api>[a-z0-9]+)\.execute-api\.(?P<api_region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"|(?P<balancer>[a-z0-9-]+)\.(?P<balancer_region>[a-z0-9-]+)\.elb\.amazonaws\.com(?:\.cn)?"
)
_USER_REQUEST = re.compile(r"/restapis/([a-z0-9]+)/([^/]+)/_user_request_(/.*|)")
_PATHS = (FUNCTION_URL, API, LOAD_BALANCER)
_MOST_REMEMBERED = 4096


class Address(NamedTuple):
    """What a request is for.

    ``kind`` is one of this module's constants; ``path`` is percent-encoded and begins with a
    slash; ``base`` is the part of the request's path before it, empty for an address at a root of
    its own. ``region`` is empty where the request names none.
    """

    kind: str
    identifier: str
    path: str
    base: str = ""
    region: str = ""


class Addresses:
    """Finds what requests are for.

    Parameters
    ----------
    of_port
        The kind and identifier that has a port of its own, if it is one.
    has_domain
        Whether a custom domain name of that name is configured.
    """

    def __init__(
        self,
        of_port: Callable[[int], tuple[str, str] | None] = lambda port: None,
        has_domain: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._of_port = of_port
        self._has_domain = has_domain
        self._hosts: dict[str, tuple[str, str, str] | None] = {}

    def of(self, request: HttpRequest) -> Address | None:
        """The gateway that a request is for; ``None`` if it is for an API of AWS."""
        path = request.path
        host = request.headers.get("host", "")
        try:
            found = self._hosts[host]
        except KeyError:
            found = _of_host(host)
            if len(self._hosts) < _MOST_REMEMBERED:
                self._hosts[host] = found
        if found is not None:
            return Address(found[0], found[1], path, "", found[2])
        owner = self._of_port(request.port)
        if owner is not None:
            return Address(*owner, path)
        for kind in _PATHS:
            prefix = f"/{kind}/"
            if path.startswith(prefix):
                identifier, slash, rest = path[len(prefix) :].partition("/")
                return Address(kind, identifier, slash + rest or "/", prefix + identifier)
        if path.startswith("/restapis/") and (user := _USER_REQUEST.fullmatch(path)):
            base = path[: len(path) - len(user[3])]
            return Address(API, user[1], f"/{user[2]}{user[3]}", base)
        name = host.partition(":")[0].lower()
        if self._has_domain(name):
            return Address(DOMAIN, name, path)
        return None


def _of_host(host: str) -> tuple[str, str, str] | None:
    """Kind, identifier and Region in a host name."""
    found = _HOST.fullmatch(host.partition(":")[0].lower().removesuffix("."))
    if found is None:
        return None
    if found["kind"]:
        return found["kind"], found["id"], found["region"] or ""
    if found["url"]:
        return FUNCTION_URL, found["url"], found["url_region"]
    if found["api"]:
        return API, found["api"], found["api_region"]
    return LOAD_BALANCER, found["balancer"], found["balancer_region"]

"""What an origin's domain name stands for: a bucket, a gateway of the engine, or a server."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from lambda_nb.engine.api.admission.host_names import bucket_in, host_name
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.gateways.shared.addresses import (
    API,
    DISTRIBUTION,
    DOMAIN,
    FUNCTION_URL,
    LOAD_BALANCER,
    WEBSITE,
    Address,
    Addresses,
)

Kind = Literal[
    "bucket", "function URL", "API", "load balancer", "website", "distribution", "server"
]

_KINDS: dict[str, Kind] = {
    FUNCTION_URL: "function URL",
    API: "API",
    DOMAIN: "API",
    LOAD_BALANCER: "load balancer",
    WEBSITE: "website",
    DISTRIBUTION: "distribution",
}
_REST_ENDPOINT = re.compile(
    r"(?P<bucket>.+)\.s3(?:[.-](?:dualstack\.)?(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d+))?"
    r"\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com(?:\.cn)?)"
)
# By a part of their names: services that can be an origin, and that nobody here stands in for.
_MISSING = (
    (".mediastore.", "AWS ended MediaStore in 2025, and the engine has none. Use a bucket of S3"),
    (".mediapackage", "The engine has no MediaPackage. Put the stream into a bucket of S3"),
    (".mediatailor.", "The engine has no MediaTailor. Name the content's own server"),
    (".s3-accesspoint.", "The engine knows no access points. Name the bucket itself"),
    (".accesspoint.s3-global.", "The engine knows no Multi-Region Access Points. Name one bucket"),
    (".s3-object-lambda.", "The engine has no Object Lambda. Name a function URL"),
)


_BY_FORM = Addresses()


class Destination(NamedTuple):
    """What an origin's domain name stands for.

    ``identifier`` is the bucket's name, or the identifier in a gateway's name. ``region`` is empty
    if the domain name has none.
    """

    kind: Kind
    identifier: str = ""
    region: str = ""


class NoSuchService(ValueError):  # noqa: N818
    """An origin is of a service that the engine does not have; says what to do."""


def destination(
    domain: str, kind: Literal["s3", "custom"], names: Addresses = _BY_FORM
) -> Destination:
    """What an origin's domain name stands for.

    Parameters
    ----------
    domain
        Perhaps with a port at its end.
    kind
        ``s3`` for an origin that is configured as a bucket.
    names
        Tell gateways by their names. The default knows only names that AWS gives, no custom domain
        name and no alias.

    Raises
    ------
    NoSuchService
        The engine cannot be that origin.

    Examples
    --------
    >>> destination("b.s3.eu-west-1.amazonaws.com", "s3")
    Destination(kind='bucket', identifier='b', region='eu-west-1')
    >>> destination("abc.lambda-url.localhost:4571", "custom").kind
    'function URL'
    >>> destination("www.example.com:8080", "custom").kind
    'server'
    """
    name = host_name(domain)
    for part, why in _MISSING:
        if part in name:
            raise NoSuchService(f"{domain} cannot be an origin here: {why}.")
    gateway = _gateway(name, names)
    if gateway is not None:
        return Destination(_KINDS[gateway.kind], gateway.identifier, gateway.region)
    rest = _REST_ENDPOINT.fullmatch(name)
    if rest is not None:
        return Destination("bucket", rest["bucket"], rest["region"] or "")
    if kind == "custom":
        return Destination("server")
    bucket = bucket_in(name)
    if not bucket:
        raise NoSuchService(
            f"{domain} names no bucket: an S3 origin is BUCKET.s3.REGION.amazonaws.com. Configure "
            "any other server with a CustomOriginConfig."
        )
    return Destination("bucket", bucket)


def is_distribution(host: str, names: Addresses = _BY_FORM) -> bool:
    """Whether a Host is a name of a distribution."""
    gateway = _gateway(host_name(host), names)
    return gateway is not None and gateway.kind == DISTRIBUTION


def _gateway(name: str, names: Addresses) -> Address | None:
    return names.of(HttpRequest("GET", "/", "", {"host": name}, _receive))


async def _receive() -> dict[str, str]:
    return {"type": "http.disconnect"}

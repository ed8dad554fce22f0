"""All origins: finds out what one is, and makes requests to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from lambda_nb.engine.api.admission.host_names import host_name
from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import OriginError, Request, Response, Viewer
from lambda_nb.engine.edge.origins import function_urls, loops, s3_errors
from lambda_nb.engine.edge.origins.buckets import Buckets, Connect
from lambda_nb.engine.edge.origins.destinations import (
    Destination,
    NoSuchService,
    destination,
    is_distribution,
)
from lambda_nb.engine.edge.origins.exchange import Call, Exchange
from lambda_nb.engine.edge.origins.faults import unusable
from lambda_nb.engine.edge.origins.function_urls import UrlAccess
from lambda_nb.engine.edge.origins.request_heads import head, host_of, target
from lambda_nb.engine.edge.origins.signing import is_signed, sign
from lambda_nb.engine.edge.settings import Origin
from lambda_nb.engine.gateways.shared.addresses import Addresses

FindUrl = Callable[[str], "UrlAccess | None"]
"""Whose the function URL with an identifier is; ``None`` if there is none."""

_SPOKEN = ("TLSv1.2", "TLSv1.3")
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Origins:
    """Makes requests to origins.

    Parameters
    ----------
    own_url
        The engine's own address. Buckets, function URLs, APIs, load balancers, websites and other
        distributions are reached there, whatever protocol the origin is configured with.
    keys
        The engine's own, for requests that an origin access control signs.
    region
        The Region of buckets whose names have none.
    connect
        Returns boto3 clients of S3 and CloudFront.
    find_url
        Finds function URLs.
    names
        Tell the engine's own gateways by their names: custom domain names and aliases too.
    """

    def __init__(
        self,
        own_url: str,
        keys: Keys,
        region: str,
        connect: Connect,
        find_url: FindUrl,
        names: Addresses,
    ) -> None:
        self._own_url = own_url
        self._keys = keys
        self._region = region
        self._find_url = find_url
        self._names = names
        self._exchange = Exchange()
        self._buckets = Buckets(self._exchange, own_url, keys, region, connect)

    async def close(self) -> None:
        """Close idle connections."""
        await self._exchange.close()

    async def fetch(
        self, origin: Origin, request: Request, viewer: Viewer, distribution: str
    ) -> Response:
        """Make a request to an origin.

        Parameters
        ----------
        request
            As policies and functions left it: a ``Host`` in it is asked for in place of the
            origin's name. Its ``CDN-Loop`` must be the viewer's.
        distribution
            ARN of the distribution whose origin it is.

        Raises
        ------
        OriginError
            There is no usable response. The response's body raises it, too, if the origin breaks
            it off.
        """
        distribution_id = distribution.rpartition("/")[2]
        if loops.is_full(request.headers):
            before = ", ".join(loops.passed(request.headers))
            raise OriginError(
                loops.TOO_MANY,
                "OriginError",
                f"The request has passed {before} before {distribution_id}; CloudFront lets two "
                "distributions be in a row. Name the server behind them as the origin.",
            )
        origin, request = self._by_name(origin, request)
        try:
            at = destination(origin.domain, origin.kind, self._names)
        except NoSuchService as missing:
            raise unusable(str(missing)) from missing
        if at.kind == "bucket":
            return await self._buckets.fetch(origin, at, request, viewer, distribution)
        headers = head(origin, request, viewer, distribution_id)
        if at.kind == "server":
            return await self._from_server(origin, request, viewer, headers)
        return await self._from_gateway(origin, at, request, headers, distribution)

    def _by_name(self, origin: Origin, request: Request) -> tuple[Origin, Request]:
        """An origin that is a gateway's own port, and a request to it, by the gateway's name."""
        if host_name(origin.domain) not in _LOOPBACK:
            return origin, request
        _, _, port = origin.domain.partition(":")
        owner = self._names.owner(int(port) if port.isdecimal() else origin.http_port)
        if owner is None:
            return origin, request
        kind, identifier = owner
        named = replace(origin, domain=f"{identifier}.{kind}.localhost")
        if host_name(request.headers.get("host") or "") == host_name(origin.domain):
            request = request.copy()
            request.headers.set("Host", named.domain)
        return named, request

    async def _from_gateway(
        self,
        origin: Origin,
        at: Destination,
        request: Request,
        headers: Headers,
        distribution: str,
    ) -> Response:
        """The response of one of the engine's own gateways, which its Host names."""
        path = target(origin, request)
        forwarded = host_of(origin, request)
        if host_name(forwarded) != host_name(origin.domain):
            refusal = self._misnamed(at, request, forwarded)
            if refusal is not None:
                return refusal
            if at.kind == "load balancer":  # it takes any Host, so the path says which one
                path = f"/elb/{at.identifier}{path}"
            elif at.kind == "website":
                headers.set("Host", origin.domain)
        if at.kind == "function URL" and is_signed(origin, headers, "lambda"):
            access = self._find_url(at.identifier)
            if access is not None:
                if not access.lets(distribution):
                    return function_urls.forbidden()
                url = f"https://{origin.domain}{path}"
                region = access.region
                sign(self._keys, "lambda", region, request.method, url, headers, request.body)
        call = Call(request.method, self._own_url + path, list(headers), request.body)
        return await self._exchange(origin, call)

    def _misnamed(self, at: Destination, request: Request, host: str) -> Response | None:
        """What a gateway of AWS answers when a viewer's Host is forwarded that it does not know."""
        if at.kind == "function URL":
            return function_urls.forbidden()
        if at.kind == "API" and is_distribution(
            host, self._names
        ):  # else it may be a custom domain
            body = b'{"message":"Forbidden"}'
            told = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("x-amzn-ErrorType", "ForbiddenException"),
            ]
            return Response(403, Headers(told), body, "Forbidden")
        if at.kind == "website" and host_name(host) != at.identifier:
            request_id = request.headers.get("x-amz-cf-id") or ""
            return s3_errors.no_such_bucket(request.method, request_id, host_name(host))
        return None

    async def _from_server(
        self, origin: Origin, request: Request, viewer: Viewer, headers: Headers
    ) -> Response:
        scheme = {"http-only": "http", "https-only": "https"}.get(
            origin.protocol_policy, viewer.protocol
        )
        if scheme == "https" and not set(_SPOKEN) & set(origin.ssl_protocols):
            raise OriginError(
                502,
                "OriginConnectError",
                f"{origin.domain} may be asked by {', '.join(origin.ssl_protocols)} only, which "
                "this machine's TLS does not speak any more. Add TLSv1.2 to OriginSslProtocols.",
            )
        address = origin.domain
        if urlsplit(f"//{address}").port is None:
            address += f":{origin.https_port if scheme == 'https' else origin.http_port}"
        # The first one is asked for in the handshake.
        known = (origin.sni, headers.get("host"), address, *origin.certificate_names)
        names = list(dict.fromkeys(host_name(name) for name in known if name))
        url = f"{scheme}://{address}{target(origin, request)}"
        call = Call(
            request.method, url, list(headers), request.body, names if scheme == "https" else ()
        )
        return await self._exchange(origin, call)

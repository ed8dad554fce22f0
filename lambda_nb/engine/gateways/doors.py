"""The door of APIs and load balancers: finds the one that a request is for, and its Region."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from lambda_nb.engine.api.wire.http import HttpRequest, Receive, Reply, Scope, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.api_gateway import ApiGateway
from lambda_nb.engine.gateways.load_balancer.gateway import LoadBalancers
from lambda_nb.engine.gateways.shared.addresses import (
    API,
    DOMAIN,
    LOAD_BALANCER,
    Address,
    Addresses,
)

_FORBIDDEN = Reply(403, b'{"message":"Forbidden"}')


class Serving(Protocol):
    """What answers for APIs of a kind, or for load balancers."""

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""

    def fault(self, error: AWSError, at: Address, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""


@runtime_checkable
class Connecting(Protocol):
    """What takes WebSocket connections, or says why not."""

    async def connect(self, at: Address, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one connection; returns when it has ended."""


class Region(Protocol):
    """One Region, as the doors see it."""

    name: str
    api_gateway: ApiGateway
    load_balancers: LoadBalancers


class GatewayDoor:
    """The door of APIs and load balancers.

    Parameters
    ----------
    addresses
        Finds what requests are for.
    regions
        The Regions that are open, the home Region first.
    """

    def __init__(self, addresses: Addresses, regions: Callable[[], Sequence[Region]]) -> None:
        self._addresses = addresses
        self._regions = regions

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is for an API or a load balancer."""
        at = self._addresses.of(request)
        return at is not None and at.kind in (API, DOMAIN, LOAD_BALANCER)

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        at, serving = self._find(request)
        if isinstance(serving, LoadBalancers) and not at.region:
            serving = await self._of_any_region(at.identifier)
        if serving is None:  # as on AWS, where the host of an unknown API is refused
            await _FORBIDDEN.send(send)
            return
        await serving.answer(at, request, request_id, send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        at, serving = self._find(request)
        return _FORBIDDEN if serving is None else serving.fault(error, at, request, request_id)

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one WebSocket connection, or refuse it; returns when it has ended."""
        request = HttpRequest.of(scope, receive)
        found: object = None
        if self.takes(request):
            at, found = self._find(request)
        if isinstance(found, Connecting):
            await found.connect(at, scope, receive, send)
        else:
            await _FORBIDDEN.refuse(send)

    async def _of_any_region(self, name: str) -> LoadBalancers:
        """Those with a load balancer of a name; the home Region's if nobody has it."""
        home, *others = self._regions()
        for region in (home, *others) if others else ():
            if await region.load_balancers.has(name):
                return region.load_balancers
        return home.load_balancers

    def _find(self, request: HttpRequest) -> tuple[Address, Serving | None]:
        at = self._addresses.of(request)
        assert at is not None
        if at.kind == LOAD_BALANCER:
            home, *others = self._regions()
            region = next((one for one in others if one.name == at.region), home)
            return at, region.load_balancers
        if at.kind == DOMAIN:
            return self._at_domain(at, request)
        for region in self._regions():
            serving = region.api_gateway.serving(at.identifier)
            if serving is not None:
                return at, serving
        return at, None

    def _at_domain(self, at: Address, request: HttpRequest) -> tuple[Address, Serving | None]:
        """The API behind a custom domain name, and its address as the name's mapping makes it."""
        for region in self._regions():
            found = region.api_gateway.route(at.identifier, at.path, request.headers)
            if found is not None:
                api_id, stage, path = found
                base = at.path[: len(at.path) - len(path)] if at.path.endswith(path) else at.path
                there = Address(API, api_id, path, base, at.region, stage)
                return there, region.api_gateway.serving(api_id)
        return at, None


def has_domain(regions: Sequence[Region], name: str) -> bool:
    """Whether a host is a custom domain name of one of these Regions."""
    return any(region.api_gateway.has_domain(name) for region in regions)

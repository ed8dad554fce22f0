"""Answers requests to application load balancers."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.wire.http import Header, HttpRequest, Receive, Reply, Scope, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.load_balancer import pages
from lambda_nb.engine.gateways.load_balancer.actions import Fixed, Redirect, Refused
from lambda_nb.engine.gateways.load_balancer.conditions import Asked
from lambda_nb.engine.gateways.load_balancer.configuration import (
    Configuration,
    Listener,
    LoadBalancer,
)
from lambda_nb.engine.gateways.load_balancer.functions_as_targets import Failed, FunctionTargets
from lambda_nb.engine.gateways.load_balancer.health_checks import HealthChecks
from lambda_nb.engine.gateways.load_balancer.servers_as_targets import (
    BODY_LIMIT,
    ServerTargets,
    TooSlow,
    Unreachable,
)
from lambda_nb.engine.gateways.load_balancer.target_groups import (
    Forward,
    Target,
    TargetGroup,
    cookies_of,
)
from lambda_nb.engine.gateways.shared.addresses import Address
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.identifiers import hex_digits

log = logging.getLogger(__name__)

FUNCTION_BODY_LIMIT = 1 << 20
"""Bytes of a request's body for a function (user guide, "Lambda functions as targets": 1 MB)."""

_PORT_DIGITS = 5
_FORWARDED = (b"x-forwarded-for", b"x-forwarded-port", b"x-forwarded-proto", b"x-amzn-trace-id")


class LoadBalancers:
    """The load balancers of one Region.

    A request to ``http://NAME.elb.localhost:PORT/`` comes to the engine's port, where a load
    balancer has listeners on ports of its own. The listener is the one whose port is in the Host
    header (``Host: NAME.elb.localhost:8080``) or in the path (``/elb/NAME:8080/``); if there is
    none, the first for HTTP; if there is none for HTTP either, the first for HTTPS.

    Parameters
    ----------
    surroundings
        What its gateways work with.
    client
        Makes the client of a service in this Region.
    changes
        Says when what is configured may have changed.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        client: Callable[[str], Awaitable[Any]],
        changes: ServiceChanges,
    ) -> None:
        region = surroundings.region
        self._region = region
        self._configuration = Configuration(client, changes, region)
        self._functions = FunctionTargets(surroundings.functions)
        self._servers = ServerTargets(surroundings.upstream)
        self._health = HealthChecks(self._configuration, changes, self._functions, region)

    def start(self) -> None:
        """Begin with health checks."""
        self._health.start()

    async def close(self) -> None:
        """End health checks."""
        await self._health.close()

    async def has(self, name: str) -> bool:
        """Whether there is a load balancer of a name (which may be followed by ``:PORT``)."""
        return await self._configuration.of(name.partition(":")[0]) is not None

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        name, _, named_port = at.identifier.partition(":")
        balancer = await self._configuration.of(name)
        if balancer is None:
            text = f"There is no application load balancer {name!r} in {self._region}."
            await Reply(404, text.encode(), [pages.SERVER], b"text/plain; charset=utf-8").send(send)
            return
        host, port = _host_and_port(request)
        listener = balancer.listener(_port(named_port) or port)
        if listener is None:
            text = f"The load balancer {name!r} has no listener."
            await Reply(503, text.encode(), [pages.SERVER], b"text/plain; charset=utf-8").send(send)
            return
        asked = Asked(
            request.method, host, at.path, request.query, request.raw_headers, request.peer
        )
        port = port or listener.port
        action = listener.action(asked)
        match action:
            case Fixed():
                reply = action.reply()
            case Redirect():
                location = action.location(asked, listener.protocol, port)
                reply = pages.page(action.status, (b"location", location.encode()))
            case Forward():
                reply = await self._forward(
                    _Request(request, asked, balancer, listener, port, request_id), action
                )
            case Refused():
                log.error("load balancer %s: %s", name, action.why)
                reply = pages.page(500)
        await reply.send(send)

    async def connect(self, at: Address, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a WebSocket's handshake: functions take none, and servers none through here."""
        await pages.page(400).refuse(send)

    def fault(self, error: AWSError, at: Address, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        log.warning("load balancer %s: %s", at.identifier, error.message)
        return pages.page(error.status)

    async def _forward(self, request: _Request, forward: Forward) -> Reply:
        cookies = cookies_of(request.http.headers.get("cookie", ""))
        group = forward.choose(cookies)
        target = group.target(cookies) if group is not None else None
        if group is None or target is None:
            return pages.page(503)
        if "upgrade" in request.http.headers and group.kind == "lambda":
            return pages.page(400)
        reply = await self._from_target(request, group, target)
        reply.headers += forward.cookies_for(group) + group.cookies_for(target)
        return reply

    async def _from_target(self, request: _Request, group: TargetGroup, target: Target) -> Reply:
        of_function = group.kind == "lambda"
        # Read whole even if it is too long for a function: a client that writes would miss the 413.
        body = await request.http.body(BODY_LIMIT, _too_large)
        if of_function and len(body) > FUNCTION_BODY_LIMIT:
            raise _too_large(len(body))
        root, headers = request.forwarded()
        asked = request.asked
        what = (group, target, asked.method, asked.path, asked.query, headers, body)
        try:
            if of_function:
                return await self._functions.answer(*what, root, request.identifier)
            return await self._servers.answer(*what, request.balancer.idle_timeout_s)
        except (Failed, Unreachable) as error:
            log.warning("load balancer %s: %s", request.balancer.name, error)
            return pages.page(502)
        except TooSlow as error:
            log.warning("load balancer %s: %s", request.balancer.name, error)
            return pages.page(504)


class _Request:
    """One request on its way to a target."""

    __slots__ = ("_listener", "_port", "asked", "balancer", "http", "identifier")

    def __init__(
        self,
        http: HttpRequest,
        asked: Asked,
        balancer: LoadBalancer,
        listener: Listener,
        port: int,
        identifier: str,
    ) -> None:
        self.http = http
        self.asked = asked
        self.balancer = balancer
        self.identifier = identifier
        self._listener = listener
        self._port = port

    def forwarded(self) -> tuple[str, list[Header]]:
        """The root of the trace, and the headers that the target sees."""
        given = self.http.headers
        root, trace = _trace(given.get("x-amzn-trace-id", ""))
        headers = [header for header in self.http.raw_headers if header[0] not in _FORWARDED]
        before = given.get("x-forwarded-for", "")
        mode = self.balancer.forwarded_for
        if mode == "append":
            before = f"{before}, {self.http.peer}" if before else self.http.peer
        if before and mode != "remove":
            headers.append((b"x-forwarded-for", before.encode("latin-1")))
        headers += [
            (b"x-forwarded-proto", self._listener.protocol.encode()),
            (b"x-forwarded-port", b"%d" % self._port),
            (b"x-amzn-trace-id", trace.encode("latin-1")),
        ]
        return root, headers


def _trace(given: str) -> tuple[str, str]:
    """The root of a trace, and the header: with a part of the load balancer if there was one."""
    own = f"1-{int(time.time()):08x}-{hex_digits(24)}"
    if not given:
        return f"Root={own}", f"Root={own}"
    root = next((part for part in given.split(";") if part.startswith("Root=")), f"Root={own}")
    return root, f"Self={own};{given}"


def _host_and_port(request: HttpRequest) -> tuple[str, int | None]:
    host = request.headers.get("host", "")
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return (name, _port(port)) if port.isdecimal() else (host, None)


def _port(text: str) -> int | None:
    """The port that a text names; ``None`` for what no port can be."""
    return int(text) if text.isdecimal() and len(text) <= _PORT_DIGITS else None


def _too_large(size: int) -> AWSError:
    return AWSError("RequestEntityTooLarge", f"the request's body has {size} bytes or more", 413)

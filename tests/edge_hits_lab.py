"""A distribution with its door on a port of the test's own loop: twice, once with a memory of the
requests that came before, and once without."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from edge_configuration_lab import Kept, default_behaviour, listed

from lambda_nb.engine.api.wire.connection import WholeAnswers
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.api.wire.known_heads import KnownHeads
from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.configuration.configuration import Configuration
from lambda_nb.engine.edge.delivery.delivery import Delivery
from lambda_nb.engine.edge.delivery.door import DistributionDoor
from lambda_nb.engine.edge.delivery.fast_hits import FastHits
from lambda_nb.engine.edge.delivery.fetches import Fetches
from lambda_nb.engine.edge.delivery.objects import Objects
from lambda_nb.engine.edge.delivery.stages import Stages
from lambda_nb.engine.edge.locations.locations import Locations
from lambda_nb.engine.edge.logs.access_logs import AccessLogs
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.triggers.executors import Executors
from lambda_nb.engine.edge.triggers.triggers import Triggers
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.addresses import Addresses

HOST = "e2abc.cloudfront.localhost"
ALIAS = "www.example.com"
Field = tuple[bytes, bytes]


class Answer(NamedTuple):
    """An answer on the wire, and whether the application made it."""

    line: bytes
    fields: list[Field]
    body: bytes
    parsed: bool

    def field(self, name: bytes) -> bytes:
        """The value of a field; empty if there is none."""
        return dict(self.fields).get(name, b"")

    @property
    def cache(self) -> bytes:
        """The first word of ``X-Cache``."""
        return self.field(b"x-cache").partition(b" ")[0]

    @property
    def constant(self) -> tuple[bytes, list[Field], bytes]:
        """What does not differ from time to time."""
        varying = {b"age": b"", b"x-amz-cf-id": b"", b"server-timing": b""}
        if self.cache != b"Hit":
            varying[b"date"] = b""
        fields = [(name, varying.get(name, value)) for name, value in self.fields]
        return self.line, fields, self.body.replace(self.field(b"x-amz-cf-id"), b"")


class World:
    """CloudFront with one distribution, ``E2ABC``, whose origin is in the same loop.

    ``told`` has what the origin answers by path: headers, and a body; what is
    ``missing`` has the status 404. ``lines`` are those of the
    log files, ``figures`` what CloudWatch is told.
    """

    def __init__(self, directory: Path, cache_bytes: int = 1 << 20, **options: Any) -> None:
        self.kept = Kept()
        self.revision = 0
        self.told: dict[str, tuple[list[tuple[str, str]], bytes]] = {}
        self.missing: set[str] = set()
        self.domains: set[str] = set()
        self.lines: list[dict[str, str]] = []
        self.figures: dict[tuple[str, float], int] = {}
        self.parsed = 0
        self.known = KnownHeads()
        self.cache = Cache(directory, cache_bytes)
        self._options = options

    async def start(self) -> None:
        """Listen."""
        await self.cache.open()
        self._origin = await asyncio.start_server(self._site, "127.0.0.1", 0)
        self._doors = [await self._listen(known) for known in (self.known, None)]
        self.addresses = Addresses(
            has_domain=self.domains.__contains__, is_alias=lambda name: name == ALIAS
        )
        self.configuration = Configuration(self._client, lambda: self.revision)
        self._origins = Origins(
            "http://127.0.0.1:1", Keys("a", "b"), "us-east-1", self._client, lambda _: None,
            self.addresses,
        )  # fmt: skip
        locations = Locations(self._options.get("locations", ()))
        nowhere: Any = None  # no function runs here
        triggers = Triggers(nowhere, Executors(nowhere, locations.region_of), nowhere)
        self._objects = Objects(self.cache, Fetches(self._origins, triggers, locations))
        self.logs = AccessLogs(self._client, nowhere, self._figure, every_s=0.01)
        self.door = DistributionDoor(
            self.addresses,
            self.configuration,
            locations,
            Delivery(Stages(triggers, self._options.get("functions")), self._objects),  # type: ignore[arg-type]
            self.logs,
            FastHits(self.addresses, self.configuration, self.cache, self.logs),
        )

    async def close(self) -> None:
        """End it."""
        await self._objects.close()
        await self.logs.close()
        await self.configuration.close()
        await self._origins.close()
        await self.cache.close()
        for door, connections in self._doors:
            door.close()
            for connection in list(connections):
                connection.transport.close()
        self._origin.close()
        while any(connections for _, connections in self._doors):
            await asyncio.sleep(0)

    def distribution(self, *behaviours: dict[str, Any], **config: Any) -> None:
        """Make the distribution, or make it anew."""
        custom = {
            "HTTPPort": self._origin.sockets[0].getsockname()[1],
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "http-only",
        }
        site = {"Id": "server", "DomainName": "localhost", "CustomOriginConfig": custom}
        config.setdefault("DefaultCacheBehavior", default_behaviour())
        self.kept.distribution(Origins=listed(site), CacheBehaviors=listed(*behaviours), **config)
        self.revision += 1

    async def ask(self, request: bytes, *, again: bool = True) -> Answer:
        """Send a request in one piece on a new connection; ``again`` to the door that remembers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port(again=again))
        try:
            writer.write(request)
            return await self.read(reader, request)
        finally:
            writer.close()

    def port(self, *, again: bool = True) -> int:
        """Of the door that remembers requests, or of the other one."""
        return int(self._doors[0 if again else 1][0].sockets[0].getsockname()[1])

    async def read(self, reader: asyncio.StreamReader, request: bytes) -> Answer:
        """An answer."""
        before = self.parsed
        head = await reader.readuntil(b"\r\n\r\n")
        if head == b"HTTP/1.1 100 Continue\r\n\r\n":
            head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head[:-4].split(b"\r\n")
        pairs = [(name, value) for name, _, value in (field.partition(b": ") for field in fields)]
        size = int(dict(pairs).get(b"content-length", b"0"))
        bodiless = request.startswith(b"HEAD") or line.split()[1] == b"304"
        body = b"" if bodiless else await reader.readexactly(size)
        return Answer(line, pairs, body, self.parsed > before)

    async def _listen(self, known: KnownHeads | None) -> tuple[asyncio.Server, Any]:
        config = uvicorn.Config(
            self._app,
            http=partial(WholeAnswers, known=known),  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=self._options.get("keep_alive_s", 60),
        )
        config.load()
        state = uvicorn.Server(config).server_state
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=state, app_state={}
            ),
            "127.0.0.1",
            0,
        )
        return listening, state.connections

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.parsed += 1
        request = HttpRequest.of(scope, receive)
        try:
            await self.door.answer(request, "", send)
        except AWSError as error:
            await self.door.fault(error, request, "").send(send)

    async def _site(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split()[1].decode()
                headers, body = self.told.get(path.partition("?")[0], ([], path.encode()))
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
                status = "404 Not Found" if path in self.missing else "200 OK"
                told = f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode()
                writer.write(told + (b"" if head.startswith(b"HEAD") else body))
        writer.close()

    async def _client(self, service: str) -> Any:
        return self if service == "s3" else self.kept

    def _figure(
        self, namespace: str, name: str, dimensions: Any, unit: str, value: float, times: int
    ) -> None:
        self.figures[name, value] = self.figures.get((name, value), 0) + times

    # -- the bucket for logs

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        """Take a file."""
        _, fields, *lines = gzip.decompress(Body).decode().splitlines()
        names = fields.split()[1:]
        self.lines += [dict(zip(names, line.split("\t"), strict=True)) for line in lines]

    def get_bucket_ownership_controls(self, *, Bucket: str) -> dict[str, Any]:
        """Whose objects are."""
        return {"OwnershipControls": {"Rules": []}}


@contextlib.contextmanager
def running(world: World) -> Iterator[Any]:
    """A world in a loop; yields what runs something in it."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(world.start())
        try:
            yield loop.run_until_complete
        finally:
            loop.run_until_complete(world.close())
    finally:
        loop.close()


def head(
    path: str = "/", *fields: str, host: str = HOST, method: str = "GET", version: str = "1.1"
) -> bytes:
    """A request without a body."""
    lines = [f"{method} {path} HTTP/{version}", f"Host: {host}", *fields]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")

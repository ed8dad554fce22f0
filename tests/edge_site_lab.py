"""A site behind a distribution of a running engine, and a viewer of it."""

from __future__ import annotations

import gzip
import http.client
import json
import socketserver
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

from edge_configuration_lab import listed
from engine_fixtures import Engine

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""Ids of managed policies."""

_T = TypeVar("_T")
Pairs = Sequence[tuple[str, str]]


@dataclass
class Answer:
    """A response: ``headers`` in their order, as they were spelt."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of a name, in any case."""
        wanted = name.lower()
        return next((value for given, value in self.headers if given.lower() == wanted), None)

    @property
    def cache(self) -> str:
        """The first word of ``X-Cache``."""
        return (self.header("X-Cache") or "").partition(" ")[0]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Told:
    """What an origin answers."""

    status: int = 200
    headers: Pairs = ()
    body: bytes | None = None


class Site:
    """An origin: answers with the request that it got, as JSON, or as it is told for a path.

    ``asked`` has the requests' targets in their order.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.told: dict[str, Told | Callable[[], Told]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(size)
                site.asked.append(self.path)
                told = site.told.get(self.path.partition("?")[0], Told())
                told = told if isinstance(told, Told) else told()
                request = {
                    "method": self.command,
                    "target": self.path,
                    "headers": [[name.lower(), value] for name, value in self.headers.items()],
                    "body": body.decode("latin-1"),
                }
                content = json.dumps(request).encode() if told.body is None else told.body
                self.send_response(told.status)
                for name, value in told.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

            def log_message(self, *told: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.port: int = self._server.server_address[1]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def origin(self, name: str = "site", **more: Any) -> dict[str, Any]:
        """It as an origin in a distribution."""
        return origin_at(self.port, name, **more)


class Talker:
    """An origin that talks as a function tells it, once it has read a request's head.

    Parameters
    ----------
    talk
        Takes what writes to the client.

    Attributes
    ----------
    origin
        It as an origin in a distribution.
    go_on
        Set at the end, and whenever a test likes: ``talk`` may wait for it.
    """

    def __init__(self, talk: Callable[[Callable[[bytes], object]], None]) -> None:
        self.go_on = threading.Event()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while self.rfile.readline().strip():
                    pass
                talk(self.wfile.write)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.origin = origin_at(self._server.server_address[1])

    def close(self) -> None:
        """End it."""
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def origin_at(port: int, name: str = "site", **more: Any) -> dict[str, Any]:
    """A server of this machine as an origin in a distribution."""
    custom = {
        "HTTPPort": port,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "http-only",
        "OriginSslProtocols": listed("TLSv1.2"),
    }
    return {"Id": name, "DomainName": "localhost", "CustomOriginConfig": custom, **more}


def behaviour(pattern: str = "", **more: Any) -> dict[str, Any]:
    """A behaviour that caches nothing unless it is told to; without a pattern the default one."""
    told = {"TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all", **more}
    if pattern:
        told["PathPattern"] = pattern
    if "ForwardedValues" not in told:
        told.setdefault("CachePolicyId", CACHING_DISABLED)
    else:
        told.setdefault("MinTTL", 0)
    return told


def distribute(engine: Engine, *origins: dict[str, Any], **config: Any) -> str:
    """Make a distribution; returns its id."""
    whole = {
        "CallerReference": engine.name("reference"),
        "Comment": "",
        "Enabled": True,
        "Origins": listed(*origins),
        "DefaultCacheBehavior": behaviour(),
        **config,
    }
    made = engine.client("cloudfront").create_distribution(DistributionConfig=whole)
    return str(made["Distribution"]["Id"])


def reconfigure(engine: Engine, identifier: str, **config: Any) -> None:
    """Change settings of a distribution."""
    cloudfront = engine.client("cloudfront")
    answer = cloudfront.get_distribution_config(Id=identifier)
    whole = {**answer["DistributionConfig"], **config}
    cloudfront.update_distribution(Id=identifier, IfMatch=answer["ETag"], DistributionConfig=whole)


def ask(
    engine: Engine,
    host: str,
    target: str = "/",
    *headers: tuple[str, str],
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    """A viewer's request: ``host`` is the id of a distribution, or an alias with a dot."""
    name = host if "." in host else f"{host.lower()}.cloudfront.localhost"
    at = urlsplit(engine.url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", f"{name}:{at.port}")
        for header, value in headers:
            connection.putheader(header, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def soon(look: Callable[[], _T | None], within_s: float = 60.0) -> _T:
    """What a look gives once it gives something."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


def log_to(engine: Engine) -> dict[str, Any]:
    """Standard logs into a new bucket, as a distribution's setting."""
    bucket = engine.name("logs")
    engine.client("s3").create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
    return {
        "Enabled": True,
        "IncludeCookies": True,
        "Bucket": f"{bucket}.s3.amazonaws.com",
        "Prefix": "of/site",
    }


def lines_of(engine: Engine, bucket: str, count: int) -> list[dict[str, str]]:
    """The lines of the standard logs in a bucket, by the names of their fields; at least so many,
    in their order."""
    s3 = engine.client("s3")

    def look() -> list[dict[str, str]] | None:
        found = []
        for key in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            raw = s3.get_object(Bucket=bucket, Key=key["Key"])["Body"].read()
            text = gzip.decompress(raw).decode().splitlines()
            assert text[0] == "#Version: 1.0"
            names = text[1].removeprefix("#Fields: ").split()
            found += [dict(zip(names, line.split("\t"), strict=True)) for line in text[2:]]
        return found if len(found) >= count else None

    return soon(look)

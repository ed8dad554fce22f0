"""What a distribution does with the answers of an origin that speaks HTTP in its own way."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from edge_configuration_lab import METHODS, listed
from edge_site_lab import CACHING_OPTIMIZED, ask, behaviour, distribute
from engine_fixtures import Engine

CACHED = behaviour(
    CachePolicyId=CACHING_OPTIMIZED,
    AllowedMethods={**listed(*METHODS), "CachedMethods": listed("GET", "HEAD")},
)
LEGACY = behaviour(
    ForwardedValues={"QueryString": False, "Cookies": {"Forward": "none"}, "Headers": listed()},
    AllowedMethods={**listed(*METHODS), "CachedMethods": listed("GET", "HEAD")},
)
"""With a minimum TTL of 0."""

Write = Callable[[socket.socket, str], None]


class RawOrigin:
    """An origin that writes bytes.

    ``asked`` has the heads of the requests in their order, in lower case; ``write`` answers one.
    """

    def __init__(self, write: Write) -> None:
        self.asked: list[str] = []
        self.write = write
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as file:
                while True:
                    head = b""
                    while (line := file.readline()) not in (b"\r\n", b""):
                        head += line
                    if not head:
                        return
                    told = head.decode("latin-1").lower()
                    if "content-length: " in told:
                        file.read(int(told.partition("content-length: ")[2].partition("\r")[0]))
                    self.asked.append(told)
                    self.write(connection, told)
        except OSError:
            pass
        finally:
            self._open.discard(connection)

    def close(self) -> None:
        """End it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            connection.close()

    def origin(self) -> dict[str, Any]:
        """It as an origin in a distribution."""
        custom = {
            "HTTPPort": self.port,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "http-only",
            "OriginSslProtocols": listed("TLSv1.2"),
        }
        return {"Id": "site", "DomainName": "localhost", "CustomOriginConfig": custom}


@pytest.fixture
def raw() -> Iterator[RawOrigin]:
    origin = RawOrigin(saying(reply(b"hello")))
    yield origin
    origin.close()


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An answer with a length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def saying(*answers: bytes) -> Write:
    """Each answer once, and the last one from then on."""
    left = list(answers)

    def write(connection: socket.socket, head: str) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return write


def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in its own time."""
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_a_request_that_changes_an_object_outdates_it(engine: Engine, raw: RawOrigin) -> None:
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    for method in ("DELETE", "PATCH", "POST", "PUT"):
        assert ask(engine, identifier, "/a").cache == "Miss"
        assert ask(engine, identifier, "/a").cache == "Hit"
        assert ask(engine, identifier, "/b", method=method, body=b"x").status == 200
        assert ask(engine, identifier, "/a", method="OPTIONS").status == 200
        assert ask(engine, identifier, "/a").cache == "Hit"
        assert ask(engine, identifier, "/a", method=method, body=b"x").cache == "Miss"
    assert ask(engine, identifier, "/a").cache == "Miss"
    raw.write = saying(reply(b"no", status="500 Internal Server Error"))
    assert ask(engine, identifier, "/a", method="POST", body=b"x").status == 500
    assert ask(engine, identifier, "/a").cache == "Hit"


def test_an_origin_without_ranges_sends_the_whole(engine: Engine, raw: RawOrigin) -> None:
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    first = ask(engine, identifier, "/a", ("Range", "bytes=1-2"))
    assert (first.status, first.body, first.cache) == (200, b"hello", "Miss")
    assert "\r\nrange: bytes=1-2\r\n" in raw.asked[0]
    second = ask(engine, identifier, "/a", ("Range", "bytes=1-2"))
    assert (second.status, second.body, second.cache) == (206, b"el", "Hit")


def test_a_part_of_a_stale_object(engine: Engine, raw: RawOrigin) -> None:
    raw.write = saying(
        reply(b"hello", 'ETag: "1"', "Cache-Control: max-age=0", "A: old", "B: old"),
        b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nA: new\r\nCache-Control: max-age=60\r\n\r\n',
    )
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=LEGACY)
    ask(engine, identifier, "/a")
    part = ask(engine, identifier, "/a", ("Range", "bytes=1-2"))
    assert (part.status, part.body, part.cache) == (206, b"el", "RefreshHit")
    assert (part.header("A"), part.header("B")) == ("new", "old")
    assert 'if-none-match: "1"' in raw.asked[1]
    assert "\r\nrange:" not in raw.asked[1]
    whole = ask(engine, identifier, "/a")
    assert (whole.body, whole.cache, whole.header("A")) == (b"hello", "Hit", "new")
    assert whole.header("Cache-Control") == "max-age=60"


def test_parts_are_cached(engine: Engine, raw: RawOrigin) -> None:
    raw.write = saying(reply(b"ello", "Content-Range: bytes 1-4/9", status="206 Partial Content"))
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    for cache in ("Miss", "Hit"):
        part = ask(engine, identifier, "/a", ("Range", "bytes=1-4"))
        assert (part.status, part.body, part.cache) == (206, b"ello", cache)
        assert part.header("Content-Range") == "bytes 1-4/9"


def test_a_narrower_range_of_a_cached_part(engine: Engine, raw: RawOrigin) -> None:
    part = reply(b"ello wor", "Content-Range: bytes 1-8/11", status="206 Partial Content")
    raw.write = saying(part)
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    ask(engine, identifier, "/a", ("Range", "bytes=1-8"))
    for wanted, body in (("3-5", b"lo "), ("1-8", b"ello wor"), ("8-8", b"r")):
        got = ask(engine, identifier, "/a", ("Range", f"bytes={wanted}"))
        assert (got.status, got.body, got.cache) == (206, body, "Hit")
        assert got.header("Content-Range") == f"bytes {wanted}/11"
    several = ask(engine, identifier, "/a", ("Range", "bytes=2-3,7-8"))
    assert (several.status, several.cache) == (206, "Hit")
    assert several.header("Content-Range") is None
    assert b"Content-Range: bytes 7-8/11\r\n\r\nor\r\n" in several.body
    assert len(raw.asked) == 1


def test_a_cached_part_of_another_version_than_if_range_names(
    engine: Engine, raw: RawOrigin
) -> None:
    told = ('ETag: "2"', "Content-Range: bytes 1-4/5")
    raw.write = saying(
        reply(b"ello", *told, status="206 Partial Content"), reply(b"hello", 'ETag: "2"')
    )
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    wanted = ("Range", "bytes=1-4")
    ask(engine, identifier, "/a", wanted)
    same = ask(engine, identifier, "/a", wanted, ("If-Range", '"2"'))
    assert (same.status, same.body, same.cache) == (206, b"ello", "Hit")
    other = ask(engine, identifier, "/a", wanted, ("If-Range", '"1"'))
    assert (other.status, other.body, other.cache) == (200, b"hello", "Miss")
    assert 'if-range: "1"' in raw.asked[1]


def test_age_and_date(engine: Engine, raw: RawOrigin) -> None:
    date = "Tue, 01 Jan 2019 00:00:00 GMT"
    raw.write = saying(reply(b"hello", f"Date: {date}", "Age: 7", "Cache-Control: max-age=1"))
    identifier = distribute(
        engine, raw.origin(), DefaultCacheBehavior={**LEGACY, "MinTTL": 1000, "DefaultTTL": 1000}
    )
    first, second = ask(engine, identifier, "/a"), ask(engine, identifier, "/a")
    assert (first.cache, first.header("Date"), first.header("Age")) == ("Miss", date, "7")
    assert (second.cache, second.header("Date")) == ("Hit", date)
    # The apparent age counts, which is longer than what Age says (RFC 9111, 4.2.3).
    assert int(second.header("Age") or "") > 2 * 365 * 86_400


def test_interim_answers_are_not_kept(engine: Engine, raw: RawOrigin) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hint: 1\r\n\r\n"
    raw.write = saying(b"HTTP/1.1 102 Processing\r\n\r\n" + hints + reply(b"hello"))
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    for cache in ("Miss", "Hit"):
        answer = ask(engine, identifier, "/a")
        assert (answer.status, answer.cache, answer.body) == (200, cache, b"hello")
        assert answer.header("X-Hint") is None


def test_chunks_and_trailers(engine: Engine, raw: RawOrigin) -> None:
    raw.write = saying(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    for cache in ("Miss", "Hit"):
        answer = ask(engine, identifier, "/a")
        assert (answer.status, answer.cache, answer.body) == (200, cache, b"hello")
        assert (answer.header("Trailer"), answer.header("X-Sum")) == (None, None)


@pytest.mark.parametrize("length", [True, False])
def test_an_origin_that_closes(engine: Engine, raw: RawOrigin, length: bool) -> None:
    def write(connection: socket.socket, head: str) -> None:
        text = "HTTP/1.1 200 OK\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
        text += "Content-Length: 5\r\n\r\n" if length else "\r\n"
        connection.sendall(text.encode() + b"hello")
        connection.shutdown(socket.SHUT_RDWR)

    raw.write = write
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    for path in ("/a", "/b"):
        for cache in ("Miss", "Hit"):
            answer = ask(engine, identifier, path)
            assert (answer.status, answer.cache, answer.body) == (200, cache, b"hello")
            assert answer.header("X-Mine") is None


def test_an_answer_that_breaks_off_is_not_kept(engine: Engine, raw: RawOrigin) -> None:
    def write(connection: socket.socket, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
        connection.shutdown(socket.SHUT_RDWR)

    raw.write = write
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        ask(engine, identifier, "/a")
    raw.write = saying(reply(b"whole"))
    answer = ask(engine, identifier, "/a")
    assert (answer.cache, answer.body) == ("Miss", b"whole")


def test_many_misses_make_one_request(engine: Engine, raw: RawOrigin) -> None:
    go = threading.Event()

    def write(connection: socket.socket, head: str) -> None:
        go.wait(60)
        connection.sendall(reply(b"hello"))

    raw.write = write
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    with ThreadPoolExecutor(50) as pool:
        asking = [pool.submit(ask, engine, identifier, "/a") for _ in range(50)]
        until(lambda: bool(raw.asked))
        time.sleep(0.3)  # the others are on their way; who comes later finds the object
        go.set()
        answers = [one.result() for one in asking]
    assert {answer.body for answer in answers} == {b"hello"}
    assert sorted(answer.cache for answer in answers) == ["Hit"] * 49 + ["Miss"]
    assert len(raw.asked) == 1


def test_nobody_waits_for_a_viewer_that_hung_up(engine: Engine, raw: RawOrigin) -> None:
    go = threading.Event()

    def write(connection: socket.socket, head: str) -> None:
        if len(raw.asked) > 1:
            connection.sendall(reply(b"hello"))
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        go.wait(60)

    raw.write = write
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    leader = connected(engine, identifier, "/a")
    assert leader.recv(65_536)
    with ThreadPoolExecutor(1) as pool:
        follower = pool.submit(ask, engine, identifier, "/a")
        time.sleep(0.1)
        leader.close()
        answer = follower.result(30)
    go.set()
    assert (answer.cache, answer.body) == ("Miss", b"hello")
    assert len(raw.asked) == 2


def test_one_refresh_in_the_background(engine: Engine, raw: RawOrigin) -> None:
    go = threading.Event()
    first = reply(b"old", "Cache-Control: max-age=0, stale-while-revalidate=600")

    def write(connection: socket.socket, head: str) -> None:
        if len(raw.asked) == 1:
            connection.sendall(first)
            return
        go.wait(60)
        connection.sendall(reply(b"new", "Cache-Control: max-age=600"))

    raw.write = write
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=LEGACY)
    ask(engine, identifier, "/a")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: ask(engine, identifier, "/a"), range(10)))
    assert {(answer.cache, answer.body) for answer in answers} == {("Hit", b"old")}
    go.set()
    until(lambda: ask(engine, identifier, "/a").body == b"new")
    assert len(raw.asked) == 2


def test_errors_are_kept_for_a_while(engine: Engine, raw: RawOrigin) -> None:
    short = {
        "ErrorCode": 503,
        "ErrorCachingMinTTL": 1,
        "ResponsePagePath": "",
        "ResponseCode": "",
    }
    default = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    brief = distribute(
        engine, raw.origin(), DefaultCacheBehavior=CACHED, CustomErrorResponses=listed(short)
    )
    down = reply(b"down", status="503 Service Unavailable")
    raw.write = saying(down, down, reply(b"up"))
    for identifier in (default, default, brief):
        answer = ask(engine, identifier, "/a")
        assert (answer.status, answer.cache, answer.body) == (503, "Error", b"down")
    assert len(raw.asked) == 2
    until(lambda: ask(engine, brief, "/a").body == b"up")


def test_an_answer_older_than_an_invalidation_is_not_kept(engine: Engine, raw: RawOrigin) -> None:
    go = threading.Event()

    def write(connection: socket.socket, head: str) -> None:
        if len(raw.asked) == 1:
            go.wait(60)
        connection.sendall(reply(b"old" if len(raw.asked) == 1 else b"new"))

    raw.write = write
    identifier = distribute(engine, raw.origin(), DefaultCacheBehavior=CACHED)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(ask, engine, identifier, "/a")
        until(lambda: bool(raw.asked))
        engine.client("cloudfront").create_invalidation(
            DistributionId=identifier,
            InvalidationBatch={"CallerReference": engine.name(), "Paths": listed("/*")},
        )
        go.set()
        assert early.result().body == b"old"
    answer = ask(engine, identifier, "/a")
    assert (answer.cache, answer.body) == ("Miss", b"new")


def connected(engine: Engine, identifier: str, target: str) -> socket.socket:
    """A connection over which a viewer has asked for something."""
    at = urlsplit(engine.url)
    connection = socket.create_connection((at.hostname, at.port), timeout=60)
    host = f"{identifier.lower()}.cloudfront.localhost:{at.port}"
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return connection

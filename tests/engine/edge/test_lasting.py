"""Distributions outlive engines and their services; large objects, and viewers who leave."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from edge_configuration_lab import listed
from edge_site_lab import (
    CACHING_OPTIMIZED,
    Site,
    Talker,
    Told,
    ask,
    behaviour,
    distribute,
    lines_of,
    log_to,
)
from engine_fixtures import ROLE, Engine, zip_of

CACHED = behaviour(CachePolicyId=CACHING_OPTIMIZED)
MARK = """
def handler(event, context):
    response = event["Records"][0]["cf"]["response"]
    response["headers"]["x-lambda"] = [{"key": "X-Lambda", "value": "seen"}]
    return response
"""
SHORT = """function handler(event) {
    var request = event.request;
    if (request.uri === '/short') { request.uri = '/long'; }
    return request;
}"""
PIECE = bytes(range(256)) * 4096  # 1 MB


def with_functions(engine: Engine, site: Site) -> str:
    """A distribution with functions of both kinds; its id."""
    client = engine.client("lambda", region_name="us-east-1")
    name = engine.name("edge")
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zip_of({"index.py": MARK})},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    version = client.publish_version(FunctionName=name)["FunctionArn"]
    cloudfront = engine.client("cloudfront")
    made = cloudfront.create_function(
        Name=engine.name("short"),
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=SHORT.encode(),
    )
    summary = made["FunctionSummary"]
    cloudfront.publish_function(Name=summary["Name"], IfMatch=made["ETag"])
    arn = summary["FunctionMetadata"]["FunctionARN"]
    told = {
        **CACHED,
        "FunctionAssociations": listed({"EventType": "viewer-request", "FunctionARN": arn}),
        "LambdaFunctionAssociations": listed(
            {"EventType": "origin-response", "LambdaFunctionARN": version}
        ),
    }
    return distribute(engine, site.origin(), DefaultCacheBehavior=told)


def test_a_restart_keeps_all(start_engine: Callable[..., Engine], site: Site) -> None:
    engine = start_engine("--runtime-fallback", "nearest")
    identifier = with_functions(engine, site)
    answer = ask(engine, identifier, "/short")
    assert (answer.cache, answer.json["target"]) == ("Miss", "/long")
    assert answer.header("X-Lambda") == "seen"
    site.told["/large"] = Told(body=PIECE)
    assert ask(engine, identifier, "/large").body == PIECE
    assert engine.stop() == 0
    again = start_engine("--runtime-fallback", "nearest")
    for target in ("/short", "/long"):
        kept = ask(again, identifier, target)
        assert (kept.cache, kept.header("X-Lambda")) == ("Hit", "seen")
    large = ask(again, identifier, "/large")
    assert (large.cache, large.body) == ("Hit", PIECE)
    assert ask(again, identifier, "/new").header("X-Lambda") == "seen"
    assert site.asked == ["/long", "/large", "/new"]


def test_an_alias_answers_after_a_restart(start_engine: Callable[..., Engine], site: Site) -> None:
    certificate = {
        "ACMCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    engine = start_engine()
    aliases = listed("www.shop.example", "*.shop.example")
    distribute(engine, site.origin(), Aliases=aliases, ViewerCertificate=certificate)
    assert ask(engine, "www.shop.example").status == 200
    assert engine.stop() == 0
    again = start_engine()
    assert ask(again, "img.shop.example").status == 200  # the first request waits for the names
    assert ask(again, "img.other.example").status == 403


def test_two_engines(start_engine: Callable[..., Engine], site: Site) -> None:
    engines = [start_engine(directory=name) for name in ("one", "other")]
    ids = [distribute(engine, site.origin(), DefaultCacheBehavior=CACHED) for engine in engines]
    for engine, identifier in zip(engines, ids, strict=True):
        assert [ask(engine, identifier, "/a").cache for _ in range(2)] == ["Miss", "Hit"]
    assert ask(engines[0], ids[1], "/a").status == 403


def test_nobody_has_to_sign_and_the_services_die(
    start_engine: Callable[..., Engine], site: Site
) -> None:
    engine = start_engine("--auth", "none")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
    assert ask(engine, identifier, "/a").cache == "Miss"
    other = distribute(engine, site.origin())
    kept = engine.data_dir / "services"
    deadline = time.monotonic() + 60
    while not any(
        other.encode() in file.read_bytes() for file in kept.glob("moto.cloudfront*.state")
    ):
        assert time.monotonic() < deadline, "CloudFront's state was not saved"
        time.sleep(0.05)
    (child,) = [
        process
        for process in psutil.Process(engine.process.pid).children()
        if "lambda_nb.engine.neighbours.process.server" in process.cmdline()
    ]
    child.kill()
    child.wait(10)
    assert ask(engine, identifier, "/a").cache == "Hit"
    assert ask(engine, other, "/never/asked").status == 200
    third = distribute(engine, site.origin())
    assert ask(engine, third).status == 200


class Slow:
    """An origin that sends pieces of 1 MB for as long as it is let; ``left`` once nobody reads."""

    def __init__(self, pieces: int, *, waits: bool = False, missing: int = 0) -> None:
        self.left = threading.Event()

        def talk(write: Callable[[bytes], object]) -> None:
            write(
                b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nAccept-Ranges: bytes\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (pieces * len(PIECE) + missing)
            )
            try:
                for count in range(pieces):
                    write(PIECE)
                    if waits and count:
                        talker.go_on.wait(0.05)
            except OSError:
                self.left.set()

        talker = Talker(talk)
        self.go_on, self.origin, self.close = talker.go_on, talker.origin, talker.close


def stream(engine: Engine, identifier: str) -> tuple[http.client.HTTPConnection, Any]:
    """A viewer's connection and the response whose body it has not read."""
    at = urlsplit(engine.url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
    host = f"{identifier.lower()}.cloudfront.localhost:{at.port}"
    connection.request("GET", "/film.mp4", headers={"Host": host})
    return connection, connection.getresponse()


def test_a_large_object_is_not_held_in_memory(
    start_engine: Callable[..., Engine], site: Site
) -> None:
    engine = start_engine()
    film = Slow(64)
    try:
        identifier = distribute(engine, film.origin, DefaultCacheBehavior=CACHED)
        ask(engine, distribute(engine, site.origin()))  # all that is loaded once is loaded
        process = psutil.Process(engine.process.pid)
        before = most = process.memory_info().rss
        for outcome in ("Miss", "Hit"):
            connection, response = stream(engine, identifier)
            try:
                assert (response.headers["X-Cache"] or "").startswith(outcome)
                size = 0
                while part := response.read(len(PIECE)):
                    assert part == PIECE
                    size += len(part)
                    most = max(most, process.memory_info().rss)
                assert size == 64 * len(PIECE)
            finally:
                connection.close()
        assert most - before < 32 << 20
        middle = ask(engine, identifier, "/film.mp4", ("Range", "bytes=1048576-1048831"))
        assert (middle.status, middle.cache) == (206, "Hit")
        assert middle.body == bytes(range(256))
        assert middle.header("Content-Range") == f"bytes 1048576-1048831/{64 * len(PIECE)}"
    finally:
        film.close()


def test_a_viewer_who_leaves_frees_the_origin(engine: Engine) -> None:
    film = Slow(100_000, waits=True)
    try:
        logging = log_to(engine)
        identifier = distribute(engine, film.origin, DefaultCacheBehavior=CACHED, Logging=logging)
        connection, response = stream(engine, identifier)
        assert response.read(1000) == PIECE[:1000]
        response.close()
        connection.close()
        assert film.left.wait(60), "the origin still sends"
    finally:
        film.close()
    # What was not whole is not in the cache.
    gone = ask(engine, identifier, "/film.mp4")
    assert gone.status == 502
    left, failed = lines_of(engine, logging["Bucket"].partition(".")[0], 2)
    results = ("sc-status", "x-edge-result-type", "x-edge-response-result-type")
    assert [left[name] for name in results] == ["200", "Error", "Miss"]
    assert left["x-edge-detailed-result-type"] == "ClientCommError"
    assert [failed[name] for name in results] == ["502", "Error", "Error"]


def test_a_viewer_who_does_not_read_slows_the_origin_down(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    film = Slow(200)
    try:
        identifier = distribute(engine, film.origin)
        at = urlsplit(engine.url)
        with socket.create_connection((at.hostname or "", at.port or 0), 60) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            host = f"{identifier.lower()}.cloudfront.localhost:{at.port}"
            line.sendall(f"GET /film.mp4 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert line.recv(1000).startswith(b"HTTP/1.1 200")
            process = psutil.Process(engine.process.pid)
            before = process.memory_info().rss
            for _ in range(20):
                time.sleep(0.05)
                assert process.memory_info().rss - before < 64 << 20
        assert film.left.wait(60), "the origin still sends"
    finally:
        film.close()


def test_an_origin_that_breaks_off(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    film = Slow(1, missing=1)
    try:
        identifier = distribute(engine, film.origin, DefaultCacheBehavior=CACHED)
        for _ in range(2):  # what is not whole is not kept
            connection, response = stream(engine, identifier)
            assert response.headers["X-Cache"] == "Miss from cloudfront"
            with pytest.raises(http.client.IncompleteRead) as caught:
                response.read()
            assert caught.value.partial == PIECE
            connection.close()
    finally:
        film.close()
    said = engine.log_file.read_text()
    assert "broke its answer off" in said
    assert "Traceback" not in said

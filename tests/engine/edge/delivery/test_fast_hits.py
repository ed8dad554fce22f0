"""Hits that repeat are answered without being parsed, and as if they were parsed."""

from __future__ import annotations

import asyncio
import itertools
import time
import weakref
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from edge_configuration_lab import MOMENT, default_behaviour, listed
from edge_hits_lab import ALIAS, HOST, Answer, World, head, running
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_nb.engine.api.wire.known_heads import LONGEST_HEAD
from lambda_nb.engine.edge.cache.entries import Name
from lambda_nb.engine.edge.model import Request, Response
from lambda_nb.engine.edge.triggers.context import TriggerContext

TEXT = b"<p>hello</p>" * 200
ETAG = ("ETag", '"v1"')
DATED = ("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
SITE: dict[str, tuple[list[tuple[str, str]], bytes]] = {
    "/a": ([ETAG, DATED, ("Content-Type", "text/html"), ("Vary", "Origin, X-Mine")], TEXT),
    "/b": ([("Set-Cookie", "a=1"), ("X-Percent", "100%s %(age)b"), ("x-cache", "mine")], b"b"),
    "/empty": ([], b""),
    "/cors/a": ([ETAG, ("Server", "mine")], b"of others"),
    "/device/a": ([("Vary", "User-Agent")], b"for a device"),
    "/files/a": ([ETAG], b"0123456789"),
}
BROWSER = ("Accept-Encoding: gzip, br", "User-Agent: Mozilla/5.0", "Cookie: a=1; b=2")


def behaviour(pattern: str, **more: Any) -> dict[str, Any]:
    """A behaviour for a path."""
    return default_behaviour(PathPattern=pattern, **more)


def keyed(world: World, name: str, *headers: str) -> str:
    """A cache policy with headers in its key."""
    named = {"HeaderBehavior": "whitelist", "Headers": listed(*headers)}
    return world.kept.cache_policy(name, MinTTL=1, DefaultTTL=60, MaxTTL=99, key={"headers": named})


def shown(world: World, name: str, **config: Any) -> str:
    """A response headers policy."""
    return world.kept.policy("response_headers_policy", name, {"Name": name, **config})


def custom(name: str, value: str, *, override: bool = True) -> dict[str, Any]:
    """The part of a response headers policy that adds a header."""
    one = {"Header": name, "Value": value, "Override": override}
    return {"CustomHeadersConfig": listed(one)}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[World, Any]]:
    world = World(tmp_path)
    world.told.update(SITE)
    with running(world) as run:
        yield world, run


async def thrice(world: World, request: bytes) -> Answer:
    """The answer after a miss and a hit."""
    for _ in range(2):
        await world.ask(request)
    return await world.ask(request)


def test_the_third_request_is_not_parsed(world: tuple[World, Any]) -> None:
    lab, run = world
    lab.distribution()
    request = head("/a", *BROWSER)
    answers = [run(lab.ask(request)) for _ in range(4)]
    assert [answer.cache for answer in answers] == [b"Miss", b"Hit", b"Hit", b"Hit"]
    assert [answer.parsed for answer in answers] == [True, True, False, False]
    assert len({answer.field(b"x-amz-cf-id") for answer in answers}) == 4
    assert answers[1].constant == answers[2].constant == run(lab.ask(request, again=False)).constant


REQUESTS = st.builds(
    head,
    st.sampled_from([*SITE, "/a?x=1", "/cors/b", "/address/a", "/timed/a", "/nothing"]),
    st.sampled_from(["X: 1", "User-Agent: Mozilla/5.0 (iPhone)", "user-agent: curl/8"]),
    st.sampled_from(["Accept: */*", "Accept-Encoding: gzip", "Accept-Encoding: br;q=0.1, gzip"]),
    st.sampled_from(["Y: 2", 'If-None-Match: "v1"', 'If-Match: "v2"', "Expect: 100-continue"]),
    st.sampled_from(["Z: 3", "Range: bytes=2-3", "Range: bytes=-1", "Range: bytes=9000-"]),
    st.sampled_from(["X-Viewer-Location: Berlin", "Origin: https://a.example", "Cookie: a=1"]),
    st.sampled_from(["Pragma: server-timing", "Connection: keep-alive", "Connection: close"]),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST"]),
    version=st.sampled_from(["1.1", "1.1", "1.1", "1.0"]),
)


def with_policies(lab: World) -> None:
    """A distribution with a behaviour for each thing that an answer may depend on."""
    cors = {
        "AccessControlAllowOrigins": listed("https://a.example"),
        "AccessControlAllowHeaders": listed("*"),
        "AccessControlAllowMethods": listed("GET"),
        "AccessControlAllowCredentials": False,
        "OriginOverride": True,
    }
    gone = {"RemoveHeadersConfig": listed({"Header": "Server"})}
    timing = {"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 0.0}}
    lab.distribution(
        behaviour("/cors/*", ResponseHeadersPolicyId=shown(lab, "cors", CorsConfig=cors, **gone)),
        behaviour("/device/*", CachePolicyId=keyed(lab, "d", "CloudFront-Is-Mobile-Viewer")),
        behaviour("/address/*", CachePolicyId=keyed(lab, "a", "CloudFront-Viewer-Address")),
        behaviour("/timed/*", ResponseHeadersPolicyId=shown(lab, "timed", **timing)),
        DefaultCacheBehavior=default_behaviour(Compress=True),
        DefaultRootObject="a",
    )


def test_a_request_gets_the_same_answer_in_both_ways(world: tuple[World, Any]) -> None:
    lab, run = world
    with_policies(lab)
    parsed: set[bool] = set()

    @settings(max_examples=150, deadline=None)
    @given(REQUESTS)
    def check(request: bytes) -> None:
        answer = run(thrice(lab, request))
        if b" /address/" in request:  # each connection has an object of its own: a hit by chance
            assert answer.parsed
            return
        assert answer.constant == run(lab.ask(request, again=False)).constant
        parsed.add(answer.parsed)

    check()
    assert parsed == {True, False}


@pytest.mark.parametrize(
    "request_",
    [
        head("/a", method="HEAD"),
        head("/a", version="1.0"),
        head("/a", "Connection: close"),
        head("/a", "Expect: 100-continue"),
        head("/files/a", "Range: bytes=1-2"),
        head("/files/a", "Range: bytes=1-2,4-5"),
        head("/address/a"),
        head("/timed/a"),
        head("/a", f"X: {'x' * LONGEST_HEAD}"),
    ],
    ids=["HEAD", "HTTP/1.0", "close", "expect", "range", "ranges", "address", "timing", "long"],
)
def test_what_is_parsed_each_time(world: tuple[World, Any], request_: bytes) -> None:
    lab, run = world
    with_policies(lab)
    assert run(thrice(lab, request_)).parsed
    assert run(thrice(lab, head("/a"))).parsed is False


@pytest.mark.parametrize("name", ["Age", "X-Amz-Cf-Id", "Date"])
def test_policies_that_have_a_say_in_what_varies(world: tuple[World, Any], name: str) -> None:
    lab, run = world
    lab.distribution(
        behaviour("/set/*", ResponseHeadersPolicyId=shown(lab, "set", **custom(name, "7"))),
        behaviour(
            "/gone/*",
            ResponseHeadersPolicyId=shown(
                lab, "gone", RemoveHeadersConfig=listed({"Header": name})
            ),
        ),
    )
    for path in ("/set/a", "/gone/a"):
        answer, other = run(thrice(lab, head(path))), run(lab.ask(head(path), again=False))
        assert [pair[0] for pair in answer.fields] == [pair[0] for pair in other.fields]
        assert answer.field(b"age") == other.field(b"age")


def test_percent_signs_stay(world: tuple[World, Any]) -> None:
    lab, run = world
    lab.distribution()
    answer = run(thrice(lab, head("/b")))
    assert answer.parsed is False
    assert answer.field(b"x-percent") == b"100%s %(age)b"


def test_cached_errors_are_parsed_each_time(world: tuple[World, Any]) -> None:
    lab, run = world
    lab.distribution()
    lab.missing.add("/a")
    answer = run(thrice(lab, head("/a")))
    assert (answer.line.split()[1], answer.cache, answer.parsed) == (b"404", b"Error", True)


class Unchanging:
    """Functions that change nothing, and count their calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def viewer_request(self, arn: str, context: TriggerContext, request: Request) -> Request:
        self.calls += 1
        return request

    async def viewer_response(
        self, arn: str, context: TriggerContext, request: Request, response: Response
    ) -> Response:
        self.calls += 1
        return response


@pytest.mark.parametrize("event", ["viewer-request", "viewer-response"])
def test_functions_at_viewer_events_run_each_time(tmp_path: Path, event: str) -> None:
    functions = Unchanging()
    world = World(tmp_path, functions=functions)
    one = {"EventType": event, "FunctionARN": "arn:aws:cloudfront::000000000000:function/f"}
    with running(world) as run:
        world.distribution(DefaultCacheBehavior=default_behaviour(FunctionAssociations=listed(one)))
        answer = run(thrice(world, head("/a")))
    assert (answer.cache, answer.parsed, functions.calls) == (b"Hit", True, 3)


def test_delays_are_waited_for_each_time(tmp_path: Path) -> None:
    world = World(tmp_path, locations=("fra", "iad"))
    with running(world) as run:
        world.distribution()
        for request in (head("/a"), head("/a", "X-Viewer-Location: Frankfurt")):
            answer = run(thrice(world, request))
            assert (answer.cache, answer.parsed) == (b"Hit", True)


def test_signatures_end(world: tuple[World, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    lab, run = world
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    group = {"Name": "G1", "Items": ["K1"]}
    key = {"CallerReference": "1", "Name": "K1", "EncodedKey": public.decode()}
    told = {"Id": "G1", "LastModifiedTime": MOMENT, "KeyGroupConfig": group}
    lab.kept.keep("get_key_group", "G1", {"KeyGroup": told})
    told = {"Id": "K1", "CreatedTime": MOMENT, "PublicKeyConfig": key}
    lab.kept.keep("get_public_key", "K1", {"PublicKey": told})
    groups = {"Enabled": True, **listed("G1")}
    lab.distribution(DefaultCacheBehavior=default_behaviour(TrustedKeyGroups=groups))
    signer = CloudFrontSigner(
        "K1", lambda message: private.sign(message, padding.PKCS1v15(), hashes.SHA1())
    )
    end = datetime.fromtimestamp(time.time() + 30, timezone.utc)
    url = signer.generate_presigned_url(f"http://{HOST}/a", date_less_than=end)
    request = head(url.removeprefix(f"http://{HOST}"))
    answer = run(thrice(lab, request))
    assert (answer.cache, answer.parsed) == (b"Hit", True)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 31)
    assert run(lab.ask(request)).line.split()[1] == b"403"


def test_continuous_deployment_chooses_each_time(world: tuple[World, Any]) -> None:
    lab, run = world
    staging = "staging.cloudfront.localhost"
    lab.kept.distribution("E9STAGING", staging, Staging=True, Enabled=False)
    traffic = {"Type": "SingleWeight", "SingleWeightConfig": {"Weight": 0.1}}
    config = {
        "StagingDistributionDnsNames": listed(staging),
        "Enabled": True,
        "TrafficConfig": traffic,
    }
    lab.kept.policy("continuous_deployment_policy", "cdp", config)
    lab.distribution(ContinuousDeploymentPolicyId="cdp")
    answer = run(thrice(lab, head("/a")))
    assert (answer.cache, answer.parsed) == (b"Hit", True)


OPERATIONS = st.lists(
    st.sampled_from(
        [*["ask", "other"] * 6, "change", "change", "invalidate", "discard", "wait", "configure"]
    ),
    min_size=8,
    max_size=40,
)


def test_no_answer_outlives_its_object_or_its_distribution(
    world: tuple[World, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, run = world
    real, ahead, names = time.time, [0.0], itertools.count()
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])

    def configure() -> str:
        value = str(next(names))
        policy = shown(lab, value, **custom("X-Configured", value))
        lab.distribution(DefaultCacheBehavior=default_behaviour(ResponseHeadersPolicyId=policy))
        return value

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(OPERATIONS)
    def check(operations: list[str]) -> None:
        path = f"/object-{next(names)}"
        requests = {"ask": head(path), "other": head(path, "X-Other: 1")}
        configured, content = configure(), b"0"
        lab.told[path] = ([("X-Content", "0")], content)
        cached: tuple[bytes, float] | None = None
        for operation in operations:
            if operation == "change":
                number = next(names)
                content = b"%d" % number
                lab.told[path] = ([("X-Content", str(number))], content)
            elif operation == "invalidate":
                lab.cache.invalidate("E2ABC", [path])
                cached = None
            elif operation == "discard":
                entry = lab.cache.current(Name("E2ABC", "IAD", path))
                if entry is not None:
                    lab.cache.discard(entry)
                cached = None
            elif operation == "wait":
                ahead[0] += 61.0
            elif operation == "configure":
                configured = configure()
            else:
                answer = run(lab.ask(requests[operation]))
                now = time.time()
                if cached is not None and now >= cached[1] + 60:
                    cached = None
                assert answer.cache == (b"Miss" if cached is None else b"Hit")
                if cached is None:
                    cached = content, now
                assert answer.body == answer.field(b"x-content") == cached[0]
                assert answer.field(b"x-configured") == configured.encode()
                if answer.cache == b"Hit":
                    assert abs(int(answer.field(b"age")) - (now - cached[1])) <= 1

    check()


def test_an_alias_that_becomes_the_name_of_an_api_is_parsed(world: tuple[World, Any]) -> None:
    lab, run = world
    lab.distribution(Aliases=listed(ALIAS))
    request = head("/a", host=ALIAS)
    assert run(thrice(lab, request)).parsed is False
    found: list[bool] = []
    known = lab.known.find(request, ("http", lab.port()))
    assert known is not None
    found.append(known(("127.0.0.1", 1), None) is not None)
    lab.domains.add(ALIAS)
    found.append(known(("127.0.0.1", 1), None) is not None)
    assert found == [True, False]


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    world = World(tmp_path, cache_bytes=40_000)
    for path in "abcd":
        world.told[f"/{path}"] = ([], b"x" * 9000)
    with running(world) as run:
        world.distribution()
        assert run(thrice(world, head("/a"))).parsed is False
        for path in "bc":
            run(world.ask(head(f"/{path}")))
        assert run(world.ask(head("/a"))).parsed is False
        run(world.ask(head("/d")))
        assert run(world.ask(head("/a"))).cache == b"Hit"
        assert run(world.ask(head("/b"))).cache == b"Miss"


def test_memory_is_given_back(world: tuple[World, Any]) -> None:
    lab, run = world
    lab.distribution()
    run(thrice(lab, head("/a")))
    entry = lab.cache.current(Name("E2ABC", "IAD", "/a"))
    assert entry is not None
    held = weakref.ref(entry)
    del entry
    lab.cache.invalidate("E2ABC", ["/*"])
    run(lab.ask(head("/b")))
    run(lab.cache.close())  # what is written last is kept until then
    assert held() is None
    assert len(lab.known) == 1
    run(lab.ask(head("/a")))
    assert len(lab.known) == 0


class TestConnections:
    @staticmethod
    async def line(lab: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", lab.port())

    def test_pipelined_and_split_requests_are_parsed(self, world: tuple[World, Any]) -> None:
        lab, run = world
        lab.distribution()
        request = head("/a")
        other = head("/b")

        async def check() -> list[Answer]:
            await thrice(lab, request)
            await thrice(lab, other)
            reader, writer = await self.line(lab)
            answers = []
            writer.write(request + other)
            answers += [await lab.read(reader, request), await lab.read(reader, other)]
            writer.write(request)
            answers.append(await lab.read(reader, request))
            writer.write(other[:9])
            before = lab.parsed
            await asyncio.sleep(0.05)
            writer.write(other[9:])
            answers.append(await lab.read(reader, other))
            assert lab.parsed == before + 1
            writer.write(head("/a", "Content-Length: 3", method="POST") + b"abc" + request)
            answers += [await lab.read(reader, request), await lab.read(reader, request)]
            writer.close()
            return answers

        answers = run(check())
        assert [answer.line.split()[1] for answer in answers] == [b"200"] * 4 + [b"403", b"200"]
        assert [answer.body for answer in answers[:4]] == [TEXT, b"b", TEXT, b"b"]
        assert answers[2].parsed is False
        assert answers[5].body == TEXT

    def test_another_connection_has_another_address(self, world: tuple[World, Any]) -> None:
        lab, run = world
        with_policies(lab)
        request = head("/address/a")

        async def check() -> list[bytes]:
            reader, writer = await self.line(lab)
            answers = []
            for _ in range(3):
                writer.write(request)
                answers.append((await lab.read(reader, request)).cache)
            writer.close()
            return [*answers, (await lab.ask(request)).cache]

        assert run(check()) == [b"Miss", b"Hit", b"Hit", b"Miss"]

    def test_an_idle_connection_is_closed(self, tmp_path: Path) -> None:
        world = World(tmp_path, keep_alive_s=0.2)

        async def check() -> None:
            await thrice(world, head("/a"))
            reader, writer = await self.line(world)
            for _ in range(4):  # longer than the limit together
                writer.write(head("/a"))
                assert (await world.read(reader, head("/a"))).parsed is False
                await asyncio.sleep(0.1)
            assert await reader.read() == b""
            writer.close()

        with running(world) as run:
            world.distribution()
            run(check())


VARYING = {"time", "x-edge-request-id", "time-taken", "time-to-first-byte", "c-port"}


class TestLogs:
    def test_files_and_figures_are_as_those_of_parsed_requests(
        self, world: tuple[World, Any]
    ) -> None:
        lab, run = world
        logging = {"Enabled": True, "IncludeCookies": True, "Bucket": "logs", "Prefix": ""}
        lab.distribution(Logging=logging)
        request = head("/a?x=1", *BROWSER, "Referer: http://a/%20")
        run(thrice(lab, request))
        run(lab.logs.flush())
        told = []
        for again in (True, False):
            lab.lines.clear()
            lab.figures.clear()
            for _ in range(3):
                assert run(lab.ask(request, again=again)).parsed is not again
            run(lab.logs.flush())
            assert len({line["x-edge-request-id"] for line in lab.lines}) == 3
            constant = [
                {name: value for name, value in line.items() if name not in VARYING}
                for line in lab.lines
            ]
            told.append((constant, dict(lab.figures)))
        assert told[0] == told[1]

    def test_figures_without_a_log(self, world: tuple[World, Any]) -> None:
        lab, run = world
        lab.distribution()
        run(thrice(lab, head("/a")))
        run(lab.logs.flush())
        told = []
        for again in (True, False):
            lab.figures.clear()
            for _ in range(5):
                run(lab.ask(head("/a"), again=again))
            run(lab.logs.flush())
            told.append(dict(lab.figures))
        assert told[0] == told[1]
        assert told[0]["Requests", 1.0] == 5


def test_a_host_that_is_unknown_is_never_remembered(world: tuple[World, Any]) -> None:
    lab, run = world
    lab.distribution(Enabled=False)
    assert run(thrice(lab, head("/a"))).line.split()[1] == b"403"
    assert len(lab.known) == 0

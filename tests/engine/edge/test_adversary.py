"""Viewers, origins and functions that mean harm: what they must not reach, break or leave."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from edge_cache_lab import LONG, NOW
from edge_configuration_lab import METHODS, listed
from edge_functions_lab import Lab, answer, returning
from edge_site_lab import (
    ALL_VIEWER_EXCEPT_HOST,
    CACHING_OPTIMIZED,
    Site,
    Told,
    ask,
    behaviour,
    distribute,
    reconfigure,
)
from engine_fixtures import ROLE, Engine, zip_of

from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.configuration.deployments import COOKIE, choose
from lambda_nb.engine.edge.delivery import background, replies
from lambda_nb.engine.edge.functions.code import Code
from lambda_nb.engine.edge.functions.program import Program
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import FunctionFault, Response
from lambda_nb.engine.edge.settings import ContinuousDeployment
from lambda_nb.rules.edge.caching.cache_keys import cache_key
from lambda_nb.rules.edge.functions.invalid_values import InvalidOrigin
from lambda_nb.rules.edge.functions.origin_changes import change
from lambda_nb.rules.edge.triggers.invalid_results import InvalidResult
from lambda_nb.rules.edge.triggers.results import returned

CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "SSLSupportMethod": "sni-only",
}
CACHED = behaviour(CachePolicyId=CACHING_OPTIMIZED)
EVERYTHING = {**listed(*METHODS), "CachedMethods": listed("GET", "HEAD", "OPTIONS")}


def script(engine: Engine, text: str, event: str = "viewer-request") -> dict[str, Any]:
    """A published CloudFront Function, as a behaviour's association."""
    cloudfront, name = engine.client("cloudfront"), engine.name("script")
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    made = cloudfront.create_function(Name=name, FunctionConfig=config, FunctionCode=text.encode())
    cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    association: dict[str, Any] = listed({"EventType": event, "FunctionARN": arn})
    return association


def said(engine: Engine, identifier: str, request: str) -> bytes:
    """All that comes back on a connection that is closed after a request, written as it is."""
    at = urlsplit(engine.url)
    head = request.replace("HOST", f"{identifier.lower()}.cloudfront.localhost")
    with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
        connection.sendall(head.encode("latin-1"))
        told = b""
        while piece := connection.recv(1 << 16):
            told += piece
    return told


class Bucket(NamedTuple):
    """A distribution, the bucket behind it, and one that it must not reach."""

    distribution: str
    own: str
    other: str


@pytest.fixture(scope="module")
def open_bucket(engine: Engine) -> Bucket:
    """A distribution that may read and write objects of one bucket, that bucket and another."""
    s3, cloudfront = engine.client("s3"), engine.client("cloudfront")
    own, other = engine.name("own"), engine.name("other")
    place = {"CreateBucketConfiguration": {"LocationConstraint": engine.region}}
    for bucket in (own, other):
        s3.create_bucket(Bucket=bucket, **({} if engine.region == "us-east-1" else place))
    s3.put_object(Bucket=other, Key="secret", Body=b"secret")
    s3.put_object(Bucket=own, Key="mine", Body=b"mine")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"arn:aws:s3:::{own}/*",
    }
    s3.put_bucket_policy(Bucket=own, Policy=json.dumps({"Statement": [statement]}))
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": engine.name("control"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )
    origin = {
        "Id": "site",
        "DomainName": f"{own}.s3.{engine.region}.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": control["OriginAccessControl"]["Id"],
    }
    every = behaviour(AllowedMethods=EVERYTHING, OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST)
    return Bucket(distribute(engine, origin, DefaultCacheBehavior=every), own, other)


class TestBuckets:
    """A distribution that may read and write objects of one bucket may do nothing else."""

    def put(self, engine: Engine, identifier: str, *headers: tuple[str, str]) -> int:
        return ask(engine, identifier, "/new", *headers, method="PUT", body=b"").status

    def test_an_object_of_another_bucket_is_not_copied(
        self, engine: Engine, open_bucket: Bucket
    ) -> None:
        identifier, _, other = open_bucket
        for source in (f"/{other}/secret", f"{other}/secret", f"{other}/secr%65t?versionId=null"):
            assert self.put(engine, identifier, ("x-amz-copy-source", source)) == 403
        assert ask(engine, identifier, "/new").status == 403

    def test_an_object_of_the_same_bucket_is_copied(
        self, engine: Engine, open_bucket: Bucket
    ) -> None:
        identifier, own, _ = open_bucket
        source = f"{own}/mine"
        assert self.put(engine, identifier, ("x-amz-copy-source", source)) == 200
        assert ask(engine, identifier, "/new").body == b"mine"
        engine.client("s3").delete_object(Bucket=own, Key="new")

    @pytest.mark.parametrize(
        "header",
        [
            ("x-amz-acl", "public-read"),
            ("X-Amz-Grant-Read", 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'),
            ("x-amz-tagging", "a=b"),
            ("x-amz-object-lock-legal-hold", "ON"),
        ],
        ids=lambda header: header[0].lower(),
    )
    def test_a_header_asks_for_more_than_the_method(
        self, engine: Engine, open_bucket: Bucket, header: tuple[str, str]
    ) -> None:
        assert self.put(engine, open_bucket.distribution, header) == 403

    @pytest.mark.parametrize(
        "path", ["/../{}/secret", "/x/../../{}/secret", "/%2e%2e/{}/secret", "/..%2f{}/secret"]
    )
    def test_no_path_leads_out_of_the_bucket(
        self, engine: Engine, open_bucket: Bucket, path: str
    ) -> None:
        identifier, _, other = open_bucket
        told = said(
            engine,
            identifier,
            f"GET {path.format(other)} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
        )
        assert told.startswith(b"HTTP/1.1 403")
        assert b"secret" not in told


class TestMessages:
    """Heads and bodies that do not fit, whoever made them so."""

    @pytest.mark.parametrize("status", [204, 304])
    def test_a_body_without_a_place_is_not_sent(
        self, engine: Engine, site: Site, status: int
    ) -> None:
        site.told["/"] = Told(body=b"A" * 300_000)
        identifier = distribute(
            engine,
            site.origin(),
            DefaultCacheBehavior=behaviour(
                FunctionAssociations=script(
                    engine,
                    "function handler(event) { var response = event.response; "
                    f"response.statusCode = {status}; return response; }}",
                    "viewer-response",
                )
            ),
        )
        one = "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"
        told = said(
            engine, identifier, one + one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
        )
        assert told.count(b"HTTP/1.1 %d" % status) == 2
        assert b"AAA" not in told
        assert b"content-length" not in told.lower()

    def test_a_function_does_not_say_how_long_a_body_is(self, engine: Engine, site: Site) -> None:
        site.told["/"] = Told(body=b"A" * 300_000)
        text = (
            "function handler(event) { event.response.headers['content-length'] = {value: '3'}; "
            "return event.response; }"
        )
        identifier = distribute(
            engine,
            site.origin(),
            DefaultCacheBehavior=behaviour(
                FunctionAssociations=script(engine, text, "viewer-response")
            ),
        )
        assert len(ask(engine, identifier).body) == 300_000

    def test_an_origin_names_a_range_that_no_number_holds(self, engine: Engine, site: Site) -> None:
        digits = "9" * 5000
        site.told["/"] = Told(206, [("Content-Range", f"bytes {digits}-{digits}/{digits}")], b"a")
        answered = ask(engine, distribute(engine, site.origin()), "/", ("Range", "bytes=0-0"))
        assert (answered.status, answered.body) == (206, b"a")

    def test_an_asterisk_is_no_path(self, engine: Engine, site: Site) -> None:
        identifier = distribute(
            engine, site.origin(), DefaultCacheBehavior=behaviour(AllowedMethods=EVERYTHING)
        )
        told = said(
            engine, identifier, "OPTIONS * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
        )
        assert told.startswith(b"HTTP/1.1 400")
        assert site.asked == []

    def test_a_body_makes_no_cached_answer(self, engine: Engine, site: Site) -> None:
        identifier = distribute(
            engine,
            site.origin(),
            DefaultCacheBehavior={**CACHED, "AllowedMethods": EVERYTHING},
        )
        evil = ask(engine, identifier, "/a", method="OPTIONS", body=b"evil")
        assert (evil.cache, evil.json["body"]) == ("Miss", "evil")
        good = ask(engine, identifier, "/a", method="OPTIONS")
        assert (good.cache, good.json["body"]) == ("Miss", "")
        assert ask(engine, identifier, "/a", method="OPTIONS").cache == "Hit"

    def test_headers_of_one_connection_stay_there(self, engine: Engine, site: Site) -> None:
        identifier = distribute(
            engine,
            site.origin(),
            DefaultCacheBehavior=behaviour(OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST),
        )
        answered = ask(
            engine,
            identifier,
            "/",
            ("Connection", "close, X-Mine, CDN-Loop"),
            ("X-Mine", "1"),
            ("X-Other", "2"),
            ("CDN-Loop", "other.example"),
        )
        names = dict(answered.json["headers"])
        assert "x-mine" not in names
        assert names["x-other"] == "2"
        assert names["cdn-loop"].startswith("other.example, CloudFront;distribution=")

    def test_no_name_splits_a_response(self) -> None:
        told = replies.wire(
            Headers([("X-A: b\r\nSet-Cookie", "c"), ("X B", "d"), ("X-\xe9", "e"), ("X-F", "f")])
        )
        assert told == [(b"x-f", b"f")]


class TestErrorPages:
    def test_a_function_that_fails_for_the_page(self, engine: Engine, site: Site) -> None:
        site.told["/a"] = Told(404, body=b"none")
        client, name = engine.client("lambda", region_name="us-east-1"), engine.name()
        client.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": zip_of({"index.py": "def handler(event, context):\n    return 5\n"})},
        )
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        arn = client.publish_version(FunctionName=name)["FunctionArn"]
        association = {"EventType": "origin-request", "LambdaFunctionARN": arn}
        page = {
            "ErrorCode": 404,
            "ResponsePagePath": "/pages/404",
            "ResponseCode": "200",
            "ErrorCachingMinTTL": 0,
        }
        identifier = distribute(
            engine,
            site.origin(),
            CacheBehaviors=listed(
                behaviour("/pages/*", LambdaFunctionAssociations=listed(association))
            ),
            CustomErrorResponses=listed(page, {**page, "ErrorCode": 502}),
        )
        answered = ask(engine, identifier, "/a")
        assert (answered.status, answered.cache) == (502, "LambdaValidationError")

    def test_a_page_is_asked_for_without_what_the_viewer_made_up(
        self, engine: Engine, site: Site
    ) -> None:
        site.told["/a"] = Told(404, body=b"none")
        page = {
            "ErrorCode": 404,
            "ResponsePagePath": "/pages/404",
            "ResponseCode": "404",
            "ErrorCachingMinTTL": 0,
        }
        values = {
            "QueryString": False,
            "Cookies": {"Forward": "none"},
            "Headers": listed("CloudFront-Is-Mobile-Viewer"),
        }
        identifier = distribute(
            engine,
            site.origin(),
            CacheBehaviors=listed(behaviour("/pages/*", ForwardedValues=values)),
            CustomErrorResponses=listed(page),
        )
        answered = ask(engine, identifier, "/a", ("CloudFront-Is-Mobile-Viewer", "true"))
        assert dict(answered.json["headers"])["cloudfront-is-mobile-viewer"] == "false"


class TestChanges:
    def test_a_hit_needs_a_signature_from_then_on(self, engine: Engine, site: Site) -> None:
        site.told["/a"] = Told(body=b"was public")
        identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
        for cache in ("Miss", "Hit", "Hit", "Hit"):
            assert ask(engine, identifier, "/a").cache == cache
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        cloudfront = engine.client("cloudfront")
        reference = engine.name("key")
        key = cloudfront.create_public_key(
            PublicKeyConfig={"CallerReference": reference, "Name": reference, "EncodedKey": pem}
        )["PublicKey"]["Id"]
        group = cloudfront.create_key_group(KeyGroupConfig={"Name": reference, "Items": [key]})
        trusted = {"Enabled": True, **listed(group["KeyGroup"]["Id"])}
        reconfigure(
            engine, identifier, DefaultCacheBehavior={**CACHED, "TrustedKeyGroups": trusted}
        )
        refused = ask(engine, identifier, "/a")
        assert (refused.status, b"was public" in refused.body) == (403, False)

    def test_an_alias_stays_with_its_distribution(self, engine: Engine, site: Site) -> None:
        alias = f"{engine.name('www')}.example.com"
        other = Site()
        try:
            site.told["/"] = Told(body=b"first")
            other.told["/"] = Told(body=b"second")
            distribute(engine, site.origin(), Aliases=listed(alias), ViewerCertificate=CERTIFICATE)
            with pytest.raises(Exception, match="CNAMEAlreadyExists"):
                distribute(
                    engine,
                    other.origin(),
                    Aliases=listed(alias),
                    ViewerCertificate=CERTIFICATE,
                )
            wildcard = listed(f"*.{alias.partition('.')[2]}")
            distribute(engine, other.origin(), Aliases=wildcard, ViewerCertificate=CERTIFICATE)
            assert ask(engine, alias, "/").body == b"first"
        finally:
            other.close()

    def test_a_session_that_no_number_holds(self) -> None:
        deployment = ContinuousDeployment("E2", None, 0.0, 300.0, 600.0)
        for moment in ("9" * 5000, "-1", "\u0665", "1e3", ""):
            headers = Headers([("Cookie", f"{COOKIE}=E2.staging.{moment}.{moment}")])
            assert not choose(deployment, headers, 1000.0, 0.5).staging


@pytest.mark.parametrize(
    "told",
    [
        {"update": {"originPath": "/a b"}},
        {"update": {"originPath": "/a\r\nX-Evil: 1"}},
        {"update": {"originPath": "/a?b=1"}},
        {"update": {"customHeaders": {"x-a": "b\r\nx-evil: 1"}}},
        {"update": {"customHeaders": {"x-a: b\r\nx-evil": "1"}}},
        {"update": {"customHeaders": {"transfer-encoding": "chunked"}}},
        {"update": {"customHeaders": {"content-length": "7"}}},
        {"update": {"customHeaders": {"host": "evil.example"}}},
        {"update": {"customHeaders": {"x-amz-copy-source": "/b/k"}}},
        {"update": {"customOriginConfig": {"port": 80, "protocol": "http", "sslProtocols": [{}]}}},
        {"group": {"originIds": ["a", "b"], "failoverCriteria": {"statusCodes": [[500]]}}},
        {"group": {"originIds": ["a", "b"], "failoverCriteria": {"statusCodes": [{}]}}},
    ],
    ids=lambda told: json.dumps(told)[:60],
)
def test_a_function_does_not_forge_requests(told: dict[str, Any]) -> None:
    with pytest.raises(InvalidOrigin):
        change(told)


class TestFunctions:
    """Code that takes all time, all memory, or stays."""

    def run(self, *bodies: str) -> Any:
        program = Program(Code("f", f"function handler(event) {{ {bodies[0]} }}", "2.0"))
        return program.run('{"request": {}}', "viewer-request", 1e9, lambda asked: [])

    @pytest.mark.parametrize(
        "body",
        [
            "while (true) {}",
            "while (true) { try { while (true) {} } catch (e) {} }",
            "function f() { try { f() } finally { f() } } f()",
            "return /^(a+)+$/.test('a'.repeat(40) + 'b')",
            "return {toJSON: function () { while (true) {} }}",
            "var all = []; while (true) all.push('x'.repeat(10000) + all.length)",
            "return 'x'.repeat(5e8)",
            "return new Uint8Array(1e9).length",
            "return new Array(4e9).join('x')",
            "return '' + new Array(4e9)",
            "return new Array(4e9).sort().length",
            "return new Array(4e9).lastIndexOf(1)",
            "return new Array(4e9).slice(1).length",
            "return [].reverse.call({length: 9e15})",
            "return [].shift.call({length: 9e15})",
            "return [].unshift.call({length: 9e15}, 1)",
            "return [].splice.call({length: 9e15}, 0, 1)",
            "return [].copyWithin.call({length: 9e15}, 1)",
            "return [].includes.call({get length() { return 9e15 }}, 1)",
            "return [].join.call(Object.create({length: 9e15}))",
            "return [].join.call({length: {valueOf: function () { return 9e15 }}})",
            "return [].concat(new Array(4e9)).length",
            "var a = {length: 9e15}; a[Symbol.isConcatSpreadable] = true; return [].concat(a)",
            "return JSON.stringify({}, new Array(4e9))",
            "return [].forEach.call({length: 9e15}, function () {})",
            "var all = []; for (var i = 0; i < 1500; i++) all = [all]; return all",
            "var all = []; for (var i = 0; i < 9000; i++) all = [all]; return all",
        ],
    )
    def test_a_call_ends_with_an_error(self, body: str) -> None:
        run = self.run(body)
        assert run.error

    def test_arrays_work_as_ever(self) -> None:
        run = self.run(
            "return [[3, 1, 2].sort().join('-'), [1].concat([2], 3, {length: 5e6}).length,"
            " [1, 2, 3].slice(1), String([1, [2]]), [1].includes(1), [1, 2].reverse(),"
            " JSON.stringify({length: 5e6}), JSON.stringify({a: 1, b: 2}, ['b']), [].concat.length,"
            " [].join.name, Array.prototype.join.call('abc', '.'), new Uint8Array([1, 2]).join()]"
        )
        assert run.error == ""
        assert run.result == [
            "1-2-3", 4, [2, 3], "1,2", True, [2, 1], '{"length":5000000}', '{"b":2}', 1, "join",
            "a.b.c", "1,2",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("pollute", "probe"),
        [
            ("Object.getPrototypeOf([]).leak = 1", "[].leak"),
            ("Object.getPrototypeOf({}).leak = 1", "({}).leak"),
            ("Object.getPrototypeOf(handler).leak = 1", "handler.leak"),
            ("Object.getPrototypeOf('').leak = 1", "''.leak"),
            ("Object.getPrototypeOf(/x/).leak = 1", "/x/.leak"),
            ("Object.getPrototypeOf([][Symbol.iterator]()).leak = 1", "[][Symbol.iterator]().leak"),
            ("Object.getPrototypeOf(async function () {}).leak = 1", "(async function () {}).leak"),
            ("Object.getPrototypeOf(Promise.resolve()).leak = 1", "Promise.resolve().leak"),
            ("Object.getPrototypeOf(new Uint8Array(1)).leak = 1", "new Uint8Array(1).leak"),
            ("Object.getPrototypeOf(Symbol('a')).leak = 1", "Symbol('a').leak"),
            ("Math.leak = 1", "Math.leak"),
            ("require.leak = 1", "require.leak"),
            ("require('crypto').leak = 1", "require('crypto').leak"),
            ("require('querystring').leak = 1", "require('querystring').leak"),
            ("console.leak = 1", "console.leak"),
            ("handler.leak = 1", "handler.leak"),
            ("kept.leak = 1", "kept.leak"),
            ("delete Math.max", "Math.max ? undefined : 1"),
            ("Function('return this')().leak = 1", "typeof leak === 'undefined' ? undefined : 1"),
            ("(0, eval)('var leak = 1')", "typeof leak === 'undefined' ? undefined : 1"),
            (
                "(function () {}).constructor('return this')().leak = 1",
                "typeof leak === 'undefined' ? undefined : 1",
            ),
            ("leak = 1", "typeof leak === 'undefined' ? undefined : 1"),
        ],
    )  # fmt: skip
    def test_nothing_is_left_for_the_next_call(self, pollute: str, probe: str) -> None:
        text = (
            "var kept = {}; function handler(event) { if (event.first) { try { "
            f"{pollute}; }} catch (error) {{}} return 'done'; }} return String({probe}); }}"
        )
        program = Program(Code("f", text, "2.0"))
        calls = [
            program.run(event, "viewer-request", 1e9, lambda asked: [])
            for event in ('{"first": true}', "{}")
        ]
        assert [(call.result, call.error) for call in calls] == [("done", ""), ("undefined", "")]

    @pytest.mark.parametrize(
        "told",
        [
            "headers: {location: {value: '/x\\r\\nSet-Cookie: a=b'}}",
            "headers: {'x\\r\\ny': {value: 'b'}}",
            "headers: {'x\u00e9': {value: 'b'}}",
            "cookies: {a: {value: 'b\\r\\nX-Evil: 1'}}",
            "cookies: {a: {value: 'b', attributes: 'Path=/\\r\\nX-Evil: 1'}}",
            "statusDescription: 'OK\\r\\nX-Evil: 1'",
        ],
    )
    def test_no_result_splits_a_response(self, told: str) -> None:
        lab = Lab(f"function handler(event) {{ return {{statusCode: 200, {told}}}; }}")
        with pytest.raises(FunctionFault) as fault:
            lab.request()
        assert (fault.value.status, fault.value.outcome) == (502, "FunctionValidationError")

    def test_halves_of_characters_do_no_harm(self) -> None:
        lab = Lab(returning("console.log('\\ud800') || '\\udc00'"))
        assert lab.request().status == 200
        assert lab.response(answer()).status == 200

    def test_a_result_of_lambda_is_nested_too_deeply(self) -> None:
        with pytest.raises(InvalidResult, match="nested too deeply"):
            returned(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


class TestReadingOn:
    """What is read for the cache alone has an end, even where the origin has none."""

    async def read(self, directory: Path, most: int, pause_s: float) -> tuple[int, bool]:
        """How many pieces of an endless body are read, and whether it was closed."""
        cache = Cache(directory, most)
        turn = cache.turn("E1", "FRA", cache_key("/a"))
        writer = cache.writer(turn, "GET", 200, "OK", Headers(), LONG, NOW)
        assert writer is not None
        pieces, closed = 0, False

        async def endless() -> AsyncIterator[bytes]:
            nonlocal pieces
            while True:
                await asyncio.sleep(pause_s)
                pieces += 1
                yield bytes(1000)

        async def close() -> None:
            nonlocal closed
            closed = True

        await background.read_to_end(writer.tee(endless(), close))
        assert cache.statistics.objects == 0
        return pieces, closed

    def test_no_more_than_can_be_stored(self, tmp_path: Path) -> None:
        assert asyncio.run(self.read(tmp_path, 10_000, 0)) == (11, True)

    def test_not_for_ever(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(background, "READ_ON_S", 0.05)
        _, closed = asyncio.run(self.read(tmp_path, 10_000_000, 0.01))
        assert closed


def test_viewers_who_hang_up_leave_nothing_behind(engine: Engine, site: Site) -> None:
    for path in ("/cached", "/fresh"):
        site.told[path] = Told(body=bytes(2_000_000), headers=[("ETag", '"1"')])
    identifier = distribute(
        engine,
        site.origin(),
        DefaultCacheBehavior=behaviour(),
        CacheBehaviors=listed({**CACHED, "PathPattern": "/cached"}),
    )
    assert [ask(engine, identifier, "/cached").cache for _ in range(2)] == ["Miss", "Hit"]
    process = psutil.Process(engine.process.pid)
    before = process.num_fds()
    at = urlsplit(engine.url)
    for number in range(200):
        path = ("/cached", "/fresh")[number % 2]
        head = f"GET {path} HTTP/1.1\r\nHost: {identifier.lower()}.cloudfront.localhost\r\n"
        part = "Range: bytes=5-1500000\r\n" if number % 4 == 0 else ""
        with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
            connection.sendall(f"{head}{part}\r\n".encode())
            connection.recv(1000)
    until(lambda: process.num_fds() <= before + 20)
    assert not list(engine.data_dir.glob("**/*.part"))
    assert ask(engine, identifier, "/cached").cache == "Hit"


def until(true: Callable[[], bool]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_whole_body_without_a_place_is_not_sent() -> None:
    body = Response(304, Headers([("Content-Length", "5")]), b"hello")
    assert replies.whole(body, "GET").parts()[1] == b""

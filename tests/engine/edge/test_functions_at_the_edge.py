"""Functions of both kinds in running distributions: what they may be, and what their errors say."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from edge_configuration_lab import listed
from edge_site_lab import CACHING_OPTIMIZED, Site, Told, ask, behaviour, distribute, reconfigure
from engine_fixtures import ROLE, Engine, error_of, zip_of

RETURN = "def handler(event, context):\n    return {}\n"
REQUEST = "event['Records'][0]['cf']['request']"
RESPONSE = "event['Records'][0]['cf']['response']"


def version_of(engine: Engine, code: str, region: str = "us-east-1", **settings: Any) -> str:
    """The ARN of a version of a new function."""
    client = engine.client("lambda", region_name=region)
    name = engine.name("edge")
    told = {
        "Runtime": "python3.13",
        "Role": ROLE,
        "Handler": "index.handler",
        "Code": {"ZipFile": zip_of({"index.py": code})},
        **settings,
    }
    client.create_function(FunctionName=name, **told)
    client.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    return str(client.publish_version(FunctionName=name)["FunctionArn"])


def at(event: str, arn: str, **more: Any) -> dict[str, Any]:
    """Settings of a behaviour with one function of Lambda."""
    told = {"EventType": event, "LambdaFunctionARN": arn, **more}
    return behaviour(LambdaFunctionAssociations=listed(told))


def handler(result: str) -> str:
    return f"def handler(event, context):\n    return {result}\n"


WRONG = {
    "a read-only header": (
        "viewer-request",
        handler(
            f"{{**{REQUEST}, 'headers': {{'host': [{{'key': 'Host', 'value': 'x.example'}}]}}}}"
        ),
    ),
    "a forbidden header": (
        "origin-request",
        f"def handler(event, context):\n    r = {REQUEST}\n"
        "    r['headers']['x-cache'] = [{'key': 'X-Cache', 'value': 'mine'}]\n    return r\n",
    ),
    "no status": ("viewer-request", handler("{'headers': {}}")),
    "a status of 999": ("viewer-request", handler("{'status': '999'}")),
    "too much": ("viewer-request", handler("{'status': '200', 'body': 'x' * 50_000}")),
    "a body for 204": ("viewer-request", handler("{'status': '204', 'body': 'x'}")),
    "a text": ("origin-response", handler("'text'")),
    "another status for a viewer": (
        "viewer-response",
        handler(f"{{**{RESPONSE}, 'status': '404'}}"),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_result_that_breaks_a_rule(engine: Engine, site: Site, case: str) -> None:
    event, code = WRONG[case]
    told = at(event, version_of(engine, code))
    answer = ask(engine, distribute(engine, site.origin(), DefaultCacheBehavior=told), "/")
    assert answer.status == 502
    assert answer.header("X-Cache") == "LambdaValidationError from cloudfront"
    assert b"502 ERROR" in answer.body


def test_a_function_that_takes_too_long(engine: Engine, site: Site) -> None:
    code = "import time\ndef handler(event, context):\n    time.sleep(60)\n"
    told = at("viewer-request", version_of(engine, code, Timeout=1))
    answer = ask(engine, distribute(engine, site.origin(), DefaultCacheBehavior=told), "/")
    assert answer.status == 503
    assert answer.header("X-Cache") == "LambdaExecutionError from cloudfront"


def test_a_made_response_and_what_may_change(engine: Engine, site: Site) -> None:
    made = "{'status': '302', 'headers': {'location': [{'key': 'Location', 'value': '/b'}]}}"
    told = at("origin-request", version_of(engine, handler(made)))
    told["CachePolicyId"] = CACHING_OPTIMIZED
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    first, second = (ask(engine, identifier, "/a") for _ in range(2))
    assert (first.status, first.header("Location")) == (302, "/b")
    assert first.header("X-Cache") == "LambdaGeneratedResponse from cloudfront"
    assert second.cache == "Hit"  # what is made at this event is cached
    assert site.asked == []


def test_a_body_is_shown_and_replaced(engine: Engine, site: Site) -> None:
    code = (
        "import base64\ndef handler(event, context):\n"
        f"    r = {REQUEST}\n    said = base64.b64decode(r['body']['data']).decode()\n"
        "    r['body'] = {'action': 'replace', 'encoding': 'text', 'data': said.upper()}\n"
        "    return r\n"
    )
    told = at("viewer-request", version_of(engine, code), IncludeBody=True)
    methods = listed("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
    told["AllowedMethods"] = {**methods, "CachedMethods": listed("GET", "HEAD")}
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    answer = ask(engine, identifier, "/", ("Content-Type", "text/plain"), method="POST", body=b"hi")
    assert answer.json["body"] == "HI"


def test_another_origin_is_chosen(engine: Engine, site: Site) -> None:
    other = Site()
    try:
        code = (
            "def handler(event, context):\n"
            f"    r = {REQUEST}\n    o = r['origin']['custom']\n"
            f"    o['port'] = {other.port}\n    o['path'] = '/other'\n    return r\n"
        )
        told = at("origin-request", version_of(engine, code))
        identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
        assert ask(engine, identifier, "/a").json["target"] == "/other/a"
        assert (site.asked, other.asked) == ([], ["/other/a"])
    finally:
        other.close()


def test_viewer_response_does_not_run_for_errors(engine: Engine, site: Site) -> None:
    site.told["/none"] = Told(404, body=b"none")
    code = (
        "def handler(event, context):\n"
        f"    r = {RESPONSE}\n    r['headers']['x-seen'] = [{{'key': 'X-Seen', 'value': '1'}}]\n"
        "    return r\n"
    )
    arn = version_of(engine, code)
    told = at("viewer-response", arn)
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    assert ask(engine, identifier, "/a").header("X-Seen") == "1"
    assert ask(engine, identifier, "/none").header("X-Seen") is None


def refused(engine: Engine, site: Site, event: str, arn: str) -> tuple[str, str]:
    """The code and the message with which an association is refused."""
    return error_of(lambda: distribute(engine, site.origin(), DefaultCacheBehavior=at(event, arn)))


CANNOT: dict[str, tuple[str, dict[str, Any]]] = {
    "environment variables": ("origin-request", {"Environment": {"Variables": {"STAGE": "1"}}}),
    "too much memory": ("viewer-request", {"MemorySize": 256}),
    "too long": ("origin-request", {"Timeout": 31}),
    "arm64": ("origin-request", {"Architectures": ["arm64"]}),
    "more /tmp": ("origin-request", {"EphemeralStorage": {"Size": 1024}}),
    "a dead letter queue": (
        "origin-request",
        {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}},
    ),
    "X-Ray": ("origin-request", {"TracingConfig": {"Mode": "Active"}}),
}


@pytest.mark.parametrize("case", CANNOT)
def test_a_function_that_cannot_be_at_the_edge(engine: Engine, site: Site, case: str) -> None:
    event, settings = CANNOT[case]
    code, _ = refused(engine, site, event, version_of(engine, RETURN, **settings))
    assert code == "InvalidLambdaFunctionAssociation"


def test_versions_of_another_kind(engine: Engine, site: Site) -> None:
    arn = version_of(engine, RETURN)
    name = arn.rpartition(":")[0]
    client = engine.client("lambda", region_name="us-east-1")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    there = version_of(engine, RETURN, region="eu-west-1")
    for other in (name, f"{name}:$LATEST", f"{name}:live", f"{name}:77", there):
        code, message = refused(engine, site, "origin-request", other)
        assert code in ("InvalidLambdaFunctionAssociation", "InvalidArgument"), (other, message)


def test_a_function_is_deleted_once_nobody_uses_it(engine: Engine, site: Site) -> None:
    arn = version_of(engine, handler(REQUEST))
    name, client = arn.split(":")[6], engine.client("lambda", region_name="us-east-1")
    told = at("viewer-request", arn)
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    assert ask(engine, identifier).status == 200
    _, message = error_of(lambda: client.delete_function(FunctionName=name))
    assert "replicated function" in message
    reconfigure(engine, identifier, DefaultCacheBehavior=behaviour())
    client.delete_function(FunctionName=name)
    assert ask(engine, identifier).status == 200


class Script:
    """A CloudFront Function and a distribution that runs it at one event."""

    def __init__(
        self,
        engine: Engine,
        site: Site,
        code: str,
        *,
        event: str = "viewer-request",
        runtime: str = "cloudfront-js-2.0",
        stores: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        self._engine, self._api = engine, engine.client("cloudfront")
        self.name = engine.name("script")
        config: dict[str, Any] = {"Comment": "", "Runtime": runtime}
        if stores:
            config["KeyValueStoreAssociations"] = listed(
                *({"KeyValueStoreARN": arn} for arn in stores)
            )
        self._config = config
        made = self._api.create_function(
            Name=self.name, FunctionConfig=config, FunctionCode=code.encode()
        )
        self._api.publish_function(Name=self.name, IfMatch=made["ETag"])
        arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        told = behaviour(
            FunctionAssociations=listed({"EventType": event, "FunctionARN": arn}), **more
        )
        self.distribution = distribute(engine, site.origin(), DefaultCacheBehavior=told)

    def change(self, code: str) -> str:
        """Change the code in development; returns the ETag to publish it by."""
        etag = self._api.describe_function(Name=self.name)["ETag"]
        return str(
            self._api.update_function(
                Name=self.name,
                IfMatch=etag,
                FunctionConfig=self._config,
                FunctionCode=code.encode(),
            )["ETag"]
        )

    def publish(self, etag: str) -> None:
        """Let distributions run what was changed."""
        self._api.publish_function(Name=self.name, IfMatch=etag)


def marked(mark: str) -> str:
    return (
        "function handler(event) { var r = event.response;"
        f" r.headers['x-mark'] = {{value: '{mark}'}}; return r; }}"
    )


@pytest.mark.parametrize("runtime", ["cloudfront-js-1.0", "cloudfront-js-2.0"])
def test_a_script_is_live_once_it_is_published(engine: Engine, site: Site, runtime: str) -> None:
    script = Script(engine, site, marked("one"), event="viewer-response", runtime=runtime)
    assert ask(engine, script.distribution).header("X-Mark") == "one"
    etag = script.change(marked("two"))
    assert ask(engine, script.distribution).header("X-Mark") == "one"
    script.publish(etag)
    assert ask(engine, script.distribution).header("X-Mark") == "two"


def test_a_large_object_is_kept_whatever_a_script_makes_of_it(engine: Engine, site: Site) -> None:
    site.told["/large"] = Told(headers=[("Cache-Control", "max-age=600")], body=bytes(4 << 20))
    short = (
        "function handler(event) { var r = event.response;"
        " r.body = {encoding: 'text', data: 'short'}; return r; }"
    )
    script = Script(engine, site, short, event="viewer-response", CachePolicyId=CACHING_OPTIMIZED)
    assert ask(engine, script.distribution, "/large").body == b"short"
    script.publish(script.change(marked("whole")))
    answer = ask(engine, script.distribution, "/large")
    assert (answer.cache, answer.header("X-Mark"), len(answer.body)) == ("Hit", "whole", 4 << 20)
    assert site.asked == ["/large"]


def test_a_script_that_fails(engine: Engine, site: Site) -> None:
    script = Script(engine, site, "function handler(event) { throw new Error('no'); }")
    answer = ask(engine, script.distribution)
    assert answer.status == 503
    assert answer.header("X-Cache") == "FunctionExecutionError from cloudfront"
    assert b"503 ERROR" in answer.body
    assert site.asked == []
    script.publish(script.change("function handler(event) { return {statusCode: 'x'}; }"))
    answer = ask(engine, script.distribution)
    assert answer.header("X-Cache") == "FunctionValidationError from cloudfront"
    assert answer.status == 502


def values(engine: Engine) -> Any:
    """A client of the API of keys and values. It signs by Signature Version 4A, and puts the
    account before the engine's address, which is taken away: not every resolver knows that name."""
    client = engine.client("cloudfront-keyvaluestore", region_name="us-east-1")

    def by_address(request: Any, **told: Any) -> None:
        request.url = request.url.replace(f"//{engine.account}.", "//")

    client.meta.events.register("before-sign.cloudfront-keyvaluestore", by_address)
    return client


def test_a_script_reads_a_store(engine: Engine, site: Site) -> None:
    cloudfront = engine.client("cloudfront")
    name = engine.name("store")
    arn = cloudfront.create_key_value_store(Name=name)["KeyValueStore"]["ARN"]
    deadline = time.monotonic() + 60
    while cloudfront.describe_key_value_store(Name=name)["KeyValueStore"]["Status"] != "READY":
        assert time.monotonic() < deadline, "the store is not ready"
        time.sleep(0.1)
    data = values(engine)
    etag = data.describe_key_value_store(KvsARN=arn)["ETag"]
    etag = data.put_key(KvsARN=arn, Key="target", Value="/first", IfMatch=etag)["ETag"]
    code = (
        "import cf from 'cloudfront';\n"
        "async function handler(event) { var r = event.request;"
        " r.uri = await cf.kvs().get('target'); return r; }"
    )
    script = Script(engine, site, code, stores=(arn,))
    assert ask(engine, script.distribution).json["target"] == "/first"
    data.put_key(KvsARN=arn, Key="target", Value="/second", IfMatch=etag)
    assert ask(engine, script.distribution).json["target"] == "/second"


def test_a_script_is_tried(engine: Engine, site: Site) -> None:
    script = Script(
        engine, site, "function handler(event) { console.log('hi'); return event.request; }"
    )
    cloudfront = engine.client("cloudfront")
    event = {
        "version": "1.0",
        "context": {"eventType": "viewer-request"},
        "viewer": {"ip": "192.0.2.1"},
        "request": {"method": "GET", "uri": "/a", "querystring": {}, "headers": {}, "cookies": {}},
    }
    result = cloudfront.test_function(
        Name=script.name,
        IfMatch=cloudfront.describe_function(Name=script.name)["ETag"],
        Stage="DEVELOPMENT",
        EventObject=json.dumps(event).encode(),
    )["TestResult"]
    assert json.loads(result["FunctionOutput"])["request"]["uri"] == "/a"
    assert result["FunctionExecutionLogs"] == ["hi"]
    assert 0 <= int(result["ComputeUtilization"]) <= 100


def test_a_script_and_a_function_do_not_share_viewers(engine: Engine, site: Site) -> None:
    script = Script(engine, site, marked("one"), event="viewer-response")
    arn = version_of(engine, handler(REQUEST))
    told = {
        **engine.client("cloudfront").get_distribution_config(Id=script.distribution)[
            "DistributionConfig"
        ]["DefaultCacheBehavior"],
        "LambdaFunctionAssociations": listed(
            {"EventType": "viewer-request", "LambdaFunctionARN": arn}
        ),
    }
    code, _ = error_of(lambda: reconfigure(engine, script.distribution, DefaultCacheBehavior=told))
    assert code == "InvalidLambdaFunctionAssociation"

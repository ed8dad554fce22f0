"""An engine with three edge locations: who answers, how far it is, where functions run, logs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from edge_configuration_lab import listed
from edge_site_lab import (
    CACHING_OPTIMIZED,
    Site,
    ask,
    behaviour,
    distribute,
    lines_of,
    log_to,
    soon,
)
from engine_fixtures import ROLE, Engine, launch, zip_of

from lambda_nb.rules.edge.latency import internet_rtt_s
from lambda_nb.rules.edge.locations import LOCATIONS
from lambda_nb.rules.edge.places import place_of

REGIONS = {"FRA": "eu-central-1", "IAD": "us-east-1", "NRT": "ap-northeast-1"}
CACHED = behaviour(CachePolicyId=CACHING_OPTIMIZED)
EVENTS = ("viewer-request", "origin-request", "origin-response", "viewer-response")
PYTHON = """
count = 0
def handler(event, context):
    global count
    count += 1
    cf = event["Records"][0]["cf"]
    kind = cf["config"]["eventType"]
    print("ran", kind, cf["request"]["uri"], context.function_name, "count", count)
    part = cf["request"] if kind.endswith("request") else cf["response"]
    part["headers"]["x-" + kind] = [{"key": "X-" + kind, "value": str(count)}]
    return part
"""
NODE = """
let count = 0;
exports.handler = async (event, context) => {
  count += 1;
  const cf = event.Records[0].cf, kind = cf.config.eventType;
  console.log("ran", kind, cf.request.uri, context.functionName, "count", count);
  const part = kind.endsWith("request") ? cf.request : cf.response;
  part.headers["x-" + kind] = [{key: "X-" + kind, value: String(count)}];
  return part;
};
"""


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with locations in Frankfurt, Virginia and Tokyo."""
    running = launch(
        tmp_path_factory.mktemp("far"),
        "--edge-locations",
        "fra,iad,nrt",
        "--runtime-fallback",
        "nearest",
    )
    yield running
    assert running.stop() == 0, running.log_file.read_text()
    assert "Traceback" not in running.log_file.read_text()


def test_who_answers(far: Engine, site: Site) -> None:
    identifier = distribute(far, site.origin(), DefaultCacheBehavior=CACHED)
    for place, code in (("Berlin", "FRA"), ("New York", "IAD"), ("Osaka", "NRT"), ("", "FRA")):
        headers = [("X-Viewer-Location", place)] if place else []
        answer = ask(far, identifier, f"/of-{code}", *headers)
        assert (answer.header("X-Amz-Cf-Pop") or "").startswith(code)
    forced = ask(far, identifier, "/", ("X-Viewer-Location", "Berlin"), ("X-Edge-Location", "nrt"))
    assert (forced.header("X-Amz-Cf-Pop") or "").startswith("NRT")
    sent = dict(forced.json["headers"])
    assert not {"x-viewer-location", "x-edge-location"} & set(sent)
    missing = ask(far, identifier, "/", ("X-Edge-Location", "gru"))
    assert missing.status == 400
    assert b"fra, iad, nrt" in missing.body


def test_each_has_a_cache_of_its_own(far: Engine, site: Site) -> None:
    identifier = distribute(far, site.origin(), DefaultCacheBehavior=CACHED)
    told = [ask(far, identifier, "/a", ("X-Edge-Location", code)).cache for code in REGIONS]
    assert told == ["Miss"] * 3
    assert ask(far, identifier, "/a", ("X-Edge-Location", "nrt")).cache == "Hit"
    far.client("cloudfront").create_invalidation(
        DistributionId=identifier,
        InvalidationBatch={"CallerReference": "1", "Paths": listed("/*")},
    )
    told = [ask(far, identifier, "/a", ("X-Edge-Location", code)).cache for code in REGIONS]
    assert told == ["Miss"] * 3


def test_distances_take_their_time(far: Engine, site: Site) -> None:
    identifier = distribute(far, site.origin(), DefaultCacheBehavior=CACHED)
    ask(far, identifier, "/a", ("X-Edge-Location", "nrt"))
    begun = time.monotonic()
    answer = ask(far, identifier, "/a", ("X-Viewer-Location", "Berlin"), ("X-Edge-Location", "nrt"))
    assert answer.cache == "Hit"
    # On a new connection TCP's handshake is one round trip more.
    assert time.monotonic() - begun >= 2 * internet_rtt_s(place_of("Berlin"), LOCATIONS["NRT"])


def edge_function(engine: Engine, code: str, language: str) -> str:
    """A version of a function in us-east-1; its ARN."""
    client = engine.client("lambda", region_name="us-east-1")
    name = engine.name("edge")
    file, runtime = ("index.js", "nodejs22.x") if language == "node" else ("index.py", "python3.13")
    client.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zip_of({file: code})},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return str(client.publish_version(FunctionName=name)["FunctionArn"])


def said_by(far: Engine, name: str, region: str) -> list[str]:
    """The four lines that a function printed in a Region."""
    logs = far.client("logs", region_name=region)

    def look() -> list[str] | None:
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/us-east-1.{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        said = [event["message"] for event in found if "ran " in event["message"]]
        return said if len(said) == 4 else None

    return soon(look)


@pytest.mark.parametrize("language", ["python", "node"])
def test_functions_run_where_their_viewers_are(far: Engine, site: Site, language: str) -> None:
    arn = edge_function(far, NODE if language == "node" else PYTHON, language)
    name = arn.split(":")[6]
    told = {
        **CACHED,
        "LambdaFunctionAssociations": listed(
            *({"EventType": event, "LambdaFunctionARN": arn} for event in EVENTS)
        ),
    }
    identifier = distribute(far, site.origin(), DefaultCacheBehavior=told)
    for code, region in REGIONS.items():
        answer = ask(far, identifier, f"/{code}", ("X-Edge-Location", code))
        assert answer.status == 200, answer.body
        # One environment takes all four in turn: it began new in this location.
        assert dict(answer.json["headers"])["x-origin-request"] == "2"
        assert answer.header("X-viewer-response") == "4"
        said = said_by(far, name, region)
        for line, event in zip(said, EVENTS, strict=True):
            assert f"ran {event} /{code} us-east-1.{name} count" in line
    shown = json.dumps(far.status()["edge"]["locations"])
    assert all(code in shown for code in REGIONS)
    assert name in shown
    client = far.client("lambda", region_name="us-east-1")
    with pytest.raises(client.exceptions.ClientError, match="replicated function"):
        client.delete_function(FunctionName=name)


def test_standard_logs(far: Engine, site: Site) -> None:
    told = log_to(far)
    identifier = distribute(far, site.origin(), DefaultCacheBehavior=CACHED, Logging=told)
    headers = (("User-Agent", "curl/8 (x y)"), ("Cookie", "a=1"), ("Referer", "http://r.example/"))
    for code in ("fra", "fra", "nrt"):
        ask(far, identifier, "/a%20b?x=1", *headers, ("X-Edge-Location", code))
    ask(far, identifier, "/c", method="DELETE")
    found = lines_of(far, told["Bucket"].partition(".")[0], 4)
    assert len(found) == 4
    # They may come in several objects, whose names say nothing of the order within an hour.
    by_result = {(line["x-edge-location"][:3], line["x-edge-result-type"]): line for line in found}
    assert sorted(by_result) == [("FRA", "Error"), ("FRA", "Hit"), ("FRA", "Miss"), ("NRT", "Miss")]
    line = by_result["FRA", "Hit"]
    assert unquote(unquote(line["cs-uri-stem"])) == "/a b"
    assert line["cs-uri-query"] == "x=1"
    assert (line["sc-status"], line["cs-method"], line["cs-protocol"]) == ("200", "GET", "http")
    assert unquote(line["cs(User-Agent)"]) == "curl/8 (x y)"
    assert (line["cs(Referer)"], line["cs(Cookie)"]) == ("http://r.example/", "a=1")
    assert line["cs(Host)"].endswith(".cloudfront.net") or line["cs(Host)"].startswith(
        identifier.lower()
    )
    assert (line["c-ip"], line["sc-content-type"]) == ("127.0.0.1", "-")
    assert int(line["sc-bytes"]) > 100
    assert float(line["time-taken"]) >= 0
    assert by_result["FRA", "Error"]["sc-status"] == "403"


def test_real_time_logs(far: Engine, site: Site) -> None:
    kinesis, cloudfront = far.client("kinesis"), far.client("cloudfront")
    stream = far.name("visits")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(
        StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]
    config = cloudfront.create_realtime_log_config(
        Name=far.name("log"),
        SamplingRate=100,
        Fields=["timestamp", "sc-status", "cs-uri-stem", "x-edge-location", "x-edge-result-type"],
        EndPoints=[
            {
                "StreamType": "Kinesis",
                "KinesisStreamConfig": {"RoleARN": ROLE, "StreamARN": arn},
            }
        ],
    )["RealtimeLogConfig"]["ARN"]
    told = {**CACHED, "RealtimeLogConfigArn": config}
    identifier = distribute(far, site.origin(), DefaultCacheBehavior=told)
    for _ in range(2):
        ask(far, identifier, "/a", ("X-Edge-Location", "iad"))
    shard = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    came: list[list[str]] = []

    def look() -> bool:
        nonlocal shard
        answer = kinesis.get_records(ShardIterator=shard)
        shard = answer["NextShardIterator"]
        for record in answer["Records"]:
            came.append(record["Data"].decode().rstrip("\n").split("\t"))
        return len(came) >= 2

    soon(look)
    assert [line[1:3] for line in came] == [["200", "/a"]] * 2
    assert [line[4] for line in came] == ["Miss", "Hit"]
    assert all(line[3].startswith("IAD") and float(line[0]) > 1.7e9 for line in came)

"""Access logs: files in a real bucket, records in a real stream, figures in CloudWatch."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import edge_visits as some
import pytest
from botocore.exceptions import EndpointConnectionError
from engine_fixtures import Engine

from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys
from lambda_nb.engine.aws_calls.json_calls import Calls
from lambda_nb.engine.aws_calls.service_directory import Directory
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.logs import metrics, standard
from lambda_nb.engine.edge.logs.access_logs import AccessLogs
from lambda_nb.engine.edge.logs.standard import bucket_name
from lambda_nb.engine.edge.model import Viewer, Visit
from lambda_nb.engine.edge.settings import RealtimeLog, StandardLog
from lambda_nb.engine.telemetry.metrics import Metrics

COUNTS = {"Requests": 3.0, "BytesDownloaded": 1176.0}


@asynccontextmanager
async def logs_of(
    engine: Engine, clients: Callable[[str], Any] | None = None
) -> AsyncIterator[AccessLogs]:
    """Logs that write to an engine's buckets, streams and figures."""
    issued = engine.keys
    there = Endpoint(
        engine.url, keys=Keys(issued["aws_access_key_id"], issued["aws_secret_access_key"])
    )

    async def up() -> Endpoint:
        return there

    async def client(service: str) -> Any:
        return engine.client(service) if clients is None else clients(service)

    calls = Calls(Directory(lambda: there, up, {}), ("a", "b"))
    figures = Metrics(lambda: there, None, "us-east-1")
    logs = AccessLogs(client, calls, figures.service_figure, every_s=0.05)
    try:
        yield logs
    finally:
        await logs.close()
        await figures.close()
        await calls.close()


def bucket_of(engine: Engine, ownership: str = "") -> str:
    name = engine.name("logs")
    s3 = engine.client("s3")
    s3.create_bucket(Bucket=name)
    if ownership:
        s3.put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
        )
    return name


def files_of(engine: Engine, bucket: str) -> dict[str, list[str]]:
    """The lines of each file of a bucket."""
    s3 = engine.client("s3")
    return {
        each["Key"]: gzip.decompress(
            s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        ).decode().splitlines()
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    }  # fmt: skip


class TestStandardLogs:
    async def test_a_file_has_a_head_and_a_line_a_request(self, engine: Engine) -> None:
        bucket = bucket_of(engine, "BucketOwnerPreferred")
        told = StandardLog(f"{bucket}.s3.amazonaws.com", "cdn", False)
        distribution = some.distribution(standard_log=told)
        async with logs_of(engine) as logs:
            for _ in range(3):
                logs.put(distribution, some.behaviour(), some.visit())
            await logs.flush()
        ((key, lines),) = files_of(engine, bucket).items()
        assert key.startswith("cdn/E1.2020-01-01-12.")
        assert key.endswith(".gz")
        assert lines[0] == "#Version: 1.0"
        assert len(lines) == 5
        values = dict(
            zip(lines[1].removeprefix("#Fields: ").split(), lines[2].split("\t"), strict=True)
        )
        assert values == {
            "date": "2020-01-01", "time": "12:00:00", "x-edge-location": "FRA56-P1",
            "sc-bytes": "392", "c-ip": "192.0.2.100", "cs-method": "GET",
            "cs(Host)": "d111111abcdef8.cloudfront.net", "cs-uri-stem": "/index.html",
            "sc-status": "200", "cs(Referer)": "-", "cs(User-Agent)": "curl/8%20(x)",
            "cs-uri-query": "-", "cs(Cookie)": "-", "x-edge-result-type": "Hit",
            "x-edge-request-id": "id==", "x-host-header": "www.example.com",
            "cs-protocol": "http", "cs-bytes": "23", "time-taken": "0.002",
            "x-forwarded-for": "-", "ssl-protocol": "-", "ssl-cipher": "-",
            "x-edge-response-result-type": "Hit", "cs-protocol-version": "HTTP/1.1",
            "fle-status": "-", "fle-encrypted-fields": "-", "c-port": "11040",
            "time-to-first-byte": "0.001", "x-edge-detailed-result-type": "Hit",
            "sc-content-type": "text/html", "sc-content-len": "78",
            "sc-range-start": "-", "sc-range-end": "-",
        }  # fmt: skip

    async def test_many_lines_come_in_several_files(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(standard, "LINES_A_FILE", 4)
        bucket = bucket_of(engine)
        distributions = [
            some.distribution(standard_log=StandardLog(bucket, p, False)) for p in "ab"
        ]
        async with logs_of(engine) as logs:
            for number in range(10):
                logs.put(distributions[number % 2], some.behaviour(), some.visit())
            await logs.flush()
        lines = [len(lines) - 2 for lines in files_of(engine, bucket).values()]
        assert sum(lines) == 10
        assert len(lines) > 2

    async def test_the_files_of_an_hour_sort_in_the_order_of_their_visits(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(standard, "LINES_A_FILE", 1)
        bucket = bucket_of(engine)
        distribution = some.distribution(standard_log=StandardLog(bucket, "", False))
        paths = [f"/{number}" for number in range(8)]
        async with logs_of(engine) as logs:
            for path in paths:
                logs.put(distribution, None, some.visit(uri=path))
            await logs.flush()
        files = files_of(engine, bucket)
        assert [files[key][2].split("\t")[7] for key in sorted(files)] == paths

    async def test_cookies_are_told_if_asked_for_and_hours_have_their_files(
        self, engine: Engine
    ) -> None:
        bucket = bucket_of(engine)
        distribution = some.distribution(standard_log=StandardLog(bucket, "", True))
        async with logs_of(engine) as logs:
            logs.put(distribution, None, some.visit())
            logs.put(distribution, None, some.visit(some.NOON + 3600))
            await logs.flush()
        files = files_of(engine, bucket)
        assert sorted(key.split(".")[1] for key in files) == ["2020-01-01-12", "2020-01-01-13"]
        assert all("a=1;%20b=2" in lines[2] for lines in files.values())

    async def test_a_request_that_ended_early_and_one_by_https(self, engine: Engine) -> None:
        bucket = bucket_of(engine)
        distribution = some.distribution(standard_log=StandardLog(bucket, "", False))
        tls: dict[str, Any] = {"ssl_protocol": "TLSv1.3", "ssl_cipher": "TLS_AES_128_GCM_SHA256"}
        https = Viewer("::1", 1, "", "https", "NRT", "x")
        visits = [
            some.visit(status=0, outcome="Error", detail="ClientCommError", **tls),
            some.visit(viewer=https, uri="/a%20b", **tls),
        ]
        async with logs_of(engine) as logs:
            for each in visits:
                logs.put(distribution, None, each)
            await logs.flush()
        (lines,) = files_of(engine, bucket).values()
        early, secure = (line.split("\t") for line in lines[2:])
        assert (early[8], early[13], early[28], early[20]) == (
            "000",
            "Error",
            "ClientCommError",
            "-",
        )
        assert (secure[2], secure[7], secure[20]) == ("NRT56-P1", "/a%2520b", "TLSv1.3")

    async def test_a_request_with_large_headers_is_in_no_log(self, engine: Engine) -> None:
        bucket = bucket_of(engine)
        distribution = some.distribution(standard_log=StandardLog(bucket, "", False))
        large = some.visit(request_headers=Headers([("Cookie", "c" * 20_480)]))
        async with logs_of(engine) as logs:
            logs.put(distribution, None, large)
            await logs.flush()
        assert files_of(engine, bucket) == {}

    @pytest.mark.parametrize(
        ("ownership", "said"),
        [("BucketOwnerEnforced", "has no ACLs"), (None, "there is no such bucket")],
        ids=["no ACLs", "no bucket"],
    )
    async def test_a_bucket_that_takes_none_is_named_once_in_the_engines_log(
        self,
        engine: Engine,
        caplog: pytest.LogCaptureFixture,
        ownership: str | None,
        said: str,
    ) -> None:
        bucket = engine.name("none") if ownership is None else bucket_of(engine, ownership)
        distribution = some.distribution(standard_log=StandardLog(bucket, "", False))
        with caplog.at_level(logging.WARNING):
            async with logs_of(engine) as logs:
                for _ in range(2):
                    logs.put(distribution, None, some.visit())
                    await logs.flush()
        (record,) = caplog.records
        assert said in record.getMessage()
        assert bucket in record.getMessage()

    async def test_a_bucket_that_cannot_be_reached_gets_them_later(
        self, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        bucket = bucket_of(engine)
        distribution = some.distribution(standard_log=StandardLog(bucket, "", False))
        tries: list[str] = []

        def sometimes(service: str) -> Any:
            tries.append(service)
            if len(tries) == 1:
                raise EndpointConnectionError(endpoint_url="http://gone")
            return engine.client(service)

        with caplog.at_level(logging.WARNING):
            async with logs_of(engine, sometimes) as logs:
                logs.put(distribution, None, some.visit())
                await logs.flush()
        assert "access logs wait" in caplog.text
        assert len(files_of(engine, bucket)) == 1

    @pytest.mark.parametrize(
        ("domain", "name"),
        [
            ("b.s3.amazonaws.com", "b"),
            ("my.b.s3.eu-west-1.amazonaws.com", "my.b"),
            ("b.s3-eu-west-1.amazonaws.com", "b"),
            ("b.s3.localhost:8080", "b"),
            ("b", "b"),
        ],
    )
    def test_a_bucket_is_given_by_its_domain(self, domain: str, name: str) -> None:
        assert bucket_name(domain) == name


class TestRealTimeLogs:
    async def test_a_record_has_the_chosen_fields_in_the_fixed_order(self, engine: Engine) -> None:
        kinesis, name = engine.client("kinesis"), engine.name("stream")
        kinesis.create_stream(StreamName=name, ShardCount=1)
        arn = kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
        told = RealtimeLog("rt", arn, ("cs-headers-count", "c-country", "sc-status", "c-ip"), 100)
        async with logs_of(engine) as logs:
            for _ in range(2):
                logs.put(some.distribution(), some.behaviour(told), some.visit())
            await logs.flush()
        shard = kinesis.get_shard_iterator(
            StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=shard)["Records"]
        assert [record["Data"] for record in records] == [b"192.0.2.100\t200\tDE\t3\n"] * 2

    async def test_only_a_share_of_the_requests_is_told(self, engine: Engine) -> None:
        told = RealtimeLog("rt", "arn:aws:kinesis:us-east-1:000000000000:stream/none", ("c-ip",), 0)
        async with logs_of(engine) as logs:
            for _ in range(50):
                logs.put(some.distribution(), some.behaviour(told), some.visit())
            await logs.flush()  # the stream does not exist, but nobody asked for it

    async def test_a_stream_that_is_not_there_is_named(
        self, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        arn = f"arn:aws:kinesis:us-east-1:{engine.account}:stream/nowhere"
        told = RealtimeLog("rt", arn, ("c-ip",), 100)
        with caplog.at_level(logging.WARNING):
            async with logs_of(engine) as logs:
                logs.put(some.distribution(), some.behaviour(told), some.visit())
                await logs.flush()
        assert f"real-time log records to {arn} are lost: ResourceNotFound" in caplog.text


class TestMetrics:
    async def test_figures_reach_cloudwatch(self, engine: Engine) -> None:
        identifier = engine.name("E")
        async with logs_of(engine) as logs:
            for status in (200, 404, 500):
                logs.put(some.distribution(identifier), None, some.visit(status=status))
            await logs.flush()
        dimensions = [
            {"Name": "DistributionId", "Value": identifier},
            {"Name": "Region", "Value": "Global"},
        ]

        def read(name: str, statistic: str) -> float:
            now = datetime.now(timezone.utc)
            points = engine.client("cloudwatch", region_name="us-east-1").get_metric_statistics(
                Namespace="AWS/CloudFront",
                MetricName=name,
                Dimensions=dimensions,
                StartTime=now - timedelta(minutes=10),
                EndTime=now + timedelta(minutes=10),
                Period=3600,
                Statistics=[statistic],
            )["Datapoints"]
            total = sum(float(point[statistic]) for point in points)
            return total / max(1, len(points)) if statistic == "Average" else total

        deadline = time.monotonic() + 15
        while read("Requests", "Sum") < 3 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert {name: read(name, "Sum") for name in COUNTS} == COUNTS
        assert read("4xxErrorRate", "Average") == pytest.approx(100 / 3)
        assert read("TotalErrorRate", "Average") == pytest.approx(200 / 3)

    @pytest.mark.parametrize(
        ("visit", "name", "value"),
        [
            (some.visit(method="POST"), "BytesUploaded", 23.0),
            (some.visit(outcome="RefreshHit"), "CacheHitRate", 100.0),
            (some.visit(outcome="Miss"), "CacheHitRate", 0.0),
            (some.visit(status=404), "404ErrorRate", 100.0),
            (some.visit(origin_first_byte_s=0.03, first_byte_s=0.05), "OriginLatency", 50.0),
        ],
        ids=["upload", "refreshed", "missed", "not found", "origin"],
    )
    def test_what_a_monitoring_subscription_adds(
        self, visit: Visit, name: str, value: float
    ) -> None:
        told = {name: value for name, _, value in metrics.figures(visit, additional=True)}
        assert told[name] == value

    @pytest.mark.parametrize(
        "visit",
        [some.visit(method="POST"), some.visit(status=404), some.visit(status=502)],
        ids=["POST", "404", "502"],
    )
    def test_what_cannot_be_cached_counts_for_no_hit_rate(self, visit: Visit) -> None:
        assert "CacheHitRate" not in [name for name, *_ in metrics.figures(visit, additional=True)]

    def test_without_a_subscription_there_are_only_the_free_ones(self) -> None:
        assert [name for name, *_ in metrics.figures(some.visit(status=404))] == [
            "Requests", "BytesDownloaded", "4xxErrorRate", "5xxErrorRate", "TotalErrorRate",
        ]  # fmt: skip

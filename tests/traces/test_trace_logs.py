"""Traces through the real Logs API of a real server, and the lines that AWS writes."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from lambda_nb.engine.model import InvocationRecord
from lambda_nb.rules import loglines
from lambda_nb.traces import Trace, TraceError
from lambda_nb.traces.logs import invocation_log, report_lines
from lambda_nb.traces.logs.cloudwatch import use_client

NOW_MS = int(time.time()) * 1000 - 3_600_000
NOW_NS = NOW_MS * 1_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def logs(server: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client with its own account: moto takes an access key of twelve digits as the account."""
    account = f"{zlib.crc32(request.node.name.encode()):012d}"
    session = boto3.session.Session(account, "secret", region_name="us-east-1")
    token = session.client("sts", endpoint_url=server).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="test"
    )["Credentials"]
    client = boto3.client(
        "logs",
        endpoint_url=server,
        region_name="us-east-1",
        aws_access_key_id=token["AccessKeyId"],
        aws_secret_access_key=token["SecretAccessKey"],
        aws_session_token=token["SessionToken"],
    )
    yield client
    client.close()


def put(client: Any, group: str, stream: str, events: list[tuple[int, str]]) -> None:
    known = client.exceptions.ResourceAlreadyExistsException
    for make, names in (
        (client.create_log_group, {"logGroupName": group}),
        (client.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
    ):
        with contextlib.suppress(known):
            make(**names)
    for begin in range(0, len(events), 5000):
        client.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[
                {"timestamp": at, "message": text} for at, text in events[begin : begin + 5000]
            ],
        )


def record(at: int, **fields: Any) -> InvocationRecord:
    settings = {
        "function": "thumbnail",
        "version": "$LATEST",
        "request_id": f"id-{at}",
        "arrival_ns": NOW_NS + at,
        "finish_ns": NOW_NS + at + 12_345_678,
        "start": "warm",
        "status": "success",
        "environment": "2026/11/23/[$LATEST]0123",
        "duration_ms": 12.34,
        "billed_ms": 13,
        "memory_mb": 512,
        "max_memory_mb": 60,
    }
    return InvocationRecord(**{**settings, **fields})


def put_records(client: Any, records: list[InvocationRecord], stream: str = "2026/11/23") -> None:
    events = [
        (r.finish_ns // 1_000_000, json.dumps(r._asdict(), separators=(",", ":"))) for r in records
    ]
    put(client, invocation_log.GROUP, stream, sorted(events))


def test_the_invocation_log_is_exact(logs: Any) -> None:
    cold = record(1, start="cold", init_ms=80.5, billed_ms=93)
    throttle = record(
        2,
        finish_ns=NOW_NS + 2,
        start="throttle",
        status="throttle",
        reason="ConcurrentInvocationLimitExceeded",
        environment="",
        duration_ms=0.0,
        billed_ms=0,
        max_memory_mb=0,
    )
    failed = record(3_000_000_000, status="error", error_type="Runtime.ExitError", alias="live")
    other = record(5, function="report")
    put_records(logs, [failed, cold, other])
    put_records(logs, [throttle], stream="2026/11/24")
    trace = Trace.from_logs("thumbnail", client=logs)
    assert len(trace) == 3
    ns = np.rint(trace.numbers("arrival") * 1e9).astype(int) + trace.start_ns
    assert (ns - NOW_NS).tolist() == [1, 2, 3_000_000_000]
    frame = trace.to_pandas()
    assert frame["start"].tolist() == ["cold", "throttle", "warm"]
    assert frame["status"].tolist() == ["success", "throttle", "error"]
    assert frame["reason"].tolist()[1:] == [
        "ConcurrentInvocationLimitExceeded",
        "Runtime.ExitError",
    ]
    assert np.isnan(frame["duration"][1]), "a throttle never ran"
    assert frame["billed"].tolist() == [0.093, 0.0, 0.013]
    assert frame["init"][0] == 0.0805
    finish = np.rint(trace.numbers("finish") * 1e9).astype(int) + trace.start_ns - NOW_NS
    assert finish.tolist() == [12_345_679, 2, 3_012_345_678]
    assert frame["memory"].tolist() == [512, 512, 512]
    assert frame["trigger"].tolist() == ["invoke"] * 3
    everything = Trace.from_logs(client=logs)
    assert sorted(everything.functions) == ["report", "thumbnail"]
    both = Trace.from_logs(
        ["report", "arn:aws:lambda:us-east-1:000000000000:function:thumbnail:3"], client=logs
    )
    assert len(both) == 4


def test_requests_over_http_have_one_trigger(logs: Any) -> None:
    sources = ["url", "http", "invoke", "sqs"]
    put_records(logs, [record(number, source=name) for number, name in enumerate(sources)])
    frame = Trace.from_logs("thumbnail", client=logs).to_pandas()
    assert frame["trigger"].tolist() == ["http", "http", "invoke", "sqs"]


def test_the_invocation_log_is_read_in_pages(logs: Any) -> None:
    put_records(logs, [record(i * 1_000) for i in range(25_000)])
    trace = Trace.from_logs("thumbnail", client=logs)
    assert len(trace) == 25_000
    assert bool(np.all(np.diff(trace.numbers("arrival")) > 0))


def test_a_window_of_time(logs: Any) -> None:
    put_records(logs, [record(i * 1_000_000_000) for i in range(10)])
    begin = datetime.fromtimestamp(NOW_MS / 1000, timezone.utc)
    trace = Trace.from_logs(
        "thumbnail",
        client=logs,
        start=begin + timedelta(seconds=2),
        end=(begin + timedelta(seconds=5)).isoformat(),
    )
    assert [i.rsplit("-")[-1] for i in trace.to_pandas()["request_id"]] == [
        "2000000000",
        "3000000000",
        "4000000000",
    ]
    assert len(Trace.from_logs("thumbnail", client=logs, start="1d")) == 10
    assert len(Trace.from_logs("thumbnail", client=logs, start="10min")) == 0


def test_a_function_that_never_ran(logs: Any) -> None:
    with pytest.raises(TraceError, match="there is no log group /aws/lambda/nothing"):
        Trace.from_logs("nothing", client=logs)
    put_records(logs, [record(0)])
    with pytest.raises(TraceError, match=r"no invocation of 'nothing' .* some of thumbnail"):
        Trace.from_logs("nothing", client=logs)


def test_a_foreign_event_in_the_invocation_log(logs: Any) -> None:
    put(logs, invocation_log.GROUP, "2026/11/23", [(NOW_MS, '{"hello": 1}')])
    with pytest.raises(
        TraceError, match=r"event 0 of /lambda-nb/invocations has no .function.: .*hello"
    ):
        Trace.from_logs(client=logs)
    put(logs, invocation_log.GROUP, "2026/11/22", [(NOW_MS, "hello")])
    with pytest.raises(TraceError, match="event 0 of /lambda-nb/invocations is not JSON: hello"):
        Trace.from_logs(client=logs)


def test_the_client_of_whoever_holds_a_connection(logs: Any) -> None:
    put_records(logs, [record(0)])
    use_client(lambda: logs)
    try:
        assert len(Trace.from_logs("thumbnail")) == 1
    finally:
        use_client(None)


def test_reading_where_listing_is_forbidden() -> None:
    client = boto3.client(
        "logs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stream = "2026/11/23/[1]aa"
    with Stubber(client) as stub:
        stub.add_client_error("describe_log_groups", "AccessDeniedException", "no", 400)
        stub.add_response(
            "filter_log_events",
            {
                "events": [
                    {"logStreamName": stream, "timestamp": NOW_MS + at, "message": text}
                    for at, text in COLD
                ]
            },
            {"logGroupName": "/aws/lambda/api", "filterPattern": report_lines.FILTER},
        )
        assert len(Trace.from_logs("api", client=client)) == 1
        stub.add_client_error("describe_log_groups", "UnrecognizedClientException", "who?", 400)
        with pytest.raises(client.exceptions.ClientError, match="who"):
            Trace.from_logs("api", client=client)


def test_waiting_for_logs_that_come_late(logs: Any) -> None:
    put_records(logs, [record(0)])
    late = threading.Timer(0.4, put_records, (logs, [record(1), record(2)]))
    late.start()
    try:
        assert len(Trace.from_logs("thumbnail", client=logs, expect=3)) == 3
    finally:
        late.join()
    with pytest.raises(TraceError, match=r"had 3 invocations after 0\.1 s, not 4"):
        Trace.from_logs("thumbnail", client=logs, expect=4, timeout=0.1)


ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
COLD = [
    (0, "INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN: arn:aws:lambda:x\n"),
    (150, f"START RequestId: {ID} Version: $LATEST\n"),
    (160, "Duration: 9 ms is what I print\n"),
    (197, f"END RequestId: {ID}\n"),
    (
        197,
        f"REPORT RequestId: {ID}\tDuration: 46.84 ms\tBilled Duration: 160 ms\t"
        "Memory Size: 192 MB\tMax Memory Used: 72 MB\tInit Duration: 112.30 ms\t\n"
        "XRAY TraceId: 1-5f\tSegmentId: 3f\tSampled: true\t\n",
    ),
]


def shifted(events: list[tuple[int, str]], by: int, new_id: str) -> list[tuple[int, str]]:
    return [(NOW_MS + at + by, text.replace(ID, new_id)) for at, text in events]


def test_start_and_report_lines(logs: Any) -> None:
    warm = [
        (1000, f"START RequestId: {ID} Version: 7\n"),
        (
            1003,
            f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\t"
            "Memory Size: 192 MB\tMax Memory Used: 73 MB\tStatus: timeout\t\n",
        ),
    ]
    running = [(9000, f"START RequestId: {ID} Version: 7\n")]
    stream = "2026/11/23/[$LATEST]aa"
    put(
        logs,
        "/aws/lambda/api",
        stream,
        shifted(COLD, 0, "one") + shifted(warm, 0, "two") + shifted(running, 0, "three"),
    )
    put(logs, "/aws/lambda/api", "2026/11/23/[7]bb", shifted(COLD, 20, "four"))
    put(logs, "/aws/lambda/other", "2026/11/23/[7]cc", shifted(COLD, 40, "five"))
    trace = Trace.from_logs("api", client=logs)
    frame = trace.to_pandas()
    assert frame["request_id"].tolist() == ["one", "four", "two"]
    assert frame["start"].tolist() == ["cold", "cold", "warm"]
    assert frame["arrival"].tolist() == pytest.approx([0.0377, 0.0577, 1.0])
    assert frame["duration"].tolist() == pytest.approx([0.04684, 0.04684, 3.0])
    assert frame["init"][0] == pytest.approx(0.1123)
    assert frame["billed"].tolist() == [0.16, 0.16, 3.0]
    assert frame["memory"].tolist() == [192] * 3
    assert frame["max_memory"].tolist() == [72, 72, 73]
    assert frame["version"].tolist() == ["$LATEST", "$LATEST", "7"]
    assert frame["status"].isna().tolist() == [True, True, False]
    assert frame["status"][2] == "timeout"
    assert frame["environment"].tolist() == [stream, "2026/11/23/[7]bb", stream]
    assert frame["finish"].tolist() == pytest.approx([0.19684, 0.21684, 4.0])
    assert len(Trace.from_logs(client=logs)) == 4
    assert len(Trace.from_logs("/aws/lambda/other", client=logs)) == 1


def test_json_logs(logs: Any) -> None:
    def line(kind: str, time_of: str, **fields: Any) -> str:
        return json.dumps({"time": time_of, "type": f"platform.{kind}", "record": fields})

    events = [
        line("initStart", "2026-11-23T10:00:00.100Z", initializationType="on-demand"),
        line("start", "2026-11-23T10:00:00.250Z", requestId="one", version="$LATEST"),
        json.dumps({"level": "INFO", "message": "platform. says the function"}),
        line(
            "report",
            "2026-11-23T10:00:01.250Z",
            requestId="one",
            status="error",
            errorType="Runtime.ExitError",
            metrics={
                "durationMs": 999.5,
                "billedDurationMs": 1100,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 35,
                "initDurationMs": 100.25,
            },
        ),
    ]
    at = [100, 250, 300, 1250]
    put(
        logs,
        "/aws/lambda/js",
        "s",
        [(NOW_MS + i, text) for i, text in zip(at, events, strict=True)],
    )
    frame = Trace.from_logs("js", client=logs).to_pandas()
    assert frame["arrival"].tolist() == pytest.approx([0.14975])
    assert frame["start"].tolist() == ["cold"]
    assert frame["status"].tolist() == ["error"]
    assert frame["reason"].tolist() == ["Runtime.ExitError"]
    assert frame["duration"].tolist() == [0.9995]


def test_provisioned_environments_show_in_json_logs() -> None:
    reader = report_lines.Reader("f")
    metrics = {
        "durationMs": 1.0,
        "billedDurationMs": 1,
        "memorySizeMB": 128,
        "maxMemoryUsedMB": 35,
    }
    for i, (kind, fields) in enumerate(
        [
            ("initStart", {"initializationType": "provisioned-concurrency"}),
            ("start", {"requestId": "a"}),
            ("report", {"requestId": "a", "metrics": metrics, "status": "success"}),
        ]
    ):
        reader.take("s", NOW_MS + i, json.dumps({"type": f"platform.{kind}", "record": fields}))
    assert report_lines.to_trace([reader]).to_pandas()["start"].tolist() == ["provisioned"]


def test_lines_in_any_order_and_retries_of_one_request() -> None:
    reader = report_lines.Reader("f")
    first = shifted(COLD, 0, ID)
    again = shifted([COLD[1], COLD[4]], 5000, ID)
    for at, text in reversed(first + again):
        reader.take("s", at, text)
    frame = report_lines.to_trace([reader]).to_pandas()
    assert len(frame) == 2
    assert np.diff(frame["arrival"]) == pytest.approx([5.0])


def test_a_finish_never_passes_the_next_arrival_of_its_environment() -> None:
    reader = report_lines.Reader("f")
    report = (
        "REPORT RequestId: {}\tDuration: 10.90 ms\tBilled Duration: 11 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 30 MB\t\n"
    )
    for name, at in (("a", 0), ("b", 10)):
        reader.take("s", NOW_MS + at, f"START RequestId: {name} Version: 1\n")
        reader.take("s", NOW_MS + at + 10, report.format(name))
    trace = report_lines.to_trace([reader])
    assert trace.numbers("finish")[0] == trace.numbers("arrival")[1]
    assert trace.numbers("duration").tolist() == [0.0109, 0.0109]


def test_environments_that_are_not_known_are_not_one_environment() -> None:
    reader = report_lines.Reader("f")
    for name in ("a", "b"):
        reader.take("", NOW_MS, f"START RequestId: {name} Version: 1\n")
        reader.take(
            "",
            NOW_MS + 500,
            f"REPORT RequestId: {name}\tDuration: 500.00 ms\tBilled Duration: 500 ms\t"
            "Memory Size: 128 MB\tMax Memory Used: 30 MB\t\n",
        )
    trace = report_lines.to_trace([reader])
    assert trace.numbers("finish").tolist() == [0.5, 0.5]
    assert trace.to_pandas()["environment"].isna().all()


REPORTS = st.builds(
    loglines.Report,
    request_id=st.sampled_from("abcdef"),
    duration_ms=st.integers(0, 10**7).map(lambda i: i / 100),
    billed_ms=st.integers(0, 900_000),
    memory_mb=st.integers(128, 10_240),
    max_memory_mb=st.integers(0, 10_240),
    init_ms=st.none() | st.integers(1, 10**6).map(lambda i: i / 100),
    restore_ms=st.none() | st.integers(1, 10**6).map(lambda i: i / 100),
    status=st.sampled_from([None, "timeout", "error"]),
    error_type=st.sampled_from(["", "Runtime.ExitError"]),
    trace=st.sampled_from(["", "Root=1-5f;Parent=3f;Sampled=1"]),
)
LINES = st.one_of(
    REPORTS.map(lambda report: report.text()),
    REPORTS.map(lambda report: loglines.json_text(report, "2026-11-23T10:00:00.000Z")),
    st.sampled_from("abcdef").map(lambda i: loglines.Start(i, "$LATEST").text()),
    st.sampled_from("abcdef").map(lambda i: loglines.End(i).text()),
    st.sampled_from("abcdef").map(lambda i: loglines.TimedOut("2026", i, 3.0).text()),
    st.sampled_from("abcdef").map(lambda i: loglines.Exited(i, "signal: killed").text()),
    st.sampled_from(["", "{", "START me up\n", "REPORTS are due\n", '{"type": "platform.x"}']),
)


@given(st.lists(st.tuples(st.sampled_from(["s", "t", ""]), st.integers(0, 5000), LINES)))
def test_by_the_column_and_by_the_line_is_the_same(events: list[tuple[str, int, str]]) -> None:
    one, many = report_lines.Reader("f"), report_lines.Reader("f")
    # The log does not order events of the same millisecond; here all times differ.
    timed = [(stream, NOW_MS + at * 1000 + i, text) for i, (stream, at, text) in enumerate(events)]
    for stream, at, text in timed:
        one.take(stream, at, text)
    streams, times_ms, messages = zip(*timed, strict=True) if timed else ((), (), ())
    many.take_many(
        pa.array(streams, pa.string()),
        pa.array(times_ms, pa.int64()),
        pa.array(messages, pa.string()),
    )
    key = [(name, "ascending") for name in one.table().column_names]
    assert one.table().sort_by(key).equals(many.table().sort_by(key))


def test_a_report_belongs_to_the_last_start_before_it() -> None:
    """The first attempt of a retried event left no REPORT; the third has lost its START."""
    reader = report_lines.Reader("f")
    report = loglines.Report("r", 10.0, 10, 128, 30).text()
    for at, text in (
        (0, loglines.Start("r", "1").text()),
        (5000, loglines.Start("r", "1").text()),
        (5015, report),
        (9015, report),
    ):
        reader.take("s", NOW_MS + at, text)
    assert report_lines.to_trace([reader]).numbers("arrival").tolist() == pytest.approx([0, 4.005])


def test_old_style_timeouts() -> None:
    reader = report_lines.Reader("f")
    lines = shifted(COLD, 0, ID)
    lines.insert(
        3, (NOW_MS + 190, f"2024-03-04T17:22:38.033Z {ID} Task timed out after 3.00 seconds\n")
    )
    for at, text in lines:
        reader.take("s", at, text)
    assert report_lines.to_trace([reader]).to_pandas()["status"].tolist() == ["timeout"]


def test_restored_environments_are_cold() -> None:
    reader = report_lines.Reader("f")
    reader.take(
        "s",
        NOW_MS,
        "REPORT RequestId: r\tDuration: 5.00 ms\tBilled Duration: 6 ms\tMemory Size: 512 MB\t"
        "Max Memory Used: 90 MB\tRestore Duration: 603.10 ms\tBilled Restore Duration: 45 ms\t\n",
    )
    row = report_lines.to_trace([reader]).to_pandas().iloc[0]
    assert row["start"] == "cold"
    assert row["init"] == pytest.approx(0.6031)
    assert row["billed"] == pytest.approx(0.006)


def test_a_runtime_that_exited_is_an_error() -> None:
    reader = report_lines.Reader("f")
    lines = shifted(COLD, 0, ID)
    exited = (
        f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
    )
    lines.insert(3, (NOW_MS + 190, exited))
    for at, text in lines:
        reader.take("s", at, text)
    frame = report_lines.to_trace([reader]).to_pandas()
    assert frame[["status", "reason"]].to_numpy().tolist() == [["error", "Runtime.ExitError"]]


INSIGHTS = {
    "_aws": {"Timestamp": NOW_MS + 60_000, "LambdaInsights": {"ShareTelemetry": True}},
    "event_type": "performance",
    "function_name": "cpu-intensive",
    "version": "Blue",
    "request_id": "12345678-8bcc-42f7-b1de-123456789012",
    "duration": 45191,
    "billed_duration": 45200,
    "billed_mb_ms": 11571200,
    "cold_start": True,
    "init_duration": 130,
    "used_memory_max": 63,
    "total_memory": 256,
    "timeout": True,
    "shutdown_reason": "Timeout",
}


def test_lambda_insights(logs: Any) -> None:
    warm = {
        **INSIGHTS,
        "_aws": {"Timestamp": NOW_MS + 70_000},
        "cold_start": False,
        "init_duration": 0,
        "timeout": False,
        "shutdown_reason": None,
    }
    put(
        logs,
        "/aws/lambda-insights",
        "cpu-intensive/1",
        [(NOW_MS + 60_000, json.dumps(INSIGHTS)), (NOW_MS + 70_000, json.dumps(warm))],
    )
    frame = Trace.from_logs("/aws/lambda-insights", client=logs).to_pandas()
    assert frame["function"].tolist() == ["cpu-intensive"] * 2
    assert frame["start"].tolist() == ["cold", "warm"]
    assert frame["duration"].tolist() == [45.191] * 2
    assert frame["arrival"][0] == pytest.approx(0.679)
    assert frame["memory"].tolist() == [256] * 2
    assert frame["status"].isna().tolist() == [False, True]
    del warm["duration"]
    with pytest.raises(TraceError, match="event of Lambda Insights without a proper 'duration'"):
        report_lines.Reader("").take("s", 0, json.dumps(warm))


def test_a_report_that_lacks_a_figure() -> None:
    reader = report_lines.Reader("f")
    with pytest.raises(TraceError, match=r"log line without a .Billed Duration."):
        reader.take("s", NOW_MS, "REPORT RequestId: x\tDuration: 5.00 ms\t")

"""Log files in every form that CloudWatch exports."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from lambda_nb import traces
from lambda_nb.rules import loglines
from lambda_nb.traces import TraceError
from lambda_nb.traces.logs import log_lines

STREAM = "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef"
START = loglines.Start("r-1", "$LATEST").text()
REPORT = loglines.Report("r-1", 46.84, 160, 192, 72, init_ms=112.3).text()
EPOCH_MS = 1_795_428_000_000  # 2026-11-23T10:00:00Z


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def check(trace: traces.Trace, function: str, environment: str | None) -> None:
    assert len(trace) == 1
    row = trace.to_pandas(absolute=True).iloc[0]
    assert row["function"] == function
    assert row["start"] == "cold"
    assert row["duration"] == pytest.approx(0.04684)
    # START at 10:00:00.150, minus the init phase.
    assert row["time"].isoformat() == "2026-11-23T10:00:00.037700+00:00"
    if environment is not None:
        assert row["environment"] == environment


def test_an_export_to_s3(tmp_path: Path) -> None:
    folder = tmp_path / "export" / "2026-11-23-[$LATEST]0123"
    write(
        folder / "000000.gz",
        f"2026-11-23T10:00:00.150Z {START}"
        "2026-11-23T10:00:00.160Z Traceback (most recent call last):\n  File x\nREPORT of my own\n"
        f"2026-11-23T10:00:00.197Z {REPORT}",
    )
    write(tmp_path / "export" / "aws-logs-write-test", "Permission Check Successful")
    check(traces.read_logs(tmp_path / "export", function="api"), "api", folder.name)


def test_a_long_log_is_read_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "BLOCK", 1000)
    times = [f"2026-11-23T10:{i // 60:02d}:{i % 60:02d}" for i in range(600)]
    text = "".join(
        f"{at}.000Z {loglines.Start(f'r-{i}', '1').text()}"
        f"{at}.001Z a line of \xb5s of the function's own that is {'long ' * (i % 300)}\n"
        f"{at}.100Z {loglines.Report(f'r-{i}', 99.5, 100, 128, 50).text()}"
        for i, at in enumerate(times)
    )
    trace = traces.read_logs(write(tmp_path / "api.log.gz", text), function="api")
    assert len(trace) == 600
    assert np.diff(trace.numbers("arrival")).tolist() == [1.0] * 599
    bad = text.replace("Billed Duration: 100", "Billed Duration: none", 1)
    bad_line = 1 + bad[: bad.index("none")].count("\n")
    broken = write(tmp_path / "bad.log", bad)
    with pytest.raises(TraceError, match=rf"bad\.log line {bad_line}: "):
        traces.read_logs(broken)
    unclocked = write(tmp_path / "t.log", text.replace("T10:03:20.000Z", "T10:73:20.000Z"))
    with pytest.raises(TraceError, match=r"t\.log line 601: '2026-11-23T10:73:20\.000Z' is not"):
        traces.read_logs(unclocked)


def test_an_exit_spans_two_lines(tmp_path: Path) -> None:
    killed = loglines.Exited("r-1", loglines.exit_message(None, "killed")).text()
    path = write(
        tmp_path / "api.log",
        f"2026-11-23T10:00:00.150Z {START}2026-11-23T10:00:00.190Z {killed}"
        f"2026-11-23T10:00:00.197Z {REPORT}",
    )
    trace = traces.read_logs(path)
    check(trace, "api", None)
    row = trace.to_pandas().iloc[0]
    assert (row["status"], row["reason"]) == ("error", "Runtime.ExitError")


def test_what_aws_logs_tail_printed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "api.log",
        f"2026-11-23T10:00:00.150000+00:00 {STREAM} {START}"
        f"2026-11-23T11:00:00.197000+01:00 {STREAM} {REPORT}",
    )
    check(traces.read_logs(path), "api", STREAM)


@pytest.mark.parametrize("indent", [None, 4])
def test_what_filter_log_events_answered(tmp_path: Path, indent: int | None) -> None:
    events = [
        {"logStreamName": STREAM, "timestamp": EPOCH_MS + at, "message": text}
        for at, text in ((150, START), (197, REPORT))
    ]
    path = write(tmp_path / "x.json", json.dumps({"events": events}, indent=indent))
    check(traces.read_logs([path], function="api"), "api", STREAM)


def test_what_a_subscription_delivered(tmp_path: Path) -> None:
    delivery = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/lambda/api",
        "logStream": STREAM,
        "logEvents": [
            {"id": "1", "timestamp": EPOCH_MS + 150, "message": START},
            {"id": "2", "timestamp": EPOCH_MS + 197, "message": REPORT},
        ],
    }
    path = write(tmp_path / "delivery-1.gz", json.dumps(delivery) + "\n")
    check(traces.read_logs(path), "api", STREAM)


def test_one_event_a_line(tmp_path: Path) -> None:
    lines = [
        json.dumps({"timestamp": "2026-11-23T10:00:00.150Z", "message": START}),
        json.dumps({"timestamp": EPOCH_MS + 197, "message": REPORT}),
    ]
    check(traces.read_logs(write(tmp_path / "api.jsonl", "\n".join(lines))), "api", None)


def test_json_logs_as_they_are(tmp_path: Path) -> None:
    lines = [
        loglines.json_text(loglines.Start("r-1", "$LATEST"), "2026-11-23T10:00:00.150Z"),
        '{"level":"INFO","message":"mine","timestamp":"2026-11-23T10:00:00.160Z"}\n',
        loglines.json_text(
            loglines.Report("r-1", 46.84, 160, 192, 72, init_ms=112.3), "2026-11-23T10:00:00.197Z"
        ),
    ]
    check(traces.read_logs(write(tmp_path / "api.json", "".join(lines))), "api", None)


def test_csv_of_logs_insights(tmp_path: Path) -> None:
    report = REPORT.replace('"', '""')
    path = write(
        tmp_path / "results.csv",
        "@timestamp,@message,@logStream,@log\n"
        f'2026-11-23 10:00:00.197,"{report}",{STREAM},123456789012:/aws/lambda/api\n'
        f'2026-11-23 10:00:00.150,"{START}",{STREAM},123456789012:/aws/lambda/api\n',
    )
    check(traces.read_logs(path), "api", STREAM)
    console = write(
        tmp_path / "api.csv",
        f'timestamp,message\n{EPOCH_MS + 150},"{START}"\n{EPOCH_MS + 197},"{report}"\n',
    )
    check(traces.read_logs(console), "api", None)


def test_the_bad_line_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "api.log",
        f"2026-11-23T10:00:00.150Z {START}\n"
        "2026-11-23T10:00:00.197Z REPORT RequestId: r-1\tDuration: 1 ms\n",
    )
    with pytest.raises(TraceError, match=r"api\.log line 3: log line without a 'Billed Duration'"):
        traces.read_logs(path)
    path = write(tmp_path / "api.json", '{"timestamp": 1, "message": "x"}\n{"timestamp": 1\n')
    with pytest.raises(TraceError, match=r"api\.json line 2 is not JSON"):
        traces.read_logs(path)
    path = write(tmp_path / "t.csv", "timestamp,message\nnow,x\n")
    with pytest.raises(TraceError, match=r"t\.csv line 2: 'now' is not an ISO 8601 time"):
        traces.read_logs(path)
    path = write(tmp_path / "e.json", '{"events": [{"message": "x"}]}')
    with pytest.raises(TraceError, match=r"e\.json line 1: log event without 'timestamp'"):
        traces.read_logs(path)


def test_files_that_are_no_logs(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="there is no file"):
        traces.read_logs(tmp_path / "nothing.log")
    with pytest.raises(TraceError, match="no files to read"):
        traces.read_logs(tmp_path)
    with pytest.raises(TraceError, match=r"no REPORT line with a time in poem\.txt"):
        traces.read_logs(write(tmp_path / "poem.txt", "no times\nno reports\n"))
    with pytest.raises(TraceError, match="no REPORT line"):
        traces.read_logs(write(tmp_path / "empty.txt", ""))


RECORDS = [
    json.dumps(
        {
            "function": name, "version": "$LATEST", "request_id": f"r-{i}",
            "arrival_ns": EPOCH_MS * 1_000_000 + i, "finish_ns": EPOCH_MS * 1_000_000 + i + 10,
            "start": start, "status": status, "reason": "", "error_type": "", "environment": "e",
            "source": "invoke", "duration_ms": 5.0, "billed_ms": 5, "init_ms": None,
            "memory_mb": 128, "max_memory_mb": 40, "architecture": "x86_64",
        },
        separators=(",", ":"),
    )
    for i, (name, start, status) in enumerate(
        [("a", "warm", "success"), ("b", "throttle", "throttle"), ("a", "warm", "error")]
    )
]  # fmt: skip


@pytest.mark.parametrize("form", ["tail", "filter", "plain"])
def test_the_engines_own_log_when_exported(tmp_path: Path, form: str) -> None:
    if form == "tail":
        text = "".join(f"2026-11-23T10:00:00.000000+00:00 {r}\n" for r in RECORDS)
    elif form == "filter":
        events = [{"timestamp": EPOCH_MS, "message": r} for r in RECORDS]
        text = json.dumps({"events": events}, indent=2)
    else:
        text = "".join(r + "\n" for r in RECORDS)
    path = write(tmp_path / "invocations.log", text)
    trace = traces.read_logs(path)
    frame = trace.to_pandas()
    assert list(frame["start"].astype(str)) == ["warm", "throttle", "warm"]
    assert list(frame["arrival"]) == pytest.approx([0.0, 1e-9, 2e-9], abs=1e-12)
    assert list(traces.read_logs(path, function="a").to_pandas()["status"].astype(str)) == [
        "success",
        "error",
    ]


def test_an_invocation_log_beside_a_function_it_does_not_know(tmp_path: Path) -> None:
    write(tmp_path / "invocations.log", "".join(r + "\n" for r in RECORDS))
    report = loglines.Report("r-9", 5.0, 5, 128, 40).text().strip()
    write(tmp_path / "other.log", f"2026-11-23T10:00:00.000Z {report}\n")
    with pytest.raises(TraceError, match="tells nothing of 'other'"):
        traces.read_logs(tmp_path)

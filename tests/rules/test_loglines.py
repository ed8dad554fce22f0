"""Lambda's own log lines: exact text, and read back as they were written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules import loglines as lines

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"

ids = st.uuids().map(str)
milliseconds = st.integers(0, 90_000_000).map(lambda hundredths: hundredths / 100)
megabytes = st.integers(1, 10_240)
times = st.just("2024-03-04T17:22:38.033Z")
versions = st.sampled_from(["$LATEST", "1", "42"])
error_types = st.sampled_from(["Runtime.ExitError", "Sandbox.Timedout", "ValueError", ""])
traces = st.sampled_from(["", "Root=1-5759e988-bd862e3f;Parent=53995c3f42cd8ad8;Sampled=1"])
failures = st.tuples(st.sampled_from(["error", "timeout"]), error_types)
no_failure = st.just((None, ""))


extension_lines = st.sampled_from(
    [lines.Extension, lines.TelemetrySubscription, lines.LogsSubscription]
)
event_words = st.lists(st.sampled_from(["INVOKE", "SHUTDOWN", "platform"]), unique=True)


def reports(outcomes: st.SearchStrategy[tuple[Any, str]]) -> st.SearchStrategy[lines.Report]:
    return st.builds(
        lambda outcome, **fields: lines.Report(status=outcome[0], error_type=outcome[1], **fields),
        outcome=outcomes,
        request_id=ids,
        duration_ms=milliseconds,
        billed_ms=st.integers(0, 900_000),
        memory_mb=megabytes,
        max_memory_mb=megabytes,
        init_ms=st.none() | milliseconds,
        restore_ms=st.none() | milliseconds,
        billed_restore_ms=st.none() | st.integers(0, 10_000),
        trace=traces,
    )


text_lines = st.one_of(
    st.builds(lines.InitStart, st.just("python:3.12.v18"), st.just("arn:aws:lambda:x")),
    st.builds(lines.RestoreStart, st.just("python:3.12.v18"), st.just("arn:aws:lambda:x")),
    st.builds(
        lambda ms, phase, outcome: lines.InitReport(ms, phase, *outcome),
        milliseconds, st.sampled_from(["init", "invoke"]), failures | no_failure,
    ),
    st.builds(lambda ms, outcome: lines.RestoreReport(ms, *outcome), milliseconds, failures),
    st.builds(lines.Start, ids, versions),
    st.builds(lines.End, ids),
    st.builds(lines.TimedOut, times, ids, st.integers(1, 900).map(float)),
    st.builds(lines.Exited, ids, st.just("Runtime exited with error: signal: killed")),
    reports(failures | no_failure),
    st.builds(
        lambda kind, words: kind("agent", "Ready", tuple(words)), extension_lines, event_words,
    ),
)  # fmt: skip

json_outcomes = failures | st.just(("success", ""))
json_lines = st.one_of(
    st.builds(
        lines.InitStart, st.just("python:3.12.v18"), st.just("arn:x"),
        st.sampled_from(["on-demand", "provisioned-concurrency", "snap-start"]),
        st.sampled_from(["init", "invoke"]), st.just("thumbnail"), versions,
    ),
    st.builds(
        lambda ms, phase, outcome, kind: lines.InitReport(ms, phase, *outcome, kind),
        milliseconds, st.sampled_from(["init", "invoke"]), json_outcomes,
        st.sampled_from(["on-demand", "snap-start"]),
    ),
    st.builds(lines.RestoreStart, st.just("python:3.12"), st.just("arn:x"), st.just("f"), versions),
    st.builds(lambda ms, outcome: lines.RestoreReport(ms, *outcome), milliseconds, json_outcomes),
    st.builds(lines.Start, ids, versions, traces),
    st.builds(
        lambda i, ms, outcome, size, trace: lines.RuntimeDone(i, ms, *outcome, size, trace),
        ids, milliseconds, json_outcomes, st.none() | st.integers(0, 6_291_556), traces,
    ),
    reports(json_outcomes),
    st.builds(
        lambda kind, words: kind("agent", "Ready", tuple(words)), extension_lines, event_words,
    ),
    st.builds(
        lambda kind, outcome: lines.InitRuntimeDone(kind, "init", *outcome),
        st.sampled_from(["on-demand", "snap-start"]), json_outcomes,
    ),
)  # fmt: skip


@given(text_lines)
def test_text_lines_are_read_back(line: lines.Line) -> None:
    assert not isinstance(line, lines.RuntimeDone)
    assert lines.parse(line.text()) == line


@given(json_lines)
def test_json_lines_are_read_back(line: lines.JSONLine) -> None:
    assert lines.parse(lines.json_text(line, "2026-11-23T14:00:00.000Z")) == line


@given(st.text())
def test_other_text_is_nobodys_line(text: str) -> None:
    try:
        line = lines.parse(text)
    except ValueError:
        assert text.split(" ")[0] in ("REPORT", "INIT_REPORT", "RESTORE_REPORT")
    else:
        assert line is None or isinstance(line, (lines.Start, lines.End, lines.TimedOut))


def test_lines_to_the_letter() -> None:
    arn = "arn:aws:lambda:eu-west-1::runtime:" + "0" * 64
    assert lines.InitStart("python:3.12.v18", arn).text() == (
        f"INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN: {arn}\n"
    )
    assert lines.Start(ID, "$LATEST").text() == f"START RequestId: {ID} Version: $LATEST\n"
    assert lines.End(ID).text() == f"END RequestId: {ID}\n"
    assert lines.Report(ID, 46.84, 47, 192, 72, 112.3).text() == (
        f"REPORT RequestId: {ID}\tDuration: 46.84 ms\tBilled Duration: 47 ms\t"
        "Memory Size: 192 MB\tMax Memory Used: 72 MB\tInit Duration: 112.30 ms\t\n"
    )
    assert (
        lines.Report(ID, 3.1, 4, 128, 10, status="error", error_type="Runtime.ExitError")
        .text()
        .endswith("\tMax Memory Used: 10 MB\tStatus: error\tError Type: Runtime.ExitError\n")
    )
    assert lines.TimedOut("2024-03-04T17:22:38.033Z", ID, 3).text() == (
        f"2024-03-04T17:22:38.033Z {ID} Task timed out after 3.00 seconds\n\n"
    )
    assert lines.InitReport(1236.04, "init", "timeout").text() == (
        "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout\n"
    )


def test_json_report_has_awss_keys() -> None:
    line = lines.Report(ID, 1.5, 2, 128, 40, init_ms=100.0, status="success")
    event = json.loads(lines.json_text(line, "2026-11-23T14:00:00.000Z"))
    assert event == {
        "time": "2026-11-23T14:00:00.000Z",
        "type": "platform.report",
        "record": {
            "requestId": ID,
            "metrics": {
                "durationMs": 1.5,
                "billedDurationMs": 2,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 40,
                "initDurationMs": 100.0,
            },
            "status": "success",
        },
    }


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [(133.61, 80.0, 214), (3016.78, 84.0, 3101), (3004.92, 111.23, 3117), (46.84, 0.0, 47)],
)
def test_billed_duration_adds_init_and_rounds_up(duration: float, init: float, billed: int) -> None:
    assert lines.billed_ms(duration, init) == billed


def test_an_incomplete_report_is_refused() -> None:
    with pytest.raises(ValueError, match="Billed Duration"):
        lines.parse(f"REPORT RequestId: {ID}\tDuration: 1.00 ms\t\n")


@pytest.mark.parametrize(
    ("status", "signal", "words"),
    [
        (0, None, "Runtime exited without providing a reason"),
        (127, None, "Runtime exited with error: exit status 127"),
        (None, "killed", "Runtime exited with error: signal: killed"),
    ],
)
def test_words_of_an_exit(status: int | None, signal: str | None, words: str) -> None:
    assert lines.exit_message(status, signal) == words


def test_levels() -> None:
    assert lines.passes("WARNING", "INFO")
    assert not lines.passes("DEBUG", "INFO")
    assert lines.passes("verbose", "ERROR")
    assert lines.InitReport(1.0).level == "DEBUG"
    assert lines.Report(ID, 1, 1, 128, 1, status="timeout").level == "WARN"

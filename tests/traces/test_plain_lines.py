"""Lines read by position: for any content the result equals that of the careful reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambda_nb.traces import TraceError, read_logs
from lambda_nb.traces.logs import plain_lines
from lambda_nb.traces.logs.plain_lines import Plain

TIMES = st.sampled_from(
    ["2026-11-23T14:00:00.123Z", "2026-11-23T14:00:01.000Z", "2026-02-31T14:00:00.123Z",
     "2026-11-23T25:00:00.123Z", "2026-11-23 14:00:00", "x026-11-23T14:00:00.123Z"]
)  # fmt: skip
IDS = st.sampled_from([str(UUID(int=n)) for n in range(3)] + ["short", "A" * 36, "a b" * 12])
FIGURES = st.sampled_from(["1.50", "100", "0.00", "", "x", "1.2.3", "-1.00", "+2"])
TAILS = st.sampled_from(
    ["", "\t", "\tXRAY TraceId: 1-2\tSegmentId: 3\tSampled: true", "\tStatus: timeout"]
)


@st.composite
def line(draw: Any) -> str:
    at, identifier = draw(TIMES), draw(IDS)
    kind = draw(st.sampled_from(["START", "END", "REPORT", "print", "timeout", "cut"]))
    if kind == "START":
        version = draw(st.sampled_from(["$LATEST", "7", "two words", ""]))
        return f"{at} START RequestId: {identifier} Version: {version}"
    if kind == "END":
        return f"{at} END RequestId: {identifier}"
    if kind == "timeout":
        return f"{at} {at} {identifier} Task timed out after 3.00 seconds"
    if kind == "print":
        return f"{at} " + draw(st.sampled_from(["hello", "REPORT", "größe ☃", "{}", ""]))
    duration, billed = draw(FIGURES), draw(st.sampled_from(["2", "100", "1.5"]))
    init = draw(st.sampled_from(["", "\tInit Duration: 10.25 ms", "\tInit Duration: x ms"]))
    report = (
        f"{at} REPORT RequestId: {identifier}\tDuration: {duration} ms\tBilled Duration: {billed} "
        f"ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB{init}{draw(TAILS)}"
    )
    return report[: draw(st.integers(30, 120))] if kind == "cut" else report


def answer(path: Path) -> Any:
    try:
        trace = read_logs(path)
    except TraceError as error:
        return str(error)
    return trace.to_pandas().to_dict("list"), trace.start


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(line(), min_size=1, max_size=12), last=st.booleans())
def test_the_same_as_the_careful_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], last: bool
) -> None:
    path = tmp_path / "log.txt"
    path.write_text("\n".join(lines) + ("\n" if last else ""), encoding="utf-8")
    quick = answer(path)
    empty = plain_lines.read(b"", np.zeros(1, dtype=np.int64))

    def nothing(block: bytes, offsets: Any) -> Plain:
        return empty._replace(rest=np.arange(len(offsets) - 1))

    with monkeypatch.context() as patch:
        patch.setattr(plain_lines, "read", nothing)
        careful = answer(path)
    assert repr(quick) == repr(careful)


def test_a_healthy_log_needs_no_closer_look() -> None:
    identifier = UUID(int=5)
    lines = [
        f"2026-11-23T14:00:00.123Z START RequestId: {identifier} Version: $LATEST\n",
        f"2026-11-23T14:00:00.223Z END RequestId: {identifier}\n",
        f"2026-11-23T14:00:00.223Z REPORT RequestId: {identifier}\tDuration: 99.51 ms"
        "\tBilled Duration: 110 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
        "\tInit Duration: 10.25 ms\t\n",
    ]
    block = "".join(lines).encode()
    offsets = np.cumsum([0, *(len(each) for each in lines)])
    read = plain_lines.read(block, offsets)
    assert not len(read.rest)
    assert read.starts.to_pylist() == [
        {"timestamp_ms": 1795442400123, "request_id": str(identifier), "version": "$LATEST"}
    ]
    assert read.reports.to_pylist() == [
        {
            "timestamp_ms": 1795442400223,
            "request_id": str(identifier),
            "duration_ms": 99.51,
            "billed_ms": 110,
            "memory_mb": 128,
            "max_memory_mb": 40,
            "init_ms": 10.25,
        }
    ]
    assert isinstance(read.reports, pa.Table)

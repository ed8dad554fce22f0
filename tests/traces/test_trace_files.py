"""CSV and Parquet: round trips, other people's columns, and errors that name the bad line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lambda_nb import traces
from lambda_nb.traces import Trace, TraceError


def recorded() -> Trace:
    base = 1_795_000_000 * 10**9
    arrival, start_ns = traces.times.since_start([base + 1, base + 2, base + 86_400 * 10**9 + 3])
    return Trace(
        {
            "arrival": arrival,
            "function": ["f", 'with "quotes", comma', "f"],
            "duration": [0.1, None, 1 / 3],
            "memory": [128, None, 512],
            "finish": arrival + 0.1,
            "start": ["cold", "throttle", "warm"],
            "reason": [None, "TooMany", None],
            "request_id": ["1", "2", "3"],
        },
        start=start_ns,
        name="run",
    )


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_round_trip_is_exact(tmp_path: Path, suffix: str) -> None:
    trace = recorded()
    path = trace.write(tmp_path / f"trace.{suffix}")
    again = Trace.read(path)
    assert again == trace
    assert again.start == trace.start
    assert again.numbers("arrival").tolist() == trace.numbers("arrival").tolist()


def test_round_trip_without_a_start(tmp_path: Path) -> None:
    trace = traces.poisson(1, hours=0.1, seed=1)
    for suffix in ("csv", "parquet"):
        again = Trace.read(trace.write(tmp_path / f"t.{suffix}"))
        assert again == trace
        assert again.start is None
    assert Trace.read(tmp_path / "t.parquet").name == "t.parquet"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_other_peoples_columns_and_units(tmp_path: Path) -> None:
    path = write(
        tmp_path / "calls.csv",
        "id;when_ns;who;took_ms\n1;1795000000000000123;api;12.5\n2;1795000000000000456;api;7\n",
    )
    trace = traces.read_csv(
        path,
        columns={"arrival": "when_ns", "function": "who", "duration": "took_ms"},
        unit="ns",
        duration_unit="ms",
        start="epoch",
        delimiter=";",
        memory=256,
    )
    assert np.rint(trace.numbers("arrival") * 1e9).tolist() == [123, 456]
    assert trace.numbers("duration").tolist() == [0.0125, 0.007]
    assert trace.numbers("memory").tolist() == [256, 256]
    assert trace.start_ns == 1795000000 * 10**9


def test_times_as_text_with_finish(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv",
        "arrival,finish,function,duration\n"
        "2026-01-01T00:00:01.5Z,2026-01-01T00:00:02Z,f,0.5\n"
        "2026-01-01T00:00:00.25Z,2026-01-01T00:00:01Z,f,0.75\n",
    )
    trace = Trace.read(path)
    assert trace.numbers("arrival").tolist() == [0.25, 1.5]
    assert trace.numbers("finish").tolist() == [1.0, 2.0]


def test_epoch_finish_counts_from_the_same_start(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv",
        "arrival,finish,function,duration\n1587650005500,1587650007250,f,1.5\n",
    )
    trace = Trace.read(path, unit="ms", start="epoch")
    assert trace.numbers("arrival").tolist() == [0.5]
    assert trace.numbers("finish").tolist() == [2.25]


@pytest.mark.parametrize("head", ["arrival,function,duration", "arrival,finish,function,duration"])
def test_a_file_of_no_rows_is_an_empty_trace(tmp_path: Path, head: str) -> None:
    path = write(tmp_path / "t.csv", head + "\n")
    assert len(Trace.read(path)) == 0
    assert len(Trace.read(path, start="epoch")) == 0
    assert len(Trace.read(Trace.read(path).write(tmp_path / "t.parquet"))) == 0


def test_without_a_header_line(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "0.5,f,1\n0.25,g,2\n")
    trace = traces.read_csv(path, header=["arrival", "function", "duration"])
    assert trace.numbers("duration").tolist() == [2.0, 1.0]


HEAD = "arrival,function,duration,memory\n0.0,f,0.1,128\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv is empty"),
        ("when,who\n1,f\n", "none of a trace's columns; its header is"),
        ("arrival,function\n1,f\n", "missing column duration"),
        (HEAD + "1.0,f,fast,128\n", "t.csv line 3: duration must be a number, not 'fast'"),
        (HEAD + "1.0,f,0.1\n", "t.csv line 3 has 3 fields where the header has 4"),
        (HEAD + "\n\n1.0,f,0.1,128MB\n", "t.csv line 5: memory must be a number, not '128MB'"),
        (HEAD + "\n1.0,f,-2,128\n", "t.csv line 4: duration is -2.0 s"),
        (HEAD + ",f,1,128\n", "t.csv line 3 has no arrival"),
        (HEAD + "nan,f,1,128\n", "t.csv line 3 has no arrival"),
        (HEAD + "1,,1,128\n", "t.csv line 3 has no function"),
        (HEAD + "1e400,f,1,128\n", "t.csv line 3: arrival is inf s"),
        (HEAD + "soon,f,1,128\n", "t.csv line 3: arrival 'soon' is not a number as others are"),
        (
            "arrival,function,duration\n2026-01-01T00:00Z,f,1\n2026-13-01T00:00Z,f,1\n",
            "t.csv line 3: arrival '2026-13-01T00:00Z' is neither a number nor an ISO 8601 time",
        ),
    ],
)
def test_the_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(TraceError, match=message):
        Trace.read(path)


def test_the_bad_line_of_a_large_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "large.csv.gz"
    with gzip.open(path, "wt") as out:
        out.write("arrival,function,duration\n")
        out.writelines(f"{i},f,0.5\n" for i in range(300_000))
        out.write("300000,f,zero\n")
        out.writelines(f"{i},f,0.5\n" for i in range(300_001, 310_000))
    with pytest.raises(TraceError, match=r"large\.csv\.gz line 300002: duration must be a number"):
        Trace.read(path)


def test_mapping_to_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", HEAD)
    with pytest.raises(TraceError, match="has no column 'ts': it has arrival"):
        traces.read_csv(path, columns={"arrival": "ts"})
    with pytest.raises(TraceError, match="a trace has no column 'arival'"):
        traces.read_csv(path, columns={"arival": "arrival"})
    with pytest.raises(TraceError, match="unit 'h' is unknown"):
        traces.read_csv(path, unit="h")


def test_foreign_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table(
        {
            "ts": pa.array([1_000_000, 250_000], pa.timestamp("us", "UTC")),
            "fn": ["f", "g"],
            "ms": pa.array([10, 20], pa.int64()),
            "blob": [b"x", b"y"],
        }
    )
    pq.write_table(table, path)
    trace = traces.read_parquet(
        path,
        columns={"arrival": "ts", "function": "fn", "duration": "ms"},
        duration_unit="ms",
    )
    assert trace.numbers("arrival").tolist() == [0.25, 1.0]
    assert trace.numbers("duration").tolist() == [0.02, 0.01]

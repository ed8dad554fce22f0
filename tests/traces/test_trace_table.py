"""The trace itself: columns, checks, slicing, scaling, merging, displays."""

from __future__ import annotations

import math
import pickle
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb import traces
from lambda_nb.traces import Trace, TraceError, times

UTC = timezone.utc


def small(**columns: object) -> dict[str, object]:
    return {
        "arrival": [0.0, 1.0, 2.5],
        "function": ["a", "b", "a"],
        "duration": [0.1, 0.2, 0.3],
    } | {**columns}


def test_columns_have_their_types_and_memory_is_always_there() -> None:
    trace = Trace(small())
    assert trace.table.column_names == ["arrival", "function", "duration", "memory"]
    assert [str(t) for t in trace.table.schema.types] == [
        "double",
        "dictionary<values=string, indices=int32, ordered=0>",
        "double",
        "int32",
    ]
    assert trace.table.column("memory").null_count == 3
    assert trace.functions == ["a", "b"]
    assert trace.codes.tolist() == [0, 1, 0]


def test_unsorted_rows_are_sorted_and_ties_keep_their_order() -> None:
    trace = Trace(
        {
            "arrival": [2.0, 1.0, 1.0, 0.5],
            "function": list("dbca"),
            "duration": [4.0, 2.0, 3.0, 1.0],
        }
    )
    assert trace.numbers("arrival").tolist() == [0.5, 1.0, 1.0, 2.0]
    assert trace.to_pandas()["function"].tolist() == ["a", "b", "c", "d"]
    assert trace.numbers("duration").tolist() == [1.0, 2.0, 3.0, 4.0]


def test_nan_is_unknown_where_it_may_be() -> None:
    trace = Trace(small(duration=[0.1, math.nan, 0.3], memory=[128.0, math.nan, 512.0]))
    assert trace.table.column("duration").null_count == 1
    assert trace.table.column("memory").to_pylist() == [128, None, 512]
    filled = trace.fill(duration=9.0, memory=256)
    assert filled.numbers("duration").tolist() == [0.1, 9.0, 0.3]
    assert filled.numbers("memory").tolist() == [128.0, 256.0, 512.0]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (small(arrival=[0.0, math.nan, 1.0]), "row 1 has no arrival"),
        (small(function=["a", None, "a"]), "row 1 has no function"),
        (small(duration=[0.1, 0.2, -0.3]), "row 2: duration is -0.3 s"),
        (small(duration=[0.1, math.inf, 0.3]), "row 1: duration is inf s"),
        (small(arrival=[-1.0, 0.0, 1.0]), "row 0: arrival is -1.0 s"),
        (small(memory=[128, -1, 128]), "row 1: memory is -1 MB"),
        (small(finish=[1.0, 0.5, 3.0]), r"row 1: finish \(0.5 s\) lies before arrival \(1.0 s\)"),
        (small(start=["cold", "warm", "tepid"]), "row 2: start is 'tepid'"),
        (small(status=["success", "failed", None]), "row 1: status is 'failed'"),
        (small(duration=["0.1", "fast", "0.3"]), "'duration' must be double at row 1: 'fast'"),
        ({"arrival": [0.0], "function": ["a"]}, "missing column duration"),
        ({"when": [0.0]}, "missing columns arrival, function, duration: the table has when"),
    ],
)
def test_nonsense_is_refused_by_row(columns: dict[str, object], message: str) -> None:
    with pytest.raises(TraceError, match=message):
        Trace(columns)


def test_row_numbers_are_those_before_sorting() -> None:
    with pytest.raises(TraceError, match=r"row 0: duration is -1\.0"):
        Trace({"arrival": [5.0, 1.0], "function": ["a", "a"], "duration": [-1.0, 1.0]})


def test_an_empty_trace_is_a_trace() -> None:
    trace = Trace({"arrival": [], "function": pa.array([], pa.string()), "duration": []})
    assert len(trace) == 0
    assert trace.span == 0.0
    assert repr(trace) == "Trace(empty)"
    assert "empty" in trace._repr_html_()
    assert trace.describe().loc["(all)", "invocations"] == 0
    assert trace.functions == []
    trace.plot()


@given(st.lists(st.integers(0, 24 * 86400 * 10**9), min_size=1, unique=True))
def test_nanoseconds_survive_for_24_days(offsets: list[int]) -> None:
    base = 1_795_000_000 * 10**9
    ns = np.array(sorted(offsets), dtype=np.int64) + base
    arrival, start_ns = times.since_start(ns)
    assert bool(np.all(np.diff(arrival) > 0)), "distinct times must stay distinct and in order"
    assert (np.rint(arrival * 1e9).astype(np.int64) + start_ns).tolist() == ns.tolist()
    assert start_ns % 10**9 == 0


def test_frames_with_clock_times() -> None:
    when = pd.to_datetime(["2026-01-01T00:00:01.25Z", "2026-01-01T00:00:00.5Z"])
    frame = pd.DataFrame({"ts": when, "fn": ["f", "g"], "took": [0.1, 0.2]})
    trace = Trace.from_pandas(
        frame, columns={"arrival": "ts", "function": "fn", "duration": "took"}, name="mine"
    )
    assert trace.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert trace.numbers("arrival").tolist() == [0.5, 1.25]
    assert trace.functions[0] in ("f", "g")
    assert trace.to_pandas(absolute=True)["time"].tolist() == sorted(when)


def test_naive_times_need_a_zone() -> None:
    frame = pd.DataFrame(
        {"arrival": pd.to_datetime(["2026-07-01 12:00"]), "function": "f", "duration": 0.1}
    )
    with pytest.raises(TraceError, match="carries no time zone: say which with tz='UTC'"):
        Trace.from_pandas(frame)
    assert Trace.from_pandas(frame, tz="Europe/Berlin").start == datetime(
        2026, 7, 1, 10, tzinfo=UTC
    )


def test_a_time_that_its_zone_has_twice_is_refused() -> None:
    frame = pd.DataFrame(
        {"arrival": pd.to_datetime(["2026-10-25 02:30"]), "function": "f", "duration": 0.1}
    )
    with pytest.raises(TraceError, match="cannot be read as times in Europe/Berlin"):
        Trace.from_pandas(frame, tz="Europe/Berlin")


def test_zones_may_differ_but_not_lack() -> None:
    texts = ["2026-01-01T01:00:00+01:00", "2026-01-01T00:00:02Z"]
    frame = pd.DataFrame({"arrival": texts, "function": "f", "duration": 0.1})
    assert Trace.from_pandas(frame).numbers("arrival").tolist() == [0.0, 2.0]
    frame["arrival"] = [texts[0], "2026-01-01T00:00:02"]
    with pytest.raises(TraceError, match=r"mixed time zones: row 0 is .*\+01:00' and row 1 is"):
        Trace.from_pandas(frame)


def test_unix_time_is_not_taken_for_seconds_of_a_trace() -> None:
    frame = pd.DataFrame(
        {"arrival": [1587650005.25, 1587650006.5], "function": "f", "duration": 1.0}
    )
    with pytest.raises(TraceError, match="Unix time or a wrong unit: say start='epoch'"):
        Trace.from_pandas(frame)
    trace = Trace.from_pandas(frame, start="epoch")
    assert trace.numbers("arrival").tolist() == [0.25, 1.5]
    assert trace.start == datetime(2020, 4, 23, 13, 53, 25, tzinfo=UTC)
    frame["arrival"] *= 1000
    assert Trace.from_pandas(frame, start="epoch", unit="ms") == trace


def test_slices() -> None:
    trace = Trace(small(), start="2026-01-01T00:00:00Z")
    assert trace["a"].numbers("arrival").tolist() == [0.0, 2.5]
    assert trace["a"].functions == ["a"]
    assert len(trace[["a", "b"]]) == 3
    assert trace[1:].numbers("arrival").tolist() == [1.0, 2.5]
    assert trace[1:].start == trace.start
    assert trace.between(1, 2.5).numbers("arrival").tolist() == [1.0]
    assert trace.between("1s").numbers("arrival").tolist() == [1.0, 2.5]
    assert trace.between(end=timedelta(seconds=1)).numbers("arrival").tolist() == [0.0]
    noon = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert trace.between(noon) == trace[1:]
    assert trace.between("2026-01-01T00:00:01Z") == trace[1:]
    with pytest.raises(KeyError, match="no function 'c' in this trace; it has a, b"):
        trace["c"]
    with pytest.raises(TraceError, match="no start"):
        Trace(small()).between(noon)


def test_scaling_the_rate_keeps_the_span_and_the_workload_only() -> None:
    trace = traces.poisson(2.0, hours=1, seed=1)
    recorded = Trace(
        trace.table.append_column("start", traces.schema.one_word("warm", len(trace))),
    )
    more = recorded.scale(2.5, seed=3)
    assert "start" not in more
    assert abs(len(more) - 2.5 * len(trace)) < 5 * math.sqrt(0.25 * len(trace))
    assert more.numbers("arrival")[0] >= trace.numbers("arrival")[0]
    assert more.numbers("arrival")[-1] <= trace.numbers("arrival")[-1]
    assert len(np.unique(more.numbers("arrival"))) == len(more), "copies must not pile up"
    assert more == recorded.scale(2.5, seed=3)
    assert more != recorded.scale(2.5, seed=4)
    less = trace.scale(0.25, seed=5)
    assert set(less.numbers("arrival")) < set(trace.numbers("arrival"))
    assert abs(len(less) - 0.25 * len(trace)) < 5 * math.sqrt(0.19 * len(trace))


def test_scaling_time_stretches_gaps_not_durations() -> None:
    trace = Trace(small()).scale(time=2)
    assert trace.numbers("arrival").tolist() == [0.0, 2.0, 5.0]
    assert trace.numbers("duration").tolist() == [0.1, 0.2, 0.3]
    with pytest.raises(TraceError, match="rate=0 must be a finite number above 0"):
        trace.scale(0)


def test_merging_meets_on_the_clock() -> None:
    one = Trace(small(), start="2026-01-01T00:00:00Z", name="one")
    two = Trace(small(finish=[1.0, 2.0, 3.0]), start="2026-01-01T00:00:00.5Z", name="two")
    both = one.merge(two)
    assert both.numbers("arrival").tolist() == [0.0, 0.5, 1.0, 1.5, 2.5, 3.0]
    assert np.nan_to_num(both.numbers("finish")).tolist() == [0, 1.5, 0, 2.5, 0, 3.5]
    assert both.start == one.start
    assert both.name == "one + two"
    assert two.merge(one).start == one.start
    with pytest.raises(TraceError, match="some have none"):
        one.merge(Trace(small()))
    assert len(Trace(small()).merge(Trace(small(function=["x", "y", "z"])))) == 6


def test_describe_counts_what_happened() -> None:
    trace = Trace(
        small(
            duration=[0.5, 1.5, None],
            memory=[128, 256, 128],
            start=["cold", "warm", "throttle"],
            status=["success", "timeout", "throttle"],
        )
    )
    figures = trace.describe()
    everything = figures.loc["(all)"]
    assert everything["invocations"] == 3
    assert everything["rate"] == pytest.approx(3 / 2.5)
    assert everything["duration_p50"] == 1.0
    assert everything["concurrency"] == pytest.approx(2.0 / 2.5)
    assert (everything["cold"], everything["throttles"], everything["errors"]) == (1, 1, 1)
    assert everything["unknown"] == 1
    assert figures.loc["a", "invocations"] == 2
    assert figures.index.tolist() == ["(all)", "a", "b"]


def test_displays_say_what_it_is() -> None:
    trace = Trace(
        small(function=["<b>", "g", "<b>"]), name="calls & more", start="2026-01-01T00:00Z"
    )
    assert repr(trace) == (
        "Trace(3 invocations of 2 functions over 2.5 s from 2026-01-01 00:00:00 UTC)"
    )
    html = trace._repr_html_()
    assert "calls &amp; more" in html
    assert "&lt;b&gt;" in html
    assert "<b>g" not in html
    assert trace.plot().axes


def test_whatever_speaks_arrow_goes_in_and_comes_out() -> None:
    trace = Trace(small())
    assert pa.table(trace).equals(trace.table)
    assert Trace(trace.to_pandas()) == trace
    assert pickle.loads(pickle.dumps(trace)) == trace


def test_html_of_many_functions_shows_the_busiest() -> None:
    trace = traces.heavy_tailed(60, rate=1.0, hours=2, seed=1)
    html = trace._repr_html_()
    assert html.count("<tr>") == 1 + 1 + 8
    assert f"and {len(trace.functions) - 8} more functions" in html
    busiest = trace.describe().index[1]
    assert busiest in html


def test_columns_are_documented() -> None:
    names = [column.name for column in traces.COLUMNS]
    assert names[:4] == ["arrival", "function", "duration", "memory"]
    assert all(column.meaning for column in traces.COLUMNS)
    with pytest.raises(KeyError):
        Trace(small()).numbers("function")

"""Both engines: the same rows, and the answers that theory gives."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

import lambda_nb
from lambda_nb import traces
from lambda_nb.rules.keepalive.idle import Fixed, Hazard
from lambda_nb.simulator import WorkloadError, simulate
from lambda_nb.traces import Trace

ENGINES = ("simpy", "compiled")
WEEK = 7 * 24


def share(result: Any, word: str) -> float:
    return float((result.invocations["start"] == word).mean())


def erlang_b(load: float, servers: int) -> float:
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.1, 0.5, 1.0, 3.0, 20.0]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([0.0, 0.1, 0.5, 1.0, 4.0]),
        st.sampled_from([0.0, 0.25, 1.0]),
    ),
    min_size=1,
    max_size=60,
)
HAZARD = Hazard([0.0, 1.0, 5.0], [1.0, 0.5, 0.2])


@settings(max_examples=150, deadline=None)
@given(
    requests=REQUESTS,
    keep_alive=st.sampled_from([Fixed(0.0), Fixed(1.0), Fixed(math.inf), HAZARD]),
    account_limit=st.integers(1, 8),
    reserved=st.sampled_from([None, {"a": 1}]),
    provisioned=st.sampled_from([None, {"a": 1}]),
    burst=st.sampled_from([1000.0, 1.0]),
    max_age=st.sampled_from([math.inf, 2.0]),
)
def test_both_engines_give_the_same_rows(requests: Any, **assumed: Any) -> None:
    gaps, functions, durations, inits = zip(*requests, strict=True)
    trace = Trace(
        {"arrival": np.cumsum(gaps), "function": functions, "duration": durations, "init": inits}
    )
    assumed["reserved"] = {k: v for k, v in (assumed["reserved"] or {}).items() if k in functions}
    given_provisioned = assumed["provisioned"] or {}
    assumed["provisioned"] = {k: v for k, v in given_provisioned.items() if k in functions}
    assumed["scale_burst"] = assumed.pop("burst")
    by_simpy, by_numba = (simulate(trace, engine=engine, **assumed) for engine in ENGINES)
    pd.testing.assert_frame_equal(by_simpy.invocations, by_numba.invocations)
    pd.testing.assert_frame_equal(by_simpy.environments, by_numba.environments)
    pd.testing.assert_frame_equal(by_simpy.timeline(1.0), by_numba.timeline(1.0))
    assert by_simpy.cost().equals(by_numba.cost())


@pytest.mark.parametrize("environments", [32_768, 32_769, 40_000])
def test_more_environments_than_two_bytes_can_number(environments: int) -> None:
    each = np.arange(environments, dtype=np.float64)
    columns = {"arrival": each, "function": ["f"] * environments, "duration": each * 0 + 0.5}
    trace = Trace(columns)
    both = [simulate(trace, engine=engine, keep_alive=0.0) for engine in ENGINES]
    for result in both:
        assert (result.invocations["environment"] == np.arange(environments)).all()
        assert (result.environments["invocations"] == 1).all()
    pd.testing.assert_frame_equal(both[0].invocations, both[1].invocations)


@pytest.mark.parametrize("engine", ENGINES)
class TestTheory:
    """The oracles of facts/simulation.md section 4, within five standard errors."""

    @pytest.mark.parametrize(
        ("load", "cap", "blocked"),
        [(8.0, 10, 0.121661), (20.0, 20, 0.158892), (100.0, 110, 0.027463)],
    )
    def test_erlang_b(self, engine: Any, load: float, cap: int, blocked: float) -> None:
        assert erlang_b(load, cap) == pytest.approx(blocked, abs=1e-6)
        n = 300_000
        law = traces.laws.exponential(1.0)
        trace = traces.poisson(load, duration=law, hours=n / load / 3600, seed=3)
        result = simulate(
            trace, account_limit=cap, keep_alive=math.inf, scale_burst=1e9, engine=engine
        )
        throttled = result.invocations["start"] == "throttle"
        limited = result.invocations["reason"] == "FunctionInvocationRateLimitExceeded"
        assert not limited.any()
        # Blocked calls come in clumps; batch means give their standard error.
        batches = throttled.to_numpy()[: len(throttled) // 100 * 100].reshape(100, -1).mean(axis=1)
        error = batches.std(ddof=1) / 10
        assert throttled.mean() == pytest.approx(blocked, abs=5 * error)

    def test_little(self, engine: Any) -> None:
        trace = traces.poisson(10, duration=traces.laws.exponential(2.0), hours=20, seed=4)
        result = simulate(trace, engine=engine)
        mean = result.timeline("1h")["in_flight"].iloc[1:-1].mean()
        assert mean == pytest.approx(20.0, abs=5 * 20 * 2 / math.sqrt(10 * 18 * 3600))

    @pytest.mark.parametrize(
        ("rate", "keep", "cold"),
        [(1 / 600, 600, 0.367879), (1 / 300, 600, 0.135335), (0.01, 300, 0.049787)],
    )
    def test_cold_share_is_the_share_of_long_gaps(
        self, engine: Any, rate: float, keep: float, cold: float
    ) -> None:
        n = 200_000
        trace = traces.poisson(rate, duration=0.0, hours=n / rate / 3600, seed=5)
        result = simulate(trace, keep_alive=float(keep), engine=engine)
        error = math.sqrt(cold * (1 - cold) / n)
        assert share(result, "cold") == pytest.approx(cold, abs=5 * error)

    def test_one_slot_with_exponential_service(self, engine: Any) -> None:
        law = traces.laws.exponential(20.0)
        trace = traces.poisson(0.02, duration=law, hours=200_000 / 0.02 / 3600, seed=6)
        result = simulate(trace, keep_alive=60.0, account_limit=1, engine=engine)
        blocked = share(result, "throttle")
        cold = share(result, "cold") / (1 - blocked)
        assert blocked == pytest.approx(0.285714, abs=0.006)
        assert cold == pytest.approx(0.301194, abs=0.007)

    def test_mean_idle_environments(self, engine: Any) -> None:
        trace = traces.poisson(1 / 600, duration=0.0, hours=60_000 / 6, seed=7)
        idle = simulate(trace, keep_alive=600.0, engine=engine).timeline("10h")["idle"]
        assert idle.iloc[1:-1].mean() == pytest.approx(0.632121, abs=5 * 0.5 / math.sqrt(30_000))

    @pytest.mark.parametrize(("gap", "cold"), [(500.0, 1), (600.5, 1), (601.0, 40), (700.0, 40)])
    def test_equal_gaps(self, engine: Any, gap: float, cold: int) -> None:
        trace = Trace(
            {"arrival": np.arange(40) * gap, "function": ["f"] * 40, "duration": [1.0] * 40}
        )
        result = simulate(trace, keep_alive=600.0, engine=engine)
        assert result.summary()["cold_starts"].item() == cold

    def test_without_a_cap_cold_starts_are_the_peak_concurrency(self, engine: Any) -> None:
        trace = traces.poisson(30, duration=traces.laws.lognormal(0.2, 2.0), hours=1, seed=8)
        figures = simulate(trace, keep_alive=math.inf, engine=engine).summary().iloc[0]
        assert figures["cold_starts"] == figures["peak_concurrency"] == figures["environments"]

    def test_level_crossing(self, engine: Any) -> None:
        """An arrival that lifts the running count to k is warm iff it last fell from k recently."""
        trace = traces.poisson(3, duration=traces.laws.exponential(0.7), hours=2, seed=9)
        arrival, duration = trace.numbers("arrival"), trace.numbers("duration")
        events = sorted([(t, 1) for t in arrival] + [(t, 0) for t in arrival + duration])
        fell: dict[int, float] = {}
        running = cold = 0
        for now, up in events:
            if up:
                running += 1
                cold += not now - fell.get(running, -math.inf) < 4.0
            else:
                fell[running] = now
                running -= 1
        result = simulate(trace, keep_alive=4.0, engine=engine)
        assert result.summary()["cold_starts"].item() == cold


def test_a_recorded_run_is_repeated_exactly() -> None:
    """From what a run measured, the simulator reproduces its decisions and finish times."""
    trace = traces.poisson(20, duration=traces.laws.lognormal(0.1, 1.0), hours=0.2, seed=10)
    first = simulate(
        trace, init=traces.laws.lognormal(0.1, 0.3), keep_alive=2.0, account_limit=12
    ).invocations
    recorded = Trace.from_pandas(first.drop(columns=["environment", "billed", "cost"]))
    for engine in ENGINES:
        again = simulate(recorded, keep_alive=2.0, account_limit=12, engine=engine).invocations
        assert list(again["start"]) == list(first["start"])
        np.testing.assert_array_equal(again["finish"], first["finish"])
        assert list(again["environment"]) == list(first["environment"])


def test_seeds_decide() -> None:
    trace = traces.poisson(1, duration=0.1, hours=1, seed=11)
    runs = [
        simulate(trace, init=traces.laws.exponential(1.0), keep_alive=HAZARD, seed=seed).invocations
        for seed in (1, 1, 2)
    ]
    assert runs[0].equals(runs[1])
    assert not runs[0].equals(runs[2])


class HalfOfTheTime:
    """A user's own policy that looks at the time."""

    def idle_limit(self, function: str, now: float, u: float) -> float:
        return 600.0 if now < 50.0 else 0.0


def test_a_policy_of_ones_own_runs_in_the_reference_engine() -> None:
    trace = Trace({"arrival": np.arange(100.0), "function": ["f"] * 100, "duration": [0.5] * 100})
    result = simulate(trace, keep_alive=HalfOfTheTime())
    assert result.engine == "simpy"
    assert result.summary()["cold_starts"].item() == 1 + 49
    with pytest.raises(WorkloadError, match="HalfOfTheTime"):
        simulate(trace, keep_alive=HalfOfTheTime(), engine="compiled")


def test_long_traces_are_compiled_and_report_progress() -> None:
    trace = traces.poisson(1000, duration=0.01, hours=0.2, seed=12)
    seen: list[int] = []
    result = simulate(trace, progress=seen.append, keep_alive="10min")
    assert result.engine == "compiled"
    assert seen[-1] == len(trace)
    assert len(seen) > 1


def small() -> Trace:
    return Trace({"arrival": [0.0, 1.0], "function": ["f", "g"], "duration": [0.5, None]})


@pytest.mark.parametrize(
    ("assumed", "message"),
    [
        ({}, "no invocation of 'g' has a duration"),
        ({"duration": 1.0, "reserved": {"h": 1}}, "reserved names 'h'"),
        ({"duration": 1.0, "provisioned": {"f": -1}}, "provisioned of 'f' is -1"),
        ({"duration": 1.0, "reserved": {"f": 2000}}, "add up to 2000"),
        ({"duration": 1.0, "reserved": {"f": 1}, "provisioned": {"f": 2}}, "only 1 reserved"),
        ({"duration": -1.0}, "duration of 'f' is -1"),
        ({"duration": 1.0, "keep_alive": [3]}, "keep_alive is"),
        ({"duration": 1.0, "memory": {"nope": 1}}, "memory names 'nope'"),
        ({"duration": 1.0, "architecture": "riscv"}, "riscv"),
        ({"duration": 1.0, "engine": "gpu"}, "gpu"),
        ({"duration": 1.0, "pricing": "1999"}, "1999"),
        ({"duration": math.inf}, "duration is infinite"),
        ({"duration": 1.0, "init": {"f": math.inf}}, "init is infinite"),
        ({"duration": 1.0, "memory": 0}, "memory of 'f' is 0 MB"),
        ({"duration": 1.0, "memory": {"g": 20_000}}, "memory of 'g' is 20000 MB"),
        ({"duration": 1.0, "account_limit": -1}, "account_limit is -1"),
        ({"duration": 1.0, "account_limit": 1.5}, "account_limit is 1.5"),
        ({"duration": 1.0, "pricing": "edge", "architecture": "arm64"}, "no price for 'arm64'"),
        ({"duration": 1.0, "pricing": "edge", "provisioned": 1}, "no provisioned concurrency"),
    ],
)
def test_what_makes_no_sense_is_named(assumed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(small(), **assumed)


def test_not_a_trace() -> None:
    with pytest.raises(WorkloadError, match="from_pandas"):
        lambda_nb.simulate(pd.DataFrame())  # type: ignore[arg-type]


def test_settings_by_name_leave_other_functions_alone() -> None:
    trace = Trace(
        {
            "arrival": [0.0, 1.0],
            "function": ["f", "g"],
            "duration": [0.5, 2.0],
            "memory": [256, 512],
            "init": [0.25, 0.5],
        }
    )
    rows = simulate(
        trace, memory={"g": 1024}, timeout={"g": 1.0}, duration={"f": 0.75}, init={"f": 0.125}
    ).invocations
    assert list(rows["memory"]) == [256, 1024]
    assert list(rows["duration"]) == [0.75, 1.0]
    assert list(rows["init"]) == [0.125, 0.5]


def test_the_architecture_of_each_function_sets_its_price() -> None:
    trace = Trace(
        {
            "arrival": [0.0, 1.0, 2.0],
            "function": ["f", "g", "h"],
            "duration": [1.0, 1.0, 1.0],
            "memory": [1024, 1024, 1024],
            "architecture": ["x86_64", "arm64", None],
        }
    )
    lines = simulate(trace, architecture="arm64").cost().iloc[0]
    assert lines["duration"] == pytest.approx(0.0000166667)
    assert lines["duration arm64"] == pytest.approx(2 * 0.0000133334)


def test_the_free_tier_belongs_to_the_account() -> None:
    result = simulate(small(), duration=1.0)
    assert result.cost(free_tier=True)["total"].item() == 0.0
    with pytest.raises(ValueError, match="free tier"):
        result.cost("function", free_tier=True)
    with pytest.raises(ValueError, match="wider than nothing"):
        result.timeline(math.nan)


def test_an_empty_trace_gives_an_empty_answer() -> None:
    empty = Trace({"arrival": [], "function": [], "duration": []})
    for engine in ENGINES:
        result = simulate(empty, engine=engine)  # type: ignore[arg-type]
        assert len(result.invocations) == 0
        assert result.summary()["invocations"].sum() == 0
        assert result.cost()["total"].sum() == 0
        assert len(result.timeline()) >= 1
        assert "0 invocations" in repr(result)


def test_the_kernel_is_compiled_once_for_all_processes(tmp_path: Path) -> None:
    """Numba's cache key includes everything that the kernel refers to. If one object differed in
    each process, every process would compile again."""
    code = (
        "from lambda_nb import simulate, traces\n"
        "from lambda_nb.simulator.replay import compiled\n"
        "simulate(traces.poisson(1, duration=0.1, hours=1, seed=1), init=0.1, engine='compiled')\n"
        "stats = compiled._kernel().stats\n"
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in range(2)
    ]
    assert [run.stdout.split() for run in runs] == [["0", "1"], ["1", "0"]]
    assert ["Compiling" in run.stderr for run in runs] == [True, False]


def test_in_a_notebook_the_word_about_compiling_goes_away(tmp_path: Path) -> None:
    code = (
        "from lambda_nb import simulate, traces\n"
        "trace = traces.Trace({'arrival': [0.0], 'function': ['f'], 'duration': [1.0]})\n"
        "len(simulate(trace, engine='compiled').invocations)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    # A separate cache: the kernel is compiled again.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    client = NotebookClient(notebook, timeout=300)
    client.execute(env=environment)
    outputs = notebook.cells[0].outputs
    assert [o for o in outputs if o.output_type == "stream"] == []
    shown = [o.data["text/plain"] for o in outputs if o.output_type == "display_data"]
    assert shown == [""]
    assert outputs[-1].data["text/plain"] == "1"

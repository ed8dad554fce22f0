"""The whole system: queues, retries, calls, deployments, autoscaling."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_nb import traces
from lambda_nb.rules.keepalive.fleet_wide import LeastRecentlyUsed
from lambda_nb.rules.keepalive.idle import Fixed, Hazard
from lambda_nb.simulator import (
    Asynchronous,
    Call,
    Deployment,
    Queue,
    Schedule,
    Stream,
    Synchronous,
    TargetTracking,
    WorkloadError,
    simulate,
)
from lambda_nb.traces import Trace

PLAIN = ["arrival", "function", "duration", "start", "status", "environment", "init", "finish"]


def trace_of(arrivals: Any, duration: Any = 1.0, **columns: Any) -> Trace:
    count = len(arrivals)
    return Trace(
        {
            "arrival": np.array(arrivals, dtype=float),
            "function": columns.pop("function", ["f"] * count),
            "duration": np.broadcast_to(duration, count),
            **columns,
        }
    )


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.1, 0.5, 1.0, 3.0]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([0.0, 0.1, 0.5, 4.0]),
        st.sampled_from([0.0, 0.25]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(
    requests=REQUESTS,
    keep_alive=st.sampled_from([Fixed(1.0), Fixed(math.inf), Hazard([0, 1, 5], [1, 0.5, 0.2])]),
    account_limit=st.integers(2, 6),
    provisioned=st.sampled_from([None, {"a": 1}]),
)
def test_without_queues_it_is_the_reference_row_by_row(requests: Any, **assumed: Any) -> None:
    gaps, functions, durations, inits = zip(*requests, strict=True)
    trace = Trace(
        {"arrival": np.cumsum(gaps), "function": functions, "duration": durations, "init": inits}
    )
    if assumed["provisioned"] and "a" not in functions:
        assumed["provisioned"] = None
    plain = simulate(trace, engine="simpy", **assumed)
    whole = simulate(trace, errors=0.0, **assumed)
    columns = [name for name in PLAIN if name != "init"]
    pd.testing.assert_frame_equal(whole.invocations[columns], plain.invocations[columns])
    pd.testing.assert_frame_equal(whole.environments, plain.environments)
    pd.testing.assert_frame_equal(whole.cost(), plain.cost())
    assert (whole.requests["outcome"] == plain.requests["outcome"]).all()


class TestCallersThatTryAgain:
    def test_a_throttled_call_is_tried_until_there_is_room(self) -> None:
        result = simulate(
            trace_of([0.0, 0.5], 1.0), account_limit=1, source=Synchronous(attempts=5), seed=1
        )
        assert list(result.requests["outcome"]) == ["success", "success"]
        tries = result.invocations[result.invocations["request"] == 1]
        assert list(tries["attempt"]) == list(range(1, len(tries) + 1))
        assert set(tries["start"][:-1]) == {"throttle"}
        assert tries["arrival"].iloc[-1] >= 1.0
        waits = np.diff(tries["arrival"])
        assert (waits <= 2.0 ** np.arange(len(waits))).all()

    def test_it_gives_up_after_its_attempts(self) -> None:
        result = simulate(
            trace_of([0.0, 0.1], 600.0), account_limit=1, source=Synchronous(attempts=3)
        )
        assert list(result.requests["outcome"]) == ["success", "throttle"]
        assert list(result.requests["attempts"]) == [1, 3]

    def test_function_errors_are_final_unless_said_otherwise(self) -> None:
        once = simulate(trace_of([0.0]), errors=1.0, source=Synchronous(attempts=3))
        assert list(once.requests["attempts"]) == [1]
        thrice = simulate(
            trace_of([0.0]), errors=1.0, source=Synchronous(attempts=3, on_error=True)
        )
        assert list(thrice.requests["attempts"]) == [3]
        assert list(thrice.requests["outcome"]) == ["error"]
        assert thrice.summary()["invocations"].iloc[0] == 3


class TestEvents:
    def test_errors_are_tried_again_after_one_and_two_minutes(self) -> None:
        result = simulate(trace_of([0.0], 1.0), errors=1.0, source=Asynchronous())
        assert list(result.invocations["arrival"]) == [0.0, 61.0, 182.0]
        assert list(result.invocations["status"]) == ["error"] * 3
        assert list(result.requests["outcome"]) == ["error"]
        assert result.requests["done"].iloc[0] == 183.0

    def test_throttles_back_off_exponentially_and_do_not_count_as_retries(self) -> None:
        # Only one environment may be started: the queue cannot foresee this refusal.
        trace = trace_of([0.0, 1.0], [100.0, 1.0])
        result = simulate(trace, scale_rate=0, scale_burst=1, source=Asynchronous(retries=0))
        tries = result.invocations[result.invocations["request"] == 1]["arrival"].to_numpy()
        assert list(np.diff(tries)) == [1, 2, 4, 8, 16, 32, 64]
        assert list(result.requests["outcome"]) == ["success", "success"]

    def test_an_event_too_old_for_another_try_expires(self) -> None:
        trace = trace_of([0.0, 1.0], [1000.0, 1.0])
        result = simulate(trace, account_limit=1, source=Asynchronous(max_age=60.0))
        assert list(result.requests["outcome"]) == ["success", "expired"]
        assert result.requests["attempts"].iloc[1] == 0  # it has waited for concurrency in vain
        assert result.requests["done"].iloc[1] == pytest.approx(61.0)

    def test_events_wait_for_concurrency_and_the_function_is_never_idle(self) -> None:
        trace = trace_of([0.0] * 20, 0.3)
        result = simulate(trace, reserved=1, source=Asynchronous())
        assert list(result.invocations["start"].astype(str).unique()) == ["cold", "warm"]
        assert result.invocations["arrival"].to_numpy() == pytest.approx(0.3 * np.arange(20))

    def test_functions_that_wait_for_the_account_take_turns(self) -> None:
        trace = Trace(
            {
                "arrival": [0.0, 0.0, 0.0, 0.0, 0.1, 0.1],
                "function": ["a", "a", "a", "a", "b", "b"],
                "duration": [1.0] * 6,
            }
        )
        result = simulate(trace, account_limit=1, source=Asynchronous())
        order = result.invocations.sort_values("arrival")["function"].astype(str)
        assert list(order) == ["a", "a", "b", "a", "b", "a"]

    def test_a_recorded_error_is_repeated_and_retries_fail_as_often_as_recorded(self) -> None:
        trace = trace_of([0.0, 1000.0, 2000.0], 1.0, status=["error", "success", "error"])
        result = simulate(trace, source=Asynchronous(), seed=4)
        first = result.invocations[result.invocations["attempt"] == 1]
        assert list(first["status"]) == ["error", "success", "error"]

    def test_timeouts_repeat_because_the_work_is_the_same(self) -> None:
        result = simulate(trace_of([0.0], 10.0), timeout=2.0, source=Asynchronous(retries=1))
        assert list(result.invocations["status"]) == ["timeout", "timeout"]
        assert list(result.invocations["duration"]) == [2.0, 2.0]


class TestQueues:
    def test_messages_go_in_batches_that_take_as_long_as_their_messages(self) -> None:
        result = simulate(
            trace_of([0.0] * 25, 0.5), source=Queue(batch_size=10, window=1.0, overhead=0.25)
        )
        assert list(result.invocations["records"]) == [10, 10, 5]
        assert list(result.invocations["duration"]) == [5.25, 5.25, 2.75]
        assert list(result.invocations["arrival"]) == [0.0, 0.0, 1.0]
        assert (result.requests["outcome"] == "success").all()

    def test_a_standard_queue_starts_with_five_batches_and_adds_five_a_second(self) -> None:
        result = simulate(trace_of([0.0] * 400, 60.0), source=Queue(batch_size=1))
        starts = result.invocations["arrival"].to_numpy()
        assert (starts == 0).sum() == 5
        assert (starts <= 10.0 + 1e-6).sum() == pytest.approx(55, abs=1)

    def test_the_timeline_shows_what_waits(self) -> None:
        result = simulate(
            trace_of([0.0] * 8, 1.0), source=Queue(batch_size=1, maximum_concurrency=2)
        )
        assert list(result.timeline(1.0)["waiting"]) == [6.0, 4.0, 2.0, 0.0]
        assert [ax.get_title(loc="left") for ax in result.plot().axes].count(
            "Waiting requests"
        ) == 1

    def test_maximum_concurrency_is_never_passed(self) -> None:
        result = simulate(
            trace_of([0.0] * 40, 1.0), source=Queue(batch_size=2, maximum_concurrency=3)
        )
        assert result.summary()["peak_concurrency"].iloc[0] == 3

    def test_failed_messages_come_back_and_end_in_the_dead_letter_queue(self) -> None:
        source = Queue(batch_size=10, visibility_timeout=30.0, max_receives=3)
        result = simulate(trace_of([0.0], 1.0), errors=1.0, source=source)
        assert list(result.invocations["arrival"]) == [0.0, 30.0, 60.0]
        assert list(result.requests["outcome"]) == ["error"]

    def test_partial_failures_bring_back_only_what_failed(self) -> None:
        whole = Queue(batch_size=10, window=1.0, max_receives=2)
        partial = Queue(batch_size=10, window=1.0, max_receives=2, partial_failures=True)
        trace = trace_of([0.0] * 10, 0.1)
        again = [
            simulate(trace, errors=0.3, source=source, seed=3).invocations["records"].sum()
            for source in (whole, partial)
        ]
        assert again[0] == 20
        assert 10 < again[1] < 20

    def test_what_always_fails_ends_with_the_queues_retention(self) -> None:
        result = simulate(trace_of([0.0], 1.0), errors=1.0, source=Queue(retention=100.0))
        assert list(result.requests["outcome"]) == ["expired"]

    @settings(max_examples=50, deadline=None)
    @given(
        gaps=st.lists(st.sampled_from([0.0, 0.1, 2.0]), min_size=1, max_size=30),
        size=st.integers(1, 4),
        window=st.sampled_from([0.0, 0.5]),
        errors=st.sampled_from([0.0, 0.5]),
        limit=st.integers(1, 3),
    )
    def test_every_message_is_done_with_once(
        self, gaps: list[float], size: int, window: float, errors: float, limit: int
    ) -> None:
        source = Queue(batch_size=size, window=window, max_receives=4)
        trace = trace_of(np.cumsum(gaps), 0.7)
        result = simulate(trace, source=source, errors=errors, account_limit=limit)
        assert len(result.requests) == len(gaps)
        assert result.requests["done"].notna().all()
        assert result.invocations["records"].max() <= size
        assert result.summary()["peak_concurrency"].iloc[0] <= limit


class TestStreams:
    def test_a_lane_takes_one_batch_at_a_time_in_order(self) -> None:
        trace = trace_of(np.arange(10) * 0.1, 1.0)
        result = simulate(trace, source=Stream(batch_size=2))
        assert result.summary()["peak_concurrency"].iloc[0] == 1
        assert list(result.requests["done"]) == sorted(result.requests["done"])
        assert (result.requests["outcome"] == "success").all()

    def test_parallelization_and_shards_multiply(self) -> None:
        trace = trace_of(np.zeros(500), 1.0)
        result = simulate(trace, source=Stream(shards=2, parallelization=3, batch_size=5))
        assert result.summary()["peak_concurrency"].iloc[0] == 6

    def test_a_failing_batch_holds_its_lane_up_until_its_retries_are_over(self) -> None:
        trace = trace_of([0.0, 0.1], 1.0, status=["success"] * 2)
        result = simulate(trace, errors=1.0, source=Stream(batch_size=1, retries=2))
        assert list(result.requests["attempts"]) == [3, 3]
        first, second = result.invocations.groupby("request")
        assert first[1]["finish"].max() <= second[1]["arrival"].min()

    def test_records_too_old_are_given_up(self) -> None:
        result = simulate(trace_of([0.0]), errors=1.0, source=Stream(max_age=10.0))
        assert list(result.requests["outcome"]) == ["expired"]


class TestCalls:
    def test_an_event_to_another_function_follows_the_callers_success(self) -> None:
        calls = [Call("f", "g", count=2, duration=0.5, init=0.1, memory=256)]
        result = simulate(trace_of([0.0], 1.0), calls=calls)
        rows = result.invocations.set_index("function")
        assert list(rows.loc["g", "arrival"]) == [1.0, 1.0]
        assert list(rows.loc["g", "memory"]) == [256, 256]
        assert list(result.requests["caller"]) == [-1, 0, 0]

    def test_a_caller_that_waits_is_billed_for_the_wait(self) -> None:
        calls = [Call("f", "g", kind="sync", duration=2.0, init=0.5)]
        result = simulate(trace_of([0.0], 1.0), calls=calls)
        rows = result.invocations.set_index("function")
        assert rows.loc["f", "duration"] == pytest.approx(3.5)
        assert rows.loc["f", "finish"] == pytest.approx(3.5)
        assert rows.loc["g", "arrival"] == pytest.approx(1.0)

    def test_a_caller_fails_with_its_callee_and_at_its_own_timeout(self) -> None:
        calls = [Call("f", "g", kind="sync", duration=2.0)]
        failed = simulate(trace_of([0.0], 1.0), calls=calls, errors={"g": 1.0})
        assert list(failed.requests["outcome"]) == ["error", "error"]
        slow = simulate(trace_of([0.0], 1.0), calls=calls, timeout={"f": 2.0})
        assert list(slow.requests["outcome"]) == ["timeout", "success"]
        assert slow.invocations.set_index("function").loc["f", "duration"] == 2.0

    def test_a_loop_is_stopped_after_sixteen_runs(self) -> None:
        result = simulate(trace_of([0.0], 1.0), calls=[Call("f", "f")])
        assert len(result.invocations) == 16
        assert result.requests["outcome"].iloc[-1] == "dropped"

    def test_calls_to_a_function_of_the_trace_draw_its_durations(self) -> None:
        trace = trace_of([0.0, 1.0, 2.0], [1.0, 7.0, 9.0], function=["f", "g", "g"])
        result = simulate(trace, calls=[Call("f", "g")])
        called = result.invocations[result.invocations["request"] >= 3]
        assert set(called["duration"]) <= {7.0, 9.0}

    def test_called_functions_may_have_settings_of_their_own(self) -> None:
        trace = trace_of([0.0, 0.0, 0.0], 1.0)
        calls = [Call("f", "g", duration=5.0)]
        result = simulate(trace, calls=calls, reserved={"g": 1}, source={"g": Queue(batch_size=1)})
        assert result.invocations.query("function == 'g' and start != 'throttle'")[
            "arrival"
        ].is_monotonic_increasing
        assert (result.requests["outcome"] == "success").all()


class TestDeployments:
    def test_a_new_version_starts_cold(self) -> None:
        trace = trace_of(np.arange(0, 20, 2.0), 1.0, init=[0.5] * 10)
        result = simulate(trace, deployments=[Deployment("f", at=9.0, duration_factor=0.5)])
        cold = result.invocations.query("start == 'cold'")
        assert list(cold["arrival"]) == [0.0, 10.0]
        assert list(result.invocations["version"]) == [1] * 5 + [2] * 5
        assert list(result.invocations["duration"][5:]) == [0.5] * 5

    def test_a_canary_gets_its_share_and_then_everything(self) -> None:
        trace = trace_of(np.arange(0, 4000, 1.0), 0.1)
        deployment = Deployment("f", at=1000.0, canary=(0.2, 2000.0))
        rows = simulate(trace, deployments=[deployment], seed=2).invocations
        share = (rows.query("1000 <= arrival < 3000")["version"] == 2).mean()
        assert share == pytest.approx(0.2, abs=5 * math.sqrt(0.2 * 0.8 / 2000))
        assert (rows.query("arrival < 1000")["version"] == 1).all()
        assert (rows.query("arrival >= 3000")["version"] == 2).all()

    def test_linear_shares(self) -> None:
        deployment = Deployment("f", at=100.0, linear=(0.25, 60.0))
        assert [deployment.share(t) for t in (99, 100, 160, 220, 280, 1e9)] == [
            0, 0.25, 0.5, 0.75, 1.0, 1.0,
        ]  # fmt: skip
        assert deployment.complete == 280.0

    def test_the_same_deployment_twice_moves_provisioned_environments_twice(self) -> None:
        trace = trace_of(np.arange(0.0, 400.0, 0.5), 0.2, init=[0.3] * 800)
        twice = [Deployment("f", at=10.0), Deployment("f", at=10.0)]
        result = simulate(trace, provisioned=2, deployments=twice)
        starts = result.invocations.query("arrival > 200")["start"]
        assert set(starts) == {"provisioned"}

    def test_provisioned_environments_move_to_the_new_version(self) -> None:
        trace = trace_of(np.arange(0, 600, 5.0), 1.0)
        result = simulate(trace, provisioned=1, deployments=[Deployment("f", at=101.0)])
        rows = result.invocations
        assert (rows.query("arrival < 101")["start"] == "provisioned").all()
        assert (rows.query("arrival > 170")["start"] == "provisioned").all()
        assert (rows.query("101 < arrival < 160")["start"] != "provisioned").all()


class TestProvisioned:
    def test_a_schedule_sets_environments_aside_for_its_hours(self) -> None:
        trace = trace_of(np.arange(0, 7200, 60.0), 1.0, memory=[1024] * 120)
        schedule = Schedule([("30min", 2), ("90min", 0)])
        result = simulate(trace, provisioned=schedule)
        rows = result.invocations
        during = rows.query("1800 + 120 < arrival < 5400")
        assert (during["start"] == "provisioned").all()
        assert (rows.query("arrival < 1800 or arrival > 5400")["start"] != "provisioned").all()
        aside = result.usage().set_aside_gb_s["x86_64"]
        assert aside == pytest.approx(2 * 3600.0)

    def test_a_schedule_comes_again(self) -> None:
        schedule = Schedule([("8h", 20), ("18h", 2)], every="1d")
        hours = [0, 8, 17, 18, 31, 32, 42]
        assert [schedule.at(hour * 3600.0) for hour in hours] == [0, 20, 20, 2, 2, 20, 2]

    def test_target_tracking_follows_the_load(self) -> None:
        busy = traces.poisson(5.0, duration=1.0, hours=1, seed=1).to_pandas()
        calm = traces.poisson(1.0, duration=1.0, hours=1.5, seed=2).to_pandas()
        calm["arrival"] += 3600.0
        trace = Trace.from_pandas(pd.concat([busy, calm], ignore_index=True))
        policy = TargetTracking(minimum=1, maximum=20, target=0.7)
        result = simulate(trace, provisioned=policy)
        levels = result._run.allocations
        when = [each.when for each in levels]
        counts = [each.environments for each in levels]
        assert counts[0] == 1
        # 5 in flight on average and 70 % of them in use asks for about seven to ten.
        settled = [count for t, count in zip(when, counts, strict=True) if t < 3600][-1]
        assert 6 <= settled <= 11
        assert counts[-1] < settled
        assert max(counts) <= 20
        late = result.invocations.query("1800 < arrival < 3600")
        assert (late["start"] == "provisioned").mean() > 0.9

    def test_units_are_charged_in_whole_steps_of_five_minutes(self) -> None:
        trace = trace_of([0.0, 1000.0], 1.0, memory=[1024, 1024])
        result = simulate(trace, provisioned=Schedule([(0, 1), (100, 3), (401, 1)]))
        # One from 0 to 1001 s (four steps), two from 100 to 401 s (two steps each).
        assert result.usage().set_aside_gb_s["x86_64"] == pytest.approx(1200.0 + 2 * 600.0)


class TestBills:
    def test_hours_add_up_to_the_whole(self) -> None:
        trace = traces.poisson(0.2, duration=2.0, hours=5, seed=5)
        result = simulate(trace, memory=1024, provisioned=1, ephemeral_storage=1024)
        whole, hours = result.cost(), result.cost("hour")
        assert len(hours) == math.ceil(result.requests["done"].max() / 3600)
        assert hours.sum()["total"] == pytest.approx(whole["total"].iloc[0])
        assert list(hours.columns) == list(whole.columns)

    def test_snapshots_and_streams_and_neighbours_are_charged(self) -> None:
        trace = trace_of([0.0, 0.0, 100.0], 2.0, memory=[1024] * 3, init=[0.5] * 3)
        result = simulate(trace, snap_start=True, response_mb=7.0)
        usage = result.usage()
        assert usage.restored_gb == 2.0
        assert usage.snap_start_gb_s == 10_800.0
        assert usage.streamed_gb == pytest.approx(3 / 1024)
        assert usage.gb_s["x86_64"] == 6.0  # the restore is charged by size, not by time
        lines = result.cost(neighbours=["API Gateway HTTP"]).iloc[0]
        assert lines["API Gateway HTTP"] == pytest.approx(3e-6)
        assert result.cost(neighbours={"mine": 1.0}).iloc[0]["mine"] == 3.0

    def test_retries_are_billed(self) -> None:
        result = simulate(trace_of([0.0], 1.0), errors=1.0, source=Asynchronous())
        assert result.usage().requests == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"source": {"x": Queue()}}, "source names 'x'"),
        ({"source": "sqs"}, "give Synchronous"),
        ({"errors": 2.0}, "errors of 'f' is 2.0"),
        ({"calls": [Call("f", "g")]}, "give Call"),
        ({"deployments": [Deployment("f", 0, canary=(0.1, 9)), Deployment("f", 1)]}, "overlap"),
        ({"errors": 0.1, "engine": "compiled"}, "compiled engine knows"),
        ({"provisioned": Schedule([(0, 2000)])}, "more than account_limit=1000"),
        ({"response_mb": -1}, "response_mb of 'f' is -1"),
        ({"snap_start": ["x"]}, "snap_start names 'x'"),
        ({"scaling": 2.0, "memory": 256}, "scaling is 2.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Any, said: str) -> None:
    with pytest.raises(WorkloadError, match=said):
        simulate(trace_of([0.0]), **settings)


def test_the_same_seed_gives_the_same_run() -> None:
    trace = traces.poisson(5.0, duration=1.0, hours=0.1, seed=1)
    runs = [
        simulate(trace, errors=0.3, source=Asynchronous(), account_limit=4, seed=seed).invocations
        for seed in (1, 1, 2)
    ]
    pd.testing.assert_frame_equal(runs[0], runs[1])
    assert not runs[0].equals(runs[2])


def test_durations_that_depend_on_memory() -> None:
    trace = trace_of([0.0, 10.0], 2.0, memory=[128, 128])
    result = simulate(trace, memory=256, scaling=0.5)
    assert list(result.invocations["duration"]) == [1.5, 1.5]
    assert list(simulate(trace, memory=256).invocations["duration"]) == [2.0, 2.0]


SOURCES = st.sampled_from(
    [
        Synchronous(attempts=2, on_error=True),
        Asynchronous(retries=1, max_age=300.0),
        Queue(batch_size=3, window=0.5, max_receives=2, partial_failures=True),
        Stream(shards=2, batch_size=2, retries=1),
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    gaps=st.lists(st.sampled_from([0.0, 0.2, 5.0]), min_size=1, max_size=25),
    source=SOURCES,
    called=SOURCES,
    errors=st.sampled_from([0.0, 0.4]),
    kind=st.sampled_from(["sync", "async"]),
    limit=st.integers(3, 8),
    provisioned=st.sampled_from([0, TargetTracking(1, 2), Schedule([(1.0, 2), (3.0, 0)])]),
    canary=st.booleans(),
    timeout=st.sampled_from([1.0, 900.0]),
    policy=st.sampled_from(
        [Fixed(0.0), Fixed(600.0), LeastRecentlyUsed(limit=256, memory={"f": 128, "g": 128})]
    ),
    seed=st.integers(0, 3),
)
def test_whatever_happens_the_rules_hold(
    gaps: list[float], source: Any, called: Any, errors: float, kind: Any, limit: int,
    provisioned: Any, canary: bool, timeout: float, policy: Any, seed: int,
) -> None:  # fmt: skip
    trace = trace_of(np.cumsum(gaps), 0.7, init=[0.3] * len(gaps))
    result = simulate(
        trace,
        source={"f": source, "g": called},
        errors=errors,
        calls=[Call("f", "g", kind=kind, share=0.7, duration=1.0, init=0.2)],
        deployments=[Deployment("f", at=1.0, canary=(0.5, 2.0))] if canary else [],
        account_limit=limit,
        provisioned={"f": provisioned},
        timeout={"f": timeout},
        keep_alive=policy,
        seed=seed,
    )
    requests, attempts = result.requests, result.invocations
    # Every request is done after it arrived, and has as many attempts as it reports.
    assert (requests["done"] >= requests["arrival"]).all()
    tried = attempts.groupby("request")["attempt"].max()
    single = attempts.groupby("request")["records"].max() == 1
    assert (requests["attempts"].loc[tried.index[single]] >= tried[single]).all()
    # No environment serves two at once, or before it exists, or after it ended.
    served = attempts[attempts["environment"] >= 0]
    for number, rows in served.groupby("environment"):
        assert (rows["arrival"].to_numpy()[1:] >= rows["finish"].to_numpy()[:-1]).all()
        life = result.environments.loc[number]
        assert rows["arrival"].iloc[0] >= life["created"]
        assert not rows["finish"].iloc[-1] > life["ended"]
    # Together they stay within the account's limit.
    assert result.summary()["peak_concurrency"].iloc[-1] <= limit
    assert (served["duration"] <= 900.0).all()
    if timeout == 1.0:
        assert (served[served["function"] == "f"]["duration"] <= 1.0).all()
    assert result.cost().loc["all", "total"] == pytest.approx(result.cost("hour")["total"].sum())


def test_a_result_is_data_without_the_machinery_that_made_it() -> None:
    trace = trace_of([0.0, 0.1, 2.0], 0.5, init=[0.1] * 3)
    result = simulate(trace, source=Asynchronous())
    kept = pickle.dumps(result)
    assert b"MergedEnvironment" not in kept
    again = pickle.loads(kept)
    pd.testing.assert_frame_equal(again.requests, result.requests)
    pd.testing.assert_frame_equal(again.summary(), result.summary())

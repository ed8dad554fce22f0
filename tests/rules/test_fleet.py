"""The scheduler: by examples, by AWS's figures, and against a slow, obviously right model."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.rules.scheduling.fleet import DECISIONS, THROTTLE_REASONS
from lambda_nb.rules.scheduling.scheduler import Fleet


def one_pool(reserved: int | None = None, **settings: float) -> tuple[Fleet, int]:
    fleet = Fleet(**settings)  # type: ignore[arg-type]
    return fleet, fleet.add_pool(fleet.add_function(reserved))


class TestReuse:
    def test_overlapping_requests_get_environments_of_their_own(self) -> None:
        fleet, pool = one_pool()
        first = fleet.arrive(0.0, pool)
        second = fleet.arrive(0.1, pool)
        assert [first[0], second[0]] == [rules.COLD, rules.COLD]
        assert first[1] != second[1]

    def test_a_request_after_another_takes_its_environment(self) -> None:
        fleet, pool = one_pool()
        _, e = fleet.arrive(0.0, pool)
        fleet.finish(1.0, e, 600.0)
        assert fleet.arrive(2.0, pool) == (rules.WARM, e)

    def test_the_most_recently_used_environment_is_taken_first(self) -> None:
        fleet, pool = one_pool()
        a, b, c = (fleet.arrive(0.0, pool)[1] for _ in range(3))
        for now, e in ((1.0, b), (2.0, c), (3.0, a)):
            fleet.finish(now, e, 600.0)
        assert [fleet.arrive(4.0, pool)[1] for _ in range(3)] == [a, c, b]

    @pytest.mark.parametrize(("gap", "code"), [(599.999, rules.WARM), (600.0, rules.COLD)])
    def test_keep_alive_ends_an_idle_environment(self, gap: float, code: int) -> None:
        fleet, pool = one_pool()
        _, e = fleet.arrive(0.0, pool)
        fleet.finish(5.0, e, 600.0)
        assert fleet.arrive(5.0 + gap, pool)[0] == code

    def test_an_expired_environment_ended_when_its_time_was_over_not_when_it_was_found(
        self,
    ) -> None:
        fleet, pool = one_pool()
        _, e = fleet.arrive(0.0, pool)
        fleet.finish(5.0, e, 600.0)
        fleet.arrive(10_000.0, pool)
        (over,) = fleet.ended()
        assert (over.slot, over.born, over.ended, over.uses) == (e, 0.0, 605.0, 1)

    def test_expire_collects_what_is_over_and_nothing_else(self) -> None:
        fleet, pool = one_pool()
        a, b = (fleet.arrive(0.0, pool)[1] for _ in range(2))
        fleet.finish(1.0, a, 10.0)
        fleet.finish(2.0, b, 100.0)
        assert fleet.next_expiry() == 11.0
        assert [e.slot for e in fleet.expire(50.0)] == [a]
        assert fleet.next_expiry() == 102.0
        assert fleet.expire(50.0) == []
        assert fleet.arrive(51.0, pool) == (rules.WARM, b)

    def test_an_environment_too_old_is_not_used_again_however_busy(self) -> None:
        fleet, pool = one_pool(max_age=100.0)
        _, e = fleet.arrive(0.0, pool)
        fleet.finish(60.0, e, 600.0)
        assert fleet.arrive(99.0, pool) == (rules.WARM, e)
        fleet.finish(101.0, e, 600.0)
        assert [x.ended for x in fleet.ended()] == [101.0]
        assert fleet.arrive(102.0, pool)[0] == rules.COLD

    def test_pools_of_one_function_do_not_share_environments(self) -> None:
        fleet, pool = one_pool()
        other = fleet.add_pool(0)
        _, e = fleet.arrive(0.0, pool)
        fleet.finish(1.0, e, 600.0)
        assert fleet.arrive(2.0, other)[0] == rules.COLD

    def test_a_closed_pool_drains(self) -> None:
        fleet, pool = one_pool()
        idle, busy = (fleet.arrive(0.0, pool)[1] for _ in range(2))
        fleet.finish(1.0, idle, 600.0)
        fleet.close_pool(2.0, pool)
        assert [(e.slot, e.ended) for e in fleet.ended()] == [(idle, 2.0)]
        fleet.finish(3.0, busy, 600.0)
        assert [(e.slot, e.ended) for e in fleet.ended()] == [(busy, 3.0)]

    def test_slots_are_used_again_but_serials_never(self) -> None:
        fleet, pool = one_pool()
        seen = set()
        for i in range(100):
            _, e = fleet.arrive(float(i), pool)
            seen.add(fleet.serial(e))
            fleet.finish(i + 0.5, e, 0.0)
            assert len(list(fleet.ended())) == 1
        assert len(seen) == 100
        assert fleet.state.counts[rules.USED_SLOTS] == 1

    @pytest.mark.parametrize("state", ["busy", "idle", "starting"])
    def test_a_discarded_environment_is_gone_whatever_it_did(self, state: str) -> None:
        fleet, pool = one_pool()
        if state == "starting":
            e = fleet.prewarm(0.0, pool)
        else:
            _, e = fleet.arrive(0.0, pool)
        if state == "idle":
            fleet.finish(1.0, e, 600.0)
        fleet.discard(2.0, e)
        assert [(x.slot, x.ended) for x in fleet.ended()] == [(e, 2.0)]
        assert fleet.in_flight(0) == 0
        assert fleet.census(pool) == {"starting": 0, "busy": 0, "idle": 0}
        assert fleet.arrive(3.0, pool)[0] == rules.COLD

    def test_an_environment_started_ahead_serves_once_ready(self) -> None:
        fleet, pool = one_pool()
        e = fleet.prewarm(0.0, pool)
        assert fleet.arrive(0.1, pool)[0] == rules.COLD
        fleet.ready(0.2, e, 600.0)
        assert fleet.arrive(0.3, pool) == (rules.WARM, e)


class TestLimits:
    def test_oracle_3000_at_once_under_a_limit_of_1000(self) -> None:
        fleet, pool = one_pool()
        codes = [fleet.arrive(0.0, pool)[0] for _ in range(3000)]
        assert codes.count(rules.COLD) == 1000
        assert codes.count(rules.THROTTLE_ACCOUNT) == 2000
        assert THROTTLE_REASONS[rules.THROTTLE_ACCOUNT] == "ConcurrentInvocationLimitExceeded"

    def test_oracle_scaling_rate_under_a_limit_of_5000(self) -> None:
        fleet, pool = one_pool(account_limit=5000)
        running = 0
        seen = {}
        for tenth in range(201):
            now = tenth / 10
            while True:
                code, _ = fleet.arrive(now, pool)
                if code != rules.COLD:
                    assert code == rules.THROTTLE_SCALING
                    break
                running += 1
            seen[now] = running
        assert seen[0.0] == 1000
        assert seen[10.0] == 2000
        assert seen[20.0] == 3000

    def test_the_scaling_allowance_does_not_accrue(self) -> None:
        fleet, pool = one_pool(account_limit=5000)
        fleet.arrive(0.0, pool)
        codes = [fleet.arrive(10_000.0, pool)[0] for _ in range(1500)]
        assert codes.count(rules.COLD) == 1000

    def test_functions_do_not_share_the_scaling_rate(self) -> None:
        fleet = Fleet(account_limit=5000)
        for _ in range(2):
            pool = fleet.add_pool(fleet.add_function())
            codes = [fleet.arrive(0.0, pool)[0] for _ in range(1100)]
            assert codes.count(rules.COLD) == 1000

    def test_oracle_requests_a_second_are_ten_times_the_concurrency(self) -> None:
        # 20,000 requests/s of 50 ms need a concurrency of 1000, but only 10,000 per second pass.
        fleet, pool = one_pool(account_limit=1000)
        passed = limited = 0
        ends: list[tuple[float, int]] = []
        for i in range(100_000):
            now = i / 20_000
            while ends and ends[0][0] <= now:
                done, e = heapq.heappop(ends)
                fleet.finish(done, e, 600.0)
            code, e = fleet.arrive(now, pool)
            if e >= 0:
                passed += 1
                heapq.heappush(ends, (now + 0.05, e))
            else:
                assert code in (rules.THROTTLE_ACCOUNT_RATE, rules.THROTTLE_ACCOUNT)
                limited += code == rules.THROTTLE_ACCOUNT_RATE
        # One second's worth may pass at once; five seconds bring five more.
        assert passed == pytest.approx(60_000, abs=10)
        assert limited > 35_000

    def test_reserved_concurrency_caps_and_guarantees(self) -> None:
        fleet = Fleet(account_limit=10)
        kept = fleet.add_pool(fleet.add_function(reserved=3))
        rest = fleet.add_pool(fleet.add_function())
        codes = [fleet.arrive(0.0, rest)[0] for _ in range(9)]
        assert codes.count(rules.COLD) == 7
        codes = [fleet.arrive(0.0, kept)[0] for _ in range(5)]
        assert codes == [rules.COLD] * 3 + [rules.THROTTLE_RESERVED] * 2
        assert THROTTLE_REASONS[codes[-1]] == "ReservedFunctionConcurrentInvocationLimitExceeded"

    def test_reserved_concurrency_of_zero_stops_the_function(self) -> None:
        fleet, pool = one_pool(reserved=0)
        assert fleet.arrive(0.0, pool) == (rules.THROTTLE_RESERVED, -1)

    def test_reserving_while_requests_run_moves_them_out_of_the_shared_pool(self) -> None:
        fleet = Fleet(account_limit=4)
        f = fleet.add_function()
        pool = fleet.add_pool(f)
        running = [fleet.arrive(0.0, pool)[1] for _ in range(4)]
        fleet.set_reserved(f, 2)
        other = fleet.add_pool(fleet.add_function())
        assert [fleet.arrive(0.0, other)[0] for _ in range(3)] == [
            rules.COLD,
            rules.COLD,
            rules.THROTTLE_ACCOUNT,
        ]
        for e in running[:3]:
            fleet.finish(1.0, e, 600.0)
        assert fleet.arrive(2.0, pool)[0] == rules.WARM
        assert fleet.arrive(2.0, pool)[0] == rules.THROTTLE_RESERVED
        fleet.set_reserved(f, None)
        assert fleet.arrive(2.0, pool)[0] == rules.THROTTLE_ACCOUNT

    def test_a_throttle_costs_nothing(self) -> None:
        fleet, pool = one_pool(reserved=1)
        _, e = fleet.arrive(0.0, pool)
        before = [list(column) for column in fleet.state]
        assert fleet.arrive(0.1, pool)[0] == rules.THROTTLE_RESERVED
        assert [list(column) for column in fleet.state] == before
        fleet.finish(0.2, e, 600.0)

    @pytest.mark.parametrize("name", ["account_limit", "scale_burst", "scale_rate", "max_age"])
    @pytest.mark.parametrize("value", [-1, math.nan])
    def test_figures_that_make_no_sense_are_named(self, name: str, value: float) -> None:
        with pytest.raises(ValueError, match=f"{name} is {value}"):
            Fleet(**{name: value})  # type: ignore[arg-type]

    def test_unknown_function_and_negative_concurrency_are_named(self) -> None:
        fleet, pool = one_pool()
        with pytest.raises(ValueError, match="no function 7"):
            fleet.add_pool(7)
        with pytest.raises(ValueError, match="reserved concurrency is -1"):
            fleet.set_reserved(0, -1)
        with pytest.raises(ValueError, match="provisioned concurrency is -2"):
            fleet.set_provisioned(0.0, pool, -2)


class TestProvisioned:
    def test_served_first_once_all_are_ready(self) -> None:
        fleet, pool = one_pool()
        a, b = fleet.set_provisioned(0.0, pool, 2)
        fleet.ready(1.0, a)
        assert fleet.arrive(1.5, pool)[0] == rules.COLD
        fleet.ready(2.0, b)
        assert [fleet.arrive(3.0, pool) for _ in range(2)] == [
            (rules.PROVISIONED, b),
            (rules.PROVISIONED, a),
        ]
        assert fleet.arrive(3.0, pool)[0] == rules.COLD, "spillover"

    def test_never_expires(self) -> None:
        fleet, pool = one_pool()
        (e,) = fleet.set_provisioned(0.0, pool, 1)
        fleet.ready(1.0, e)
        assert fleet.expire(1e9) == []
        assert fleet.arrive(1e9, pool) == (rules.PROVISIONED, e)

    def test_is_set_aside_from_the_account_whether_used_or_not(self) -> None:
        fleet = Fleet(account_limit=10)
        fleet.set_provisioned(0.0, fleet.add_pool(fleet.add_function()), 4)
        other = fleet.add_pool(fleet.add_function())
        codes = [fleet.arrive(0.0, other)[0] for _ in range(8)]
        assert codes.count(rules.COLD) == 6

    def test_is_part_of_the_functions_own_reservation(self) -> None:
        fleet, pool = one_pool(reserved=3)
        (e,) = fleet.set_provisioned(0.0, pool, 1)
        fleet.ready(0.0, e)
        codes = [fleet.arrive(1.0, pool)[0] for _ in range(4)]
        assert codes == [rules.PROVISIONED, rules.COLD, rules.COLD, rules.THROTTLE_RESERVED]

    def test_beyond_ten_requests_a_second_it_spills_over(self) -> None:
        fleet, pool = one_pool()
        (e,) = fleet.set_provisioned(0.0, pool, 1)
        fleet.ready(0.0, e)
        codes = []
        for i in range(11):
            now = 1.0 + i / 1000
            code, taken = fleet.arrive(now, pool)
            fleet.finish(now, taken, 600.0)
            codes.append(code)
        assert codes == [rules.PROVISIONED] * 10 + [rules.COLD]

    def test_fewer_ends_the_surplus_busy_ones_after_their_request(self) -> None:
        fleet, pool = one_pool()
        for e in fleet.set_provisioned(0.0, pool, 3):
            fleet.ready(0.0, e)
        busy = [fleet.arrive(1.0, pool)[1] for _ in range(2)]
        assert fleet.set_provisioned(2.0, pool, 1) == []
        assert len(list(fleet.ended())) == 1
        for e in busy:
            fleet.finish(3.0, e, 600.0)
        assert len(list(fleet.ended())) == 1
        assert fleet.census(pool) == {"starting": 0, "busy": 0, "idle": 1}
        assert fleet.arrive(4.0, pool)[0] == rules.PROVISIONED
        assert fleet.arrive(4.0, pool)[0] == rules.COLD

    def test_in_flight_counts_provisioned_requests_too(self) -> None:
        fleet, pool = one_pool()
        (e,) = fleet.set_provisioned(0.0, pool, 1)
        fleet.ready(0.0, e)
        fleet.arrive(1.0, pool)
        fleet.arrive(1.0, pool)
        assert fleet.in_flight(0) == 2


# -- a slow scheduler, written from the rules and sharing no line with the fast one


@dataclass
class Bucket:
    most: float
    rate: float
    level: float = math.nan
    at: float = 0.0

    def look(self, now: float) -> float:
        if math.isnan(self.level):
            return self.most
        return min(self.most, self.level + (now - self.at) * self.rate)

    def take(self, now: float) -> None:
        self.level, self.at = self.look(now) - 1, now


@dataclass
class Sandbox:
    number: int
    pool: int
    born: float
    provisioned: bool
    state: str = "busy"
    since: float = 0.0
    expires: float = math.inf
    order: int = 0


@dataclass
class Reference:
    """Every environment in one list, searched from end to end."""

    account_limit: int
    max_age: float
    burst: float
    rate: float
    function_of: list[int]
    reserved: list[int | None]
    wanted: list[int] = field(default_factory=list)
    serving: list[bool] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    boxes: list[Sandbox] = field(default_factory=list)
    steps: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        self.wanted = [0] * len(self.function_of)
        self.serving = [False] * len(self.function_of)
        self.scale = [Bucket(self.burst, self.rate) for _ in self.reserved]
        self.account_rate = Bucket(10.0 * self.account_limit, 10.0 * self.account_limit)
        self.function_rate = [Bucket(10.0 * (r or 0), 10.0 * (r or 0)) for r in self.reserved]
        self.pool_rate = [Bucket(0.0, 0.0) for _ in self.function_of]

    def new(self, now: float, pool: int, state: str, provisioned: bool) -> Sandbox:
        box = Sandbox(self.made, pool, now, provisioned, state)
        self.made += 1
        self.boxes.append(box)
        return box

    def running(self, functions: set[int]) -> int:
        return sum(
            b.state == "busy" and not b.provisioned and self.function_of[b.pool] in functions
            for b in self.boxes
        )

    def provisioned_for(self, function: int) -> int:
        pairs = zip(self.wanted, self.function_of, strict=True)
        return sum(wanted for wanted, f in pairs if f == function)

    def arrive(self, now: float, pool: int) -> tuple[str, int]:
        f = self.function_of[pool]
        self.boxes = [b for b in self.boxes if not (b.state == "idle" and b.expires <= now)]
        idle = [b for b in self.boxes if b.pool == pool and b.state == "idle"]
        spare = [b for b in idle if b.provisioned]
        if spare and self.serving[pool] and self.pool_rate[pool].look(now) >= 1 - 1e-9:
            self.pool_rate[pool].take(now)
            return self.use(max(spare, key=lambda b: b.order), "provisioned")
        limit = self.reserved[f]
        if limit is None:
            shared = {i for i, r in enumerate(self.reserved) if r is None}
            set_aside = sum(
                self.provisioned_for(i) if r is None else r for i, r in enumerate(self.reserved)
            )
            if self.running(shared) >= self.account_limit - set_aside:
                return "throttle", -1
            bucket = self.account_rate
        else:
            if self.running({f}) >= limit - self.provisioned_for(f):
                return "throttle", -1
            bucket = self.function_rate[f]
        if bucket.look(now) < 1 - 1e-9:
            return "throttle", -1
        warm = [b for b in idle if not b.provisioned]
        if warm:
            bucket.take(now)
            return self.use(max(warm, key=lambda b: b.order), "warm")
        if self.scale[f].look(now) < 1 - 1e-9:
            return "throttle", -1
        self.scale[f].take(now)
        bucket.take(now)
        return "cold", self.new(now, pool, "busy", False).number

    def use(self, box: Sandbox, word: str) -> tuple[str, int]:
        box.state = "busy"
        return word, box.number

    def rest(self, now: float, box: Sandbox, keep_alive: float) -> None:
        if box.pool in self.closed:
            self.boxes.remove(box)
            return
        self.steps += 1
        box.state, box.order = "idle", self.steps
        if box.provisioned:
            made = sum(b.provisioned and b.pool == box.pool for b in self.boxes)
            if made > self.wanted[box.pool]:
                self.boxes.remove(box)
            return
        box.expires = min(now + keep_alive, box.born + self.max_age)
        if box.expires <= now:
            self.boxes.remove(box)

    def ready(self, now: float, box: Sandbox, keep_alive: float) -> None:
        pool = box.pool
        self.rest(now, box, keep_alive)
        done = sum(b.provisioned and b.pool == pool and b.state != "starting" for b in self.boxes)
        if box.provisioned and box in self.boxes and done >= self.wanted[pool]:
            self.serving[pool] = True

    def set_provisioned(self, now: float, pool: int, n: int) -> list[int]:
        self.wanted[pool] = n
        self.pool_rate[pool] = Bucket(10.0 * n, 10.0 * n)
        if n == 0:
            self.serving[pool] = False
        mine = [b for b in self.boxes if b.provisioned and b.pool == pool]
        idle = sorted((b for b in mine if b.state == "idle"), key=lambda b: -b.order)
        surplus = len(mine) - n
        for box in idle[: max(0, surplus)]:
            self.boxes.remove(box)
        started = [self.new(now, pool, "starting", True).number for _ in range(-surplus)]
        done = [b for b in self.boxes if b.provisioned and b.pool == pool]
        if n and sum(b.state != "starting" for b in done) >= n:
            self.serving[pool] = True
        return started

    def close(self, pool: int) -> None:
        self.closed.add(pool)
        self.boxes = [b for b in self.boxes if not (b.pool == pool and b.state == "idle")]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["arrive"] * 8 + ["finish"] * 6 + ["ready"] * 2 + ["discard", "provision"]),
        st.sampled_from([0.0, 0.001, 0.4, 1.0, 7.0]),
        st.integers(0, 1_000_000),
    ),
    max_size=120,
)


@settings(max_examples=300)
@given(
    steps=STEPS,
    account_limit=st.integers(0, 12),
    reserved=st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=3),
    max_age=st.sampled_from([math.inf, 5.0]),
    burst=st.integers(0, 4),
    closing=st.booleans(),
)
def test_decides_as_the_slow_scheduler_does(
    steps: list[tuple[str, float, int]],
    account_limit: int,
    reserved: list[int | None],
    max_age: float,
    burst: int,
    closing: bool,
) -> None:
    fleet = Fleet(account_limit=account_limit, scale_burst=burst, scale_rate=0.5, max_age=max_age)
    function_of = []
    for limit in reserved:
        f = fleet.add_function(limit)
        for _ in range(2):
            fleet.add_pool(f)
            function_of.append(f)
    slow = Reference(account_limit, max_age, burst, 0.5, function_of, reserved)
    slot: dict[int, int] = {}

    def boxes(state: str) -> list[Sandbox]:
        return [b for b in slow.boxes if b.state == state]

    now = 0.0
    for action, wait, choice in steps:
        now += wait
        pool = choice % len(function_of)
        keep_alive = [0.0, 1.0, 8.0, math.inf][choice % 4]
        if action == "arrive" and pool not in slow.closed:
            code, e = fleet.arrive(now, pool)
            word, number = slow.arrive(now, pool)
            assert DECISIONS[code] == word
            assert number == (fleet.serial(e) if e >= 0 else -1)
            if e >= 0:
                slot[number] = e
        elif action == "finish" and boxes("busy"):
            box = boxes("busy")[choice % len(boxes("busy"))]
            fleet.finish(now, slot[box.number], keep_alive)
            slow.rest(now, box, keep_alive)
        elif action == "ready" and boxes("starting"):
            box = boxes("starting")[choice % len(boxes("starting"))]
            fleet.ready(now, slot[box.number], keep_alive)
            slow.ready(now, box, keep_alive)
        elif action == "discard" and slow.boxes:
            # Neither scheduler reports when it noticed an expiry, so let both notice it first.
            fleet.expire(now)
            slow.boxes = [b for b in slow.boxes if not (b.state == "idle" and b.expires <= now)]
            if slow.boxes:
                box = slow.boxes[choice % len(slow.boxes)]
                fleet.discard(now, slot[box.number])
                slow.boxes.remove(box)
        elif action == "provision" and pool not in slow.closed:
            started = fleet.set_provisioned(now, pool, choice % 3)
            expected = slow.set_provisioned(now, pool, choice % 3)
            assert [fleet.serial(e) for e in started] == expected
            slot.update(zip(expected, started, strict=True))
        if closing and choice % 41 == 0:
            fleet.close_pool(now, pool)
            slow.close(pool)

    fleet.expire(now)
    slow.boxes = [b for b in slow.boxes if not (b.state == "idle" and b.expires <= now)]
    for pool in range(len(function_of)):
        mine = [b.state for b in slow.boxes if b.pool == pool]
        assert fleet.census(pool) == {s: mine.count(s) for s in ("starting", "busy", "idle")}
    for f in range(len(reserved)):
        busy = [b for b in boxes("busy") if function_of[b.pool] == f]
        assert fleet.in_flight(f) == len(busy)


def test_rates_of_requests_do_not_hold_for_events() -> None:
    fleet = Fleet(account_limit=10)
    pool = fleet.add_pool(fleet.add_function(reserved=1))
    codes = []
    for _ in range(50):
        code, slot = fleet.arrive(1.0, pool, paced=0)
        codes.append(code)
        fleet.finish(1.0, slot, 60.0)
    assert codes == [rules.COLD] + [rules.WARM] * 49
    # Events do not use up the requests' rate: 10 per second for each unit of concurrency.
    answers = []
    for _ in range(11):
        code, slot = fleet.arrive(1.0, pool)
        answers.append(code)
        if slot >= 0:
            fleet.finish(1.0, slot, 60.0)
    assert answers == [rules.WARM] * 10 + [rules.THROTTLE_RESERVED_RATE]

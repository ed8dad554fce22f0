"""Who is next when concurrency becomes free."""

from __future__ import annotations

import doctest
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.scheduling import fleet, waiting
from lambda_nb.rules.scheduling.scheduler import Fleet
from lambda_nb.rules.scheduling.waiting import WaitingRoom

entries = st.lists(st.integers(0, 3), max_size=40)


def test_the_examples() -> None:
    assert doctest.testmod(waiting).failed == 0


@given(entries)
def test_each_pool_is_served_in_order_and_nobody_twice(pools: list[int]) -> None:
    room = WaitingRoom[int]()
    for ticket, pool in enumerate(pools):
        room.enter(pool, ticket)
    assert len(room) == len(pools)
    served: dict[int, list[int]] = defaultdict(list)
    while (called := room.next(lambda pool: True)) is not None:
        served[called[0]].append(called[1])
    assert not room
    for pool, tickets in served.items():
        assert tickets == [t for t, p in enumerate(pools) if p == pool]
    assert sum(map(len, served.values())) == len(pools)


@given(entries)
def test_a_pool_waits_for_no_more_than_one_turn_of_each_other(pools: list[int]) -> None:
    room = WaitingRoom[int]()
    for ticket, pool in enumerate(pools):
        room.enter(pool, ticket)
    while room:
        waiting_for = set(room.pools())
        turns = [room.next(lambda pool: True) for _ in waiting_for]
        assert {turn[0] for turn in turns if turn is not None} == waiting_for


@given(entries, st.sets(st.integers(0, 3)), st.integers(0, 3))
def test_only_pools_with_room_are_called(
    pools: list[int], with_room: set[int], closed: int
) -> None:
    room = WaitingRoom[int]()
    for ticket, pool in enumerate(pools):
        room.enter(pool, ticket)
    sent_away = room.dismiss(closed)
    assert sent_away == [t for t, p in enumerate(pools) if p == closed]
    called = set()
    while (turn := room.next(with_room.__contains__)) is not None:
        called.add(turn[1])
    assert called == {t for t, p in enumerate(pools) if p in with_room - {closed}}
    for ticket, pool in enumerate(pools):
        room.leave(pool, ticket)
    assert not room


steps = st.lists(
    st.tuples(st.sampled_from(["arrive", "finish"]), st.integers(0, 2), st.floats(0, 5)),
    max_size=60,
)


@given(steps, st.integers(0, 3), st.integers(1, 4), st.integers(0, 2))
def test_room_is_what_an_arrival_finds(
    what: list[tuple[str, int, float]], reserved: int, limit: int, provisioned: int
) -> None:
    """``has_room`` predicts whether concurrency limits will refuse a request."""
    model = Fleet(account_limit=limit + reserved + provisioned)
    pools = [
        model.add_pool(model.add_function()),
        model.add_pool(model.add_function(reserved=reserved)),
        model.add_pool(model.add_function()),
    ]
    for slot in model.set_provisioned(0.0, pools[2], provisioned):
        model.ready(0.0, slot)
    now, busy = 0.0, list[int]()
    for action, place, pause in what:
        now += pause
        if action == "finish":
            if busy:
                model.finish(now, busy.pop(place % len(busy)), 60.0)
            continue
        expected = model.has_room(pools[place])
        code, slot = model.arrive(now, pools[place], paced=0)
        assert expected == (code not in (fleet.THROTTLE_ACCOUNT, fleet.THROTTLE_RESERVED))
        if slot >= 0:
            busy.append(slot)

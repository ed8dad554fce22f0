"""Work is done in order, and as much as possible at once."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_nb.engine.stacks.deploying.steps.walk import reversed_needs, walk


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = draw(st.lists(st.sampled_from("ABCDEFGH"), unique=True))
    return {
        name: draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        for place, name in enumerate(names)
    }


@settings(deadline=None, max_examples=30)
@given(graphs(), st.sets(st.sampled_from("ABCDEFGH")))
def test_needs_are_done_before(graph: dict[str, list[str]], failing: set[str]) -> None:
    begun: list[str] = []
    finished: list[str] = []
    lock = threading.Lock()

    def work(name: str) -> bool:
        with lock:
            assert set(graph[name]) <= set(finished)
            begun.append(name)
        with lock:
            if name not in failing:
                finished.append(name)
        return name not in failing

    done = walk(graph, work, lambda: True)
    assert done == set(finished)
    for name in graph:
        if name not in begun:
            assert not set(graph[name]) <= done


def test_no_more_than_allowed_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(3, timeout=30)

    def work(name: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait()
        with lock:
            running -= 1
        return True

    assert len(walk({str(n): [] for n in range(9)}, work, lambda: True, most=3)) == 9
    assert most == 3


def test_nothing_more_is_begun_when_it_is_over() -> None:
    over = threading.Event()

    def work(name: str) -> bool:
        over.set()
        return True

    needs = {"A": [], "B": ["A"], "C": ["B"]}
    assert walk(needs, work, lambda: not over.is_set()) == {"A"}


def test_errors_come_out() -> None:
    def work(name: str) -> bool:
        raise LookupError(name)

    with pytest.raises(LookupError, match="A"):
        walk({"A": []}, work, lambda: True)


@given(graphs())
def test_twice_reversed_is_the_same(graph: dict[str, list[str]]) -> None:
    twice = reversed_needs(reversed_needs(graph))
    assert twice == {name: set(needs) for name, needs in graph.items()}

"""The phases of an environment: which may follow which, and what ends the wait for a phase."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.execution.environment.phases import FOLLOWS, Phase, Phases

PHASES = list(FOLLOWS)


def reach(phases: Phases, phase: Phase) -> None:
    """Go to a phase by the shortest path."""
    ways: list[list[Phase]] = [["new"]]
    while ways[0][-1] != phase:
        way = ways.pop(0)
        ways += [[*way, following] for following in sorted(FOLLOWS[way[-1]])]
    for step in ways[0][1:]:
        phases.enter(step)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PHASES, PHASES)))
async def test_only_what_the_picture_shows_can_follow(before: Phase, after: Phase) -> None:
    phases = Phases()
    reach(phases, before)
    assert phases.now == before
    if after in FOLLOWS[before]:
        phases.enter(after)
        assert phases.now == after
    elif before == "ended":
        phases.enter(after)
        assert phases.now == "ended"
    else:
        with pytest.raises(RuntimeError, match=f"from {before} to {after}"):
            phases.enter(after)
        assert phases.now == before


@given(st.lists(st.sampled_from(PHASES), max_size=30))
def test_an_event_is_run_only_by_a_runtime_that_waits_for_one(wanted: list[Phase]) -> None:
    async def walk() -> None:
        phases, entered = Phases(), ["new"]
        for phase in wanted:
            try:
                phases.enter(phase)
            except RuntimeError:
                continue
            if phases.now == phase != entered[-1]:
                entered.append(phase)
        for before, after in itertools.pairwise(entered):
            assert after != "invoke" or before == "ready"
            assert after != "ready" or before in ("init", "restore", "invoke")
            assert before != "ended"

    asyncio.run(walk())


async def test_a_wait_ends_when_everybody_is_done_and_not_before() -> None:
    phases, done = Phases(), False
    waiting = phases.wait(60, lambda: done)
    phases.check()
    assert not waiting.done()
    done = True
    phases.check()
    assert await waiting == "next"
    phases.end("exit")
    assert await waiting == "next", "a wait ends once"
    phases.close()


async def test_a_wait_ends_at_its_own_deadline_whatever_was_waited_for_before() -> None:
    phases = Phases()
    loop = asyncio.get_running_loop()
    long = phases.wait(60, lambda: False)
    phases.end("exit")
    assert await long == "exit"
    began = loop.time()
    assert await phases.wait(0.05, lambda: False) == "timeout"
    assert loop.time() - began >= 0.05
    first = phases.wait(0.05, lambda: True)
    phases.check()
    assert await first == "next"
    began = loop.time()  # the first wait's timer is due in the middle of this one
    assert await phases.wait(0.15, lambda: False) == "timeout"
    assert loop.time() - began >= 0.15
    phases.close()
    assert phases.now == "ended"

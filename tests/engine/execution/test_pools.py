"""The pool of a new revision is made once; the requests that wait for it go on in order."""

from __future__ import annotations

import asyncio

import pytest
from execution_lab import Lab, lab, make_lab

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution.pools import Pool, Pools
from lambda_nb.engine.model import FunctionVersion

__all__ = ["lab", "make_lab"]

ECHO = "def handler(event, context):\n    return event\n"


def pools_of(lab: Lab) -> Pools:
    return lab.executor._pools


class Arrivals:
    """Requests that arrive one after the other, and the order in which they got their pool."""

    def __init__(self, pools: Pools, function: FunctionVersion) -> None:
        self._pools = pools
        self._function = function
        self.tasks: list[asyncio.Task[None]] = []
        self.went_on: list[int] = []
        self.got: list[Pool] = []

    def come(self) -> None:
        self.tasks.append(asyncio.create_task(self._arrive(len(self.tasks))))

    async def _arrive(self, number: int) -> None:
        found = self._pools.find(self._function, "")
        pool = found or await self._pools.make(self._function, "")
        self.went_on.append(number)
        self.got.append(pool)


async def test_nobody_overtakes_those_who_wait_for_a_pool(lab: Lab) -> None:
    arrivals = Arrivals(pools_of(lab), lab.function(ECHO))
    for _ in range(5):
        arrivals.come()
    while not arrivals.went_on:  # one in each turn of the event loop
        arrivals.come()
        await asyncio.sleep(0)
    for _ in range(100):
        arrivals.come()
        await asyncio.sleep(0)
    await asyncio.gather(*arrivals.tasks)
    assert len(arrivals.went_on) > 105
    assert arrivals.went_on == sorted(arrivals.went_on)
    assert len({id(pool) for pool in arrivals.got}) == 1


async def test_a_caller_that_leaves_takes_nothing_from_the_others(lab: Lab) -> None:
    pools, function = pools_of(lab), lab.function(ECHO)
    arrivals = Arrivals(pools, function)
    for _ in range(3):
        arrivals.come()
    await asyncio.sleep(0)
    arrivals.tasks[0].cancel()
    await asyncio.gather(*arrivals.tasks, return_exceptions=True)
    assert arrivals.went_on == [1, 2]
    assert arrivals.got[0] is arrivals.got[1] is pools.find(function, "")


async def test_a_pool_whose_callers_all_left_is_made_once(lab: Lab) -> None:
    pools, function = pools_of(lab), lab.function(ECHO)
    alone = Arrivals(pools, function)
    alone.come()
    await asyncio.sleep(0)
    alone.tasks[0].cancel()
    await asyncio.gather(*alone.tasks, return_exceptions=True)
    later = await pools.make(function, "")
    assert later is pools.find(function, "")
    assert len(pools.matching(lambda key: key[0] == function.name)) == 1


async def test_all_who_wait_for_a_pool_that_cannot_be_made_are_told(lab: Lab) -> None:
    pools, function = pools_of(lab), lab.function(ECHO, runtime="dotnet8")
    told = await asyncio.gather(
        *(pools.make(function, "") for _ in range(3)), return_exceptions=True
    )
    assert {type(error) for error in told} == {AWSError}
    with pytest.raises(AWSError):  # and a later caller as well
        await pools.make(function, "")

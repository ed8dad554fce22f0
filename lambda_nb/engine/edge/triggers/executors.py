"""The execution environments of each edge location."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution import Executor


class Executors:
    """An executor for each location, started when a function first runs there.

    So environments, cold starts and concurrency are the location's own.

    Parameters
    ----------
    make
        Makes the executor of a location's code and Region; :meth:`at` starts it.
    region_of_location
        The Region in which the functions of a location run.
    """

    def __init__(
        self,
        make: Callable[[str, str], Executor],
        region_of_location: Callable[[str], str],
    ) -> None:
        self._make = make
        self._region_of_location = region_of_location
        self._up: dict[str, Executor] = {}
        self._starting: dict[str, asyncio.Task[Executor]] = {}
        self._closed = False

    def up(self, location: str) -> Executor | None:
        """The executor of a location, if it has been started."""
        return self._up.get(location)

    async def at(self, location: str) -> Executor:
        """The executor of a location.

        Raises
        ------
        AWSError
            The engine ends.
        """
        executor = self._up.get(location)
        if executor is not None:
            return executor
        if self._closed:
            raise AWSError("ServiceException", "The engine is shutting down.", 500)
        if location not in self._starting:
            self._starting[location] = asyncio.ensure_future(self._start(location))
        # A viewer who goes away must not take the executor from the next one.
        return await asyncio.shield(self._starting[location])

    def region_of(self, location: str) -> str:
        """The Region in which the functions of a location run."""
        return self._region_of_location(location)

    def deleted(self, name: str, version: str | None) -> None:
        """End the environments of a replica everywhere; as in ``ControlHooks``."""
        for executor in self._up.values():
            executor.hooks.deleted(name, version)

    def status(self) -> dict[str, Any]:
        """What runs at each location."""
        return {code: executor.status() for code, executor in self._up.items()}

    async def close(self) -> None:
        """End every environment."""
        self._closed = True
        await asyncio.gather(*self._starting.values(), return_exceptions=True)
        await asyncio.gather(*(executor.close() for executor in self._up.values()))

    async def _start(self, location: str) -> Executor:
        executor = self._make(location, self._region_of_location(location))
        try:
            await executor.start()
        except BaseException:
            del self._starting[location]
            await executor.close()
            raise
        self._up[location] = executor
        return executor

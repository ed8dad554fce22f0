"""Series of CloudWatch for an endpoint that cannot keep them apart.

AWS keeps a figure under several sets of dimensions, each a series of its own. moto's
GetMetricStatistics adds up all series that have the dimensions asked for: it would tell of two
invocations where there was one. Our own neighbours are taught better; a moto that is not ours is
given one series of each figure, that of the function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp

_Values = TypeVar("_Values")
_Series = tuple[str, str, tuple[tuple[str, str], ...], int, str]


class OneSeries:
    """Picks what an external endpoint is sent of the waiting figures.

    Parameters
    ----------
    url
        The endpoint.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_moto: bool | None = None

    async def __call__(self, waiting: Mapping[_Series, _Values]) -> Mapping[_Series, _Values]:
        """All figures, or for a moto those with one dimension: the function, or the mapping.

        Raises
        ------
        aiohttp.ClientError
            The endpoint does not answer.
        """
        if self._is_moto is None:
            self._is_moto = await self._asked()
        if not self._is_moto:
            return waiting
        return {series: values for series, values in waiting.items() if len(series[2]) == 1}

    async def _asked(self) -> bool:
        timeout: Any = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self._url}/moto-api/", allow_redirects=False) as reply,
        ):
            return reply.status == 200 and b"moto" in (await reply.read()).lower()

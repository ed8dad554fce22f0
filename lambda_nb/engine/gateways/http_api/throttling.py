"""Limits of requests a second for the routes of a stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.gateways.shared.token_bucket import TokenBucket

_Kept = tuple[tuple[float, float], TokenBucket]  # rate and burst, and the bucket that has them


class Throttling:
    """The limits of a stage: its default for each route, and those of single routes.

    Parameters
    ----------
    stage
        As GetStage shows it.
    before
        What was in force until the stage changed: limits that stay the same go on counting.
    now
        Seconds, of a clock that never goes back.
    """

    def __init__(
        self,
        stage: Mapping[str, Any],
        before: Throttling | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._default = stage.get("DefaultRouteSettings") or {}
        self._routes = stage.get("RouteSettings") or {}
        self._buckets: dict[str, _Kept] = {}
        self._before: dict[str, _Kept] = {}
        if before is not None:
            self._before = {**before._before, **before._buckets}
        self._now = now
        self.any = any(
            settings.get("ThrottlingRateLimit") is not None
            or settings.get("ThrottlingBurstLimit") is not None
            for settings in (self._default, *self._routes.values())
        )

    def lets_in(self, route_key: str) -> bool:
        """Whether a request of a route is within its limits; if so, it counts."""
        found = self._buckets.get(route_key)
        if found is None:
            limits = self._limits(route_key)
            if limits is None:
                return True
            kept = self._before.get(route_key)
            found = kept if kept and kept[0] == limits else (limits, TokenBucket(*limits))
            self._buckets[route_key] = found
        return found[1].take(self._now())

    def _limits(self, route_key: str) -> tuple[float, float] | None:
        own = {**self._default, **self._routes.get(route_key, {})}
        rate, burst = own.get("ThrottlingRateLimit"), own.get("ThrottlingBurstLimit")
        # One without the other limits by itself.
        rate, burst = rate if rate is not None else burst, burst if burst is not None else rate
        return None if rate is None or burst is None else (float(rate), float(burst))

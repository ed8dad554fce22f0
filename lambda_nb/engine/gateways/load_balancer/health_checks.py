"""Health checks of functions: each is invoked at its target group's interval.

A target that is unhealthy still gets requests, as on AWS where a target group has no other: so a
check changes nothing but what the log says.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.load_balancer.configuration import Configuration
from lambda_nb.engine.gateways.load_balancer.functions_as_targets import Failed, FunctionTargets

log = logging.getLogger(__name__)


class HealthChecks:
    """Checks the functions of the target groups of one Region that ask for it.

    Parameters
    ----------
    configuration
        Says which target groups there are.
    changes
        Says when to look again.
    targets
        Invokes the functions.
    region
        The Region.
    """

    def __init__(
        self,
        configuration: Configuration,
        changes: ServiceChanges,
        targets: FunctionTargets,
        region: str,
    ) -> None:
        self._configuration = configuration
        self._changes = changes
        self._targets = targets
        self._region = region
        self._changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self._checking: dict[str, tuple[dict[str, Any], asyncio.Task[None]]] = {}

    def start(self) -> None:
        """Begin to follow what is configured."""
        self._following = asyncio.ensure_future(self._follow())
        self._changes.watch(self._region, self._changed.set)

    async def close(self) -> None:
        """End all checks."""
        tasks = [task for _, task in self._checking.values()]
        if self._following is not None:
            tasks.append(self._following)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                wanted = {
                    group["TargetGroupArn"]: group
                    for group in await self._configuration.target_groups()
                }
            except AWSError as error:
                log.warning("health checks stay as they are: %s", error.message)
                continue
            for arn, (group, task) in list(self._checking.items()):
                if wanted.get(arn) != group:
                    task.cancel()
                    del self._checking[arn]
            for arn, group in wanted.items():
                if arn not in self._checking:
                    task = asyncio.ensure_future(self._check(group))
                    self._checking[arn] = (group, task)

    async def _check(self, group: dict[str, Any]) -> None:
        """Check one function for as long as its target group stays as it is."""
        health = Health(int(group["HealthyThresholdCount"]), int(group["UnhealthyThresholdCount"]))
        codes = (group.get("Matcher") or {}).get("HttpCode") or "200"
        while True:
            try:
                status = await self._targets.check(
                    group["TargetGroupArn"],
                    group["Function"],
                    group.get("HealthCheckPath") or "/",
                    multi_value=group["MultiValue"],
                    timeout_s=group["HealthCheckTimeoutSeconds"],
                )
                why = "" if matches(codes, status) else f"it answered {status}, not {codes}"
            except Failed as error:
                why = str(error)
            if health.turned(passed=not why):
                words = f"is unhealthy: {why}" if why else "is healthy"
                log.warning("%s in %s %s", group["Function"], group["TargetGroupArn"], words)
            await asyncio.sleep(group["HealthCheckIntervalSeconds"])


class Health:
    """Counts checks: so many in a row make a target healthy or unhealthy.

    Parameters
    ----------
    healthy, unhealthy
        The thresholds. The first check that passes makes a new target healthy.
    """

    def __init__(self, healthy: int, unhealthy: int) -> None:
        self._needed = {True: healthy, False: unhealthy}
        self._state: bool | None = None
        self._row = 0
        self._last: bool | None = None

    def turned(self, *, passed: bool) -> bool:
        """Take a check; whether the target has become unhealthy, or healthy again."""
        self._row = self._row + 1 if passed == self._last else 1
        self._last = passed
        if self._state is None and passed:
            self._state = True
            return False
        if passed == self._state or self._row < self._needed[passed]:
            return False
        self._state = passed
        return True


def matches(codes: str, status: int) -> bool:
    """Whether a status is among the codes of a target group's matcher.

    Examples
    --------
    >>> matches("200,300-399", 302), matches("200,300-399", 201)
    (True, False)
    """
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False

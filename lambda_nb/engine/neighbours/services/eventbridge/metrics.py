"""CloudWatch metrics of EventBridge (AWS/Events) and of its Scheduler (AWS/Scheduler)."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import Any

log = logging.getLogger(__name__)

EVERY_S = 1.0
_Series = tuple[str, str, str, str, tuple[tuple[str, str], ...]]


class Metrics:
    """Counts in memory and puts the sums into CloudWatch once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[_Series] = Counter()

    def start(self) -> None:
        """Put the counts in the background."""
        threading.Thread(target=self._run, name="eventbridge-metrics", daemon=True).start()

    def of_rule(self, rule: str, bus: str, where: tuple[str, str], *names: str) -> None:
        """Count once for a rule; ``where`` is its account and Region."""
        dimensions = [("RuleName", rule)]
        if bus != "default":
            dimensions.insert(0, ("EventBusName", bus))
        self._count("AWS/Events", where, dimensions, names)

    def of_bus(self, bus: str, where: tuple[str, str], *names: str) -> None:
        """Count once for an event bus."""
        self._count("AWS/Events", where, [("EventBusName", bus)], names)

    def of_account(self, where: tuple[str, str], *names: str) -> None:
        """Count once for an account in a Region."""
        self._count("AWS/Events", where, [], names)

    def of_group(self, group: str, where: tuple[str, str], *names: str) -> None:
        """Count once for a group of schedules."""
        self._count("AWS/Scheduler", where, [("ScheduleGroup", group)], names)

    def _count(
        self,
        namespace: str,
        where: tuple[str, str],
        dimensions: list[tuple[str, str]],
        names: tuple[str, ...],
    ) -> None:
        with self._lock:
            for name in names:
                self._counts[(where[0], where[1], namespace, name, tuple(dimensions))] += 1

    def _run(self) -> None:
        while True:
            time.sleep(EVERY_S)
            try:
                self.put()
            except Exception:  # a metric must not end the thread
                log.exception("metrics of EventBridge are lost")

    def put(self) -> None:
        """Put what was counted."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        from moto.cloudwatch.models import cloudwatch_backends

        for (account, region, namespace, name, dimensions), count in counts.items():
            named = [{"Name": key, "Value": value} for key, value in dimensions]
            datum: dict[str, Any] = {
                "MetricName": name,
                "Dimensions": named,
                "Unit": "Count",
                "Values": [1.0],
                "Counts": [float(count)],
            }
            cloudwatch_backends[account][region].put_metric_data(namespace, [datum])

"""Log lines and figures of the Regions where functions run at the edge."""

from __future__ import annotations

from typing import Protocol

from lambda_nb.engine.telemetry.log_lines import LogShipper
from lambda_nb.engine.telemetry.metrics import Metrics


class Makes(Protocol):
    """Makes what takes log lines and figures."""

    def telemetry(self, region: str) -> tuple[LogShipper, Metrics]:
        """Both, for a Region."""


class EdgeTelemetry:
    """What takes log lines and figures, by Region; made when first needed.

    Parameters
    ----------
    maker
        Makes it.
    """

    def __init__(self, maker: Makes) -> None:
        self._maker = maker
        self._made: dict[str, tuple[LogShipper, Metrics]] = {}

    def of(self, region: str) -> tuple[LogShipper, Metrics]:
        """That of a Region."""
        if region not in self._made:
            self._made[region] = self._maker.telemetry(region)
        return self._made[region]

    async def close(self) -> None:
        """Send what waits, and stop."""
        for logs, metrics in self._made.values():
            await metrics.close()
            await logs.close()

"""What usage plans let their keys do: quotas and throttles, whatever kind of API is called."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.gateways.configuration.rest.account import THROTTLE
from lambda_nb.engine.gateways.configuration.rest.keys.usage import Usage
from lambda_nb.engine.gateways.shared.token_bucket import TokenBuckets


class QuotaExceeded(Exception):  # noqa: N818
    """A key has used up its plan's quota."""


class TooFast(Exception):  # noqa: N818
    """A key is used more often than its plan's throttle allows."""


class Meter:
    """Counts the requests of keys, and stops them where a plan says so.

    Parameters
    ----------
    usage
        How often keys were used.
    """

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._buckets = TokenBuckets()

    def spend(
        self,
        plan: Mapping[str, Any],
        key_id: str,
        throttle: Mapping[str, Any] | None,
        of: Hashable = (),
    ) -> None:
        """Count one request of a key.

        Parameters
        ----------
        throttle
            The limits that count; what they leave out is the account's.
        of
            Whom they are for, where they are not the plan's own.

        Raises
        ------
        QuotaExceeded, TooFast
            The request is one too many. It is not counted.
        """
        quota = plan.get("quota")
        if quota is not None:
            period, offset = quota["period"], quota.get("offset", 0)
            if self._usage.used(plan["id"], key_id, period, offset, time.time()) >= quota["limit"]:
                raise QuotaExceeded
        if throttle:
            limits = {**THROTTLE, **throttle}
            name = (plan["id"], key_id, of)
            rate, burst = limits["rateLimit"], limits["burstLimit"]
            if not self._buckets.take(name, rate, burst, time.monotonic()):
                raise TooFast
        self._usage.record(plan["id"], key_id, str(datetime.now(timezone.utc).date()))

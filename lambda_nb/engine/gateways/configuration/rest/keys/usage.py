"""How often API keys were used: counted in memory, kept in the store every second."""

from __future__ import annotations

import asyncio
import copy
import logging
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.keys.usage_plans import UsagePlans
from lambda_nb.engine.model import Caller, Operation, Request, Response

KEEP_S = 1.0
"""How long counts may stay unwritten: a killed engine forgets at most these seconds."""
MOST_DAYS = 90
"""Days that a ``GetUsage`` call may span (API reference, 2026)."""
KEPT_DAYS = 120
"""Days of each key that are kept: those that a call may ask for, and a month's quota."""

log = logging.getLogger(__name__)


class Usage:
    """What API keys used of their plans.

    Parameters
    ----------
    records
        Where keys and plans are kept.
    store
        Where counts are kept: written past ``records``, since they change no configuration.
    plans
        The usage plans.
    """

    def __init__(self, records: Records, store: Store, plans: UsagePlans) -> None:
        self._records = records
        self._store = store
        self._plans = plans
        self._fresh: dict[tuple[str, str], Record] = {}
        self._timer: asyncio.TimerHandle | None = None

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"GetUsage": self._get, "UpdateUsage": self._update}

    def record(self, plan_id: str, key_id: str, day: str) -> None:
        """Count one request.

        Parameters
        ----------
        day
            In UTC, as ``2026-01-31``.
        """
        days = self._changeable(plan_id, key_id)["days"]
        if day in days:
            days[day] += 1
        else:
            days[day] = 1
            for old in sorted(days)[:-KEPT_DAYS]:
                del days[old]
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(KEEP_S, self.keep)

    def used(self, plan_id: str, key_id: str, period: str, offset: int, now: float) -> int:
        """How many requests count against a quota in its present period.

        Parameters
        ----------
        period
            ``DAY``, ``WEEK`` or ``MONTH``.
        offset
            The day on which a week (0 is Sunday) or a month (0 is the 1st) begins.
        now
            Seconds since 1970.
        """
        today = datetime.fromtimestamp(now, timezone.utc).date()
        return self._used(plan_id, key_id, first_day(period, offset, today), today)

    def keep(self) -> None:
        """Write what was counted since the last time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._fresh:
            return
        try:
            with self._store.write() as batch:
                for (plan_id, key_id), counts in self._fresh.items():
                    if self._records.find(kept.USAGE_PLAN_KEY, plan_id, key_id) is not None:
                        batch.put(kept.USAGE, plan_id, key_id, counts)
        except sqlite3.Error as error:
            log.warning("the usage of API keys is not written yet: %s", error)
        else:
            self._fresh = {}

    def _counts(self, plan_id: str, key_id: str) -> Record:
        fresh = self._fresh.get((plan_id, key_id))
        return fresh or self._records.find(kept.USAGE, plan_id, key_id) or {"days": {}, "extra": {}}

    def _changeable(self, plan_id: str, key_id: str) -> Record:
        """The counts of a key, as they may be changed until they are written."""
        fresh = self._fresh.get((plan_id, key_id))
        if fresh is None:
            fresh = copy.deepcopy(self._counts(plan_id, key_id))
            self._fresh[plan_id, key_id] = fresh
        return fresh

    def _used(self, plan_id: str, key_id: str, first: date, last: date) -> int:
        """What counts in a period that began on ``first``, until ``last``."""
        counts = self._counts(plan_id, key_id)
        days: dict[str, int] = counts["days"]
        extra: dict[str, int] = counts["extra"]
        within = (number for day, number in days.items() if str(first) <= day <= str(last))
        return sum(within) - extra.get(str(first), 0)

    def _get(self, request: Request, caller: Caller) -> Response:
        plan = self._plans.find(request["usagePlanId"])
        first, last = _day(request["startDate"]), _day(request["endDate"])
        if last < first or (last - first).days >= MOST_DAYS:
            raise bad_request(
                f"Invalid date range: endDate must follow startDate within {MOST_DAYS} days"
            )
        wanted = request.get("keyId")
        keys = sorted(self._records.children(kept.USAGE_PLAN_KEY, plan["id"]))
        days = [first + timedelta(number) for number in range((last - first).days + 1)]
        return {
            **_head(plan, request),
            "items": {
                key: [self._line(plan, key, day) for day in days]
                for key in keys
                if wanted in (None, key)
            },
        }

    def _update(self, request: Request, caller: Caller) -> Response:
        """Give a key more, or less, of its quota for the rest of the period."""
        plan, key_id = self._plans.find(request["usagePlanId"]), request["keyId"]
        if self._records.find(kept.USAGE_PLAN_KEY, plan["id"], key_id) is None:
            raise not_found("Invalid Usage Plan Key identifier specified")
        quota = plan.get("quota")
        if quota is None:
            raise bad_request(f"Usage Plan {plan['id']} has no quota")
        today = datetime.now(timezone.utc).date()
        first = first_day(quota["period"], quota.get("offset", 0), today)
        for operation in patches.operations_of(request):
            if (operation["op"], operation["path"]) != ("replace", "/remaining"):
                possible = ["/remaining"] if operation["op"] == "replace" else []
                raise patches.unsupported(operation, possible)
            wanted = patches.integer(patches.value_of(operation))
            missing = wanted - (quota["limit"] - self._used(plan["id"], key_id, first, today))
            counts = self._changeable(plan["id"], key_id)
            counts["extra"] = {str(first): counts["extra"].get(str(first), 0) + missing}
        self.keep()
        return {
            **_head(plan, {"startDate": str(today), "endDate": str(today)}),
            "items": {key_id: [self._line(plan, key_id, today)]},
        }

    def _line(self, plan: Record, key_id: str, day: date) -> list[int]:
        """Used on a day, and left of the quota at its end; without a quota, -1."""
        quota: Mapping[str, Any] | None = plan.get("quota")
        used = int(self._counts(plan["id"], key_id)["days"].get(str(day), 0))
        if quota is None:
            return [used, -1]
        first = first_day(quota["period"], quota.get("offset", 0), day)
        return [used, max(0, quota["limit"] - self._used(plan["id"], key_id, first, day))]


def first_day(period: str, offset: int, day: date) -> date:
    """The first day of the quota's period that a day is in."""
    if period == "WEEK":
        since_sunday = (day.weekday() + 1) % 7
        return day - timedelta((since_sunday - offset) % 7)
    if period == "MONTH":
        begins = offset + 1
        if day.day >= begins:
            return day.replace(day=begins)
        last_of_month_before = day.replace(day=1) - timedelta(1)
        return last_of_month_before.replace(day=begins)
    return day


def _head(plan: Record, request: Request) -> Response:
    return {
        "usagePlanId": plan["id"],
        "startDate": request["startDate"],
        "endDate": request["endDate"],
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid date specified: {text}. It must be YYYY-MM-DD") from None

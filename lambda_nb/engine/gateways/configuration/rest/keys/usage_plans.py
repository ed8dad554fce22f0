"""Usage plans: which API keys may call which stages, how often."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.patches import Operation as Patch
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.keys import api_keys
from lambda_nb.engine.model import Caller, Operation, Request, Response

UNKNOWN = "Invalid Usage Plan ID specified"
PERIODS = ("DAY", "WEEK", "MONTH")
_STAGE = re.compile(r"/apiStages/([^/:]+):([^/]+)/throttle(/.+)?")
_LIMIT = re.compile(r"/(.+)/(rateLimit|burstLimit)")
_LIMITS = {"rateLimit": patches.number, "burstLimit": patches.integer}
_RULES = {
    "/name": patches.value(),
    "/description": patches.value(patches.text, "add", "replace", "remove"),
    "/productCode": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/throttle": patches.value(patches.text, "remove"),
    "/throttle/rateLimit": patches.value(patches.number, "add", "replace", "remove"),
    "/throttle/burstLimit": patches.value(patches.integer, "add", "replace", "remove"),
    "/quota": patches.value(patches.text, "remove"),
    "/quota/limit": patches.value(patches.integer, "add", "replace", "remove"),
    "/quota/offset": patches.value(patches.integer, "add", "replace", "remove"),
    "/quota/period": patches.value(patches.one_of(*PERIODS), "add", "replace", "remove"),
}


@dataclass(frozen=True, slots=True)
class PlanOfKeys:
    """A usage plan with its keys.

    Attributes
    ----------
    plan
        As ``GetUsagePlan`` shows it.
    key_ids
        The ids of its API keys.
    """

    plan: Record
    key_ids: frozenset[str]


class UsagePlans:
    """The usage plans of a Region.

    Parameters
    ----------
    records
        Where they are kept.

    Attributes
    ----------
    others : list of callable
        Whether there is an API with an id and a stage that is kept elsewhere.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.others: list[Callable[[str, str], bool]] = []

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateUsagePlan": self._create,
            "GetUsagePlan": self._get,
            "GetUsagePlans": self._list,
            "UpdateUsagePlan": self._update,
            "DeleteUsagePlan": self._delete,
            "CreateUsagePlanKey": self._create_key,
            "GetUsagePlanKey": self._get_key,
            "GetUsagePlanKeys": self._list_keys,
            "DeleteUsagePlanKey": self._delete_key,
        }

    def all(self) -> dict[str, PlanOfKeys]:
        """All plans with their keys, by id."""
        return {
            plan_id: PlanOfKeys(
                plan, frozenset(self._records.children(kept.USAGE_PLAN_KEY, plan_id))
            )
            for plan_id, plan in self._records.children(kept.USAGE_PLAN, "").items()
        }

    def find(self, plan_id: str) -> Record:
        """One plan.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is none of that id.
        """
        found = self._records.find(kept.USAGE_PLAN, "", plan_id)
        if found is None:
            raise not_found(UNKNOWN)
        return found

    def _create(self, request: Request, caller: Caller) -> Response:
        plan: Record = {
            "id": kept.new_id(),
            "name": request["name"],
            "apiStages": request.get("apiStages", []),
        }
        for member in ("description", "throttle", "quota", "tags"):
            if request.get(member):
                plan[member] = request[member]
        self._check(plan)
        return self._records.put(kept.USAGE_PLAN, "", plan["id"], plan)

    def _get(self, request: Request, caller: Caller) -> Response:
        return self.find(request["usagePlanId"])

    def _list(self, request: Request, caller: Caller) -> Response:
        key_id = request.get("keyId")
        plans = [
            plan
            for plan_id, plan in self._records.children(kept.USAGE_PLAN, "").items()
            if key_id is None or self._records.find(kept.USAGE_PLAN_KEY, plan_id, key_id)
        ]
        return page(request, plans, lambda plan: str(plan["id"]))

    def _update(self, request: Request, caller: Caller) -> Response:
        plan = copy.deepcopy(self.find(request["usagePlanId"]))
        for operation in patches.operations_of(request):
            if operation["path"] == "/apiStages":
                _change_stages(plan, operation)
            elif stage := _STAGE.fullmatch(operation["path"]):
                _change_throttle(plan, stage, operation)
            else:
                patches.apply_one(plan, operation, _RULES)
        self._check(plan)
        return self._records.put(kept.USAGE_PLAN, "", plan["id"], plan)

    def _delete(self, request: Request, caller: Caller) -> Response:
        plan = self.find(request["usagePlanId"])
        if plan["apiStages"]:
            raise bad_request(
                f"Usage Plan {plan['id']} cannot be deleted until associated API stages are removed"
            )
        with self._records.write() as batch:
            batch.delete(kept.USAGE_PLAN, "", plan["id"])
            for kind in (kept.USAGE_PLAN_KEY, kept.USAGE):
                for key_id in self._records.children(kind, plan["id"]):
                    batch.delete(kind, plan["id"], key_id)
        return {}

    def _create_key(self, request: Request, caller: Caller) -> Response:
        plan, key_id = self.find(request["usagePlanId"]), request["keyId"]
        if request["keyType"] != "API_KEY":
            raise bad_request("Invalid usage plan key type specified. It must be API_KEY")
        if self._records.find(kept.API_KEY, "", key_id) is None:
            raise not_found(api_keys.UNKNOWN)
        for other in self.all().values():
            if key_id not in other.key_ids:
                continue
            if other.plan["id"] == plan["id"]:
                raise conflict(f"API Key {key_id} is already in the Usage plan {plan['id']}")
            for stage in plan["apiStages"]:
                if (stage["apiId"], stage["stage"]) in _stages(other.plan):
                    raise conflict(
                        f"API Key {key_id} is already subscribed to a Usage plan with API Stage "
                        f"{stage['apiId']}:{stage['stage']}"
                    )
        record = {"id": key_id, "type": "API_KEY"}
        self._records.put(kept.USAGE_PLAN_KEY, plan["id"], key_id, record)
        return self._shown(record)

    def _get_key(self, request: Request, caller: Caller) -> Response:
        return self._shown(self._key(request))

    def _list_keys(self, request: Request, caller: Caller) -> Response:
        plan = self.find(request["usagePlanId"])
        keys = [
            key
            for record in self._records.children(kept.USAGE_PLAN_KEY, plan["id"]).values()
            if (key := self._shown(record)).get("name", "").startswith(request.get("nameQuery", ""))
        ]
        return page(request, keys, lambda key: str(key["id"]))

    def _delete_key(self, request: Request, caller: Caller) -> Response:
        key = self._key(request)
        with self._records.write() as batch:
            batch.delete(kept.USAGE_PLAN_KEY, request["usagePlanId"], key["id"])
            batch.delete(kept.USAGE, request["usagePlanId"], key["id"])
        return {}

    def _key(self, request: Request) -> Record:
        plan = self.find(request["usagePlanId"])
        found = self._records.find(kept.USAGE_PLAN_KEY, plan["id"], request["keyId"])
        if found is None:
            raise not_found("Invalid Usage Plan Key identifier specified")
        return found

    def _shown(self, record: Record) -> Response:
        key = self._records.find(kept.API_KEY, "", record["id"]) or {}
        return {**record, **{name: key[name] for name in ("name", "value") if name in key}}

    def _check(self, plan: Record) -> None:
        if not plan["name"]:
            raise bad_request("Usage Plan name cannot be blank")
        for stage in plan["apiStages"]:
            api_id, name = stage.get("apiId", ""), stage.get("stage", "")
            is_here = self._records.find(kept.STAGE, api_id, name) is not None
            if not is_here and not any(has(api_id, name) for has in self.others):
                raise not_found(f"API Stage not found: {api_id}:{name}")
        if "quota" in plan:
            _check_quota(plan["quota"])


def leave(records: Records, batch: Batch, api_id: str, stage_name: str | None = None) -> None:
    """Take a stage that is deleted, or all of an API, out of every plan."""
    for plan in records.children(kept.USAGE_PLAN, "").values():
        left = _without_stage(plan, api_id, stage_name)
        if left is not None:
            batch.put(kept.USAGE_PLAN, "", plan["id"], left)


def _without_stage(plan: Record, api_id: str, stage_name: str | None) -> Record | None:
    """A plan without a stage, or all of an API's for ``None``; ``None`` if it has none of them."""
    left = [
        stage
        for stage in plan["apiStages"]
        if stage["apiId"] != api_id or stage_name not in (None, stage["stage"])
    ]
    return None if len(left) == len(plan["apiStages"]) else {**plan, "apiStages": left}


def _stages(plan: Record) -> set[tuple[str, str]]:
    return {(stage["apiId"], stage["stage"]) for stage in plan["apiStages"]}


def _change_stages(plan: Record, operation: Patch) -> None:
    """Add or remove a stage, as ``API:STAGE``."""
    api_id, _, name = patches.value_of(operation).partition(":")
    if operation["op"] == "add":
        if (api_id, name) not in _stages(plan):
            plan["apiStages"].append({"apiId": api_id, "stage": name})
    elif operation["op"] == "remove":
        found = _without_stage(plan, api_id, name)
        if found is None:
            raise not_found(f"API Stage not found: {api_id}:{name}")
        plan["apiStages"] = found["apiStages"]
    else:
        raise patches.unsupported(operation, ())


def _change_throttle(plan: Record, place: re.Match[str], operation: Patch) -> None:
    """Change what a plan lets through to one method of a stage."""
    for stage in plan["apiStages"]:
        if (stage["apiId"], stage["stage"]) == (place[1], place[2]):
            break
    else:
        raise not_found(f"API Stage not found: {place[1]}:{place[2]}")
    rest = (place[3] or "").replace("~1", "/")
    throttle = stage.setdefault("throttle", {})
    limit = _LIMIT.fullmatch(rest)
    if operation["op"] in ("add", "replace") and limit:
        method, name = _method_key(limit[1]), limit[2]
        read = _LIMITS[name](patches.value_of(operation))
        throttle[method] = {**throttle.get(method, {}), name: read}
    elif operation["op"] == "remove":
        if rest:
            throttle.pop(_method_key(rest[1:]), None)
        else:
            throttle.clear()
        if not throttle:
            del stage["throttle"]
    else:
        raise patches.unsupported(operation, ())


def _method_key(text: str) -> str:
    """``/PATH/METHOD``, whether it was written with or without its first slash."""
    return "/" + text.strip("/")


def _check_quota(quota: Mapping[str, Any]) -> None:
    period, offset = quota.get("period"), quota.get("offset", 0)
    if period not in PERIODS:
        raise bad_request("Usage Plan quota period must be one of DAY, WEEK or MONTH")
    if quota.get("limit", 0) <= 0:
        raise bad_request("Usage Plan quota limit must be greater than zero")
    if period == "DAY" and offset != 0:
        raise bad_request("Usage Plan quota offset must be zero in the DAY period")
    if period == "WEEK" and not 0 <= offset <= 6:
        raise bad_request(
            "Usage Plan quota offset must be between zero and six inclusive in the WEEK period"
        )
    if period == "MONTH" and not 0 <= offset <= 27:
        raise bad_request(
            "Usage Plan quota offset must be between zero and 27 inclusive in the MONTH period"
        )

"""API keys."""

from __future__ import annotations

import csv
import io
import secrets
import string
from collections.abc import Mapping

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

UNKNOWN = "Invalid API Key identifier specified"
GENERATED_LENGTH = 40
LEAST_LENGTH = 20
MOST_LENGTH = 128
"""Characters of a key's value (developer guide, "API Gateway API key file format", 2026)."""

_CHARACTERS = string.ascii_letters + string.digits
_COLUMNS = ("name", "key", "description", "enabled", "usageplanids")
_RULES = {
    "/name": patches.value(),
    "/description": patches.value(patches.text, "add", "replace", "remove"),
    "/enabled": patches.value(patches.boolean),
    "/customerId": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/stages": patches.items("add", "remove"),
}


class ApiKeys:
    """The API keys of a Region.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateApiKey": self._create,
            "GetApiKey": self._get,
            "GetApiKeys": self._list,
            "UpdateApiKey": self._update,
            "DeleteApiKey": self._delete,
            "ImportApiKeys": self._import,
        }

    def by_value(self) -> dict[str, Record]:
        """All keys, by their values."""
        return {key["value"]: key for key in self._records.children(kept.API_KEY, "").values()}

    def _create(self, request: Request, caller: Caller) -> Response:
        key = self._new(request)
        stages = [
            f"{one.get('restApiId', '')}/{one.get('stageName', '')}"
            for one in request.get("stageKeys", ())
        ]
        self._check_stages(stages)
        key["stageKeys"] = stages
        return self._records.put(kept.API_KEY, "", key["id"], key)

    def _new(self, request: Mapping[str, object]) -> Record:
        value = request.get("value") or "".join(
            secrets.choice(_CHARACTERS) for _ in range(GENERATED_LENGTH)
        )
        assert isinstance(value, str)
        if len(value) < LEAST_LENGTH:
            raise bad_request(f"API Key value should be at least {LEAST_LENGTH} characters")
        if len(value) > MOST_LENGTH:
            raise bad_request(f"API Key value should be at most {MOST_LENGTH} characters")
        if value in self.by_value():
            raise conflict("API Key already exists")
        key: Record = {
            "id": kept.new_id(kept.LONG_ID),
            "value": value,
            "enabled": request.get("enabled", False),
            "createdDate": kept.now(),
            "lastUpdatedDate": kept.now(),
            "stageKeys": [],
        }
        for member in ("name", "description", "customerId", "tags"):
            if request.get(member):
                key[member] = request[member]
        return key

    def _get(self, request: Request, caller: Caller) -> Response:
        return _shown(self._find(request), request.get("includeValue", False))

    def _list(self, request: Request, caller: Caller) -> Response:
        keys = [
            key
            for key in self._records.children(kept.API_KEY, "").values()
            if key.get("name", "").startswith(request.get("nameQuery", ""))
            and request.get("customerId") in (None, key.get("customerId"))
        ]
        answer = page(request, keys, lambda key: str(key["id"]))
        with_values = request.get("includeValues", False)
        return {**answer, "items": [_shown(key, with_values) for key in answer["items"]]}

    def _update(self, request: Request, caller: Caller) -> Response:
        key = dict(self._find(request))
        key["stages"] = key.pop("stageKeys")
        changed = patches.apply(key, request, _RULES)
        changed["stageKeys"] = changed.pop("stages", [])
        self._check_stages(changed["stageKeys"])
        changed["lastUpdatedDate"] = kept.now()
        self._records.put(kept.API_KEY, "", changed["id"], changed)
        return _shown(changed, with_value=False)

    def _delete(self, request: Request, caller: Caller) -> Response:
        key = self._find(request)
        with self._records.write() as batch:
            batch.delete(kept.API_KEY, "", key["id"])
            for plan_id in self._records.children(kept.USAGE_PLAN, ""):
                batch.delete(kept.USAGE_PLAN_KEY, plan_id, key["id"])
                batch.delete(kept.USAGE, plan_id, key["id"])
        return {}

    def _import(self, request: Request, caller: Caller) -> Response:
        ids, warnings = [], []
        with self._records.write() as batch:
            given: set[str] = set()
            for number, row in enumerate(_rows(request["body"]), 2):
                try:
                    if row["key"] in given:
                        raise conflict("API Key already exists")
                    ids.append(self._import_one(row, batch))
                    given.add(row["key"])
                except AWSError as error:
                    if request.get("failOnWarnings"):
                        raise bad_request(f"Line {number}: {error}") from None
                    warnings.append(f"Line {number}: {error}")
        return {"ids": ids, "warnings": warnings}

    def _import_one(self, row: Mapping[str, str], batch: Batch) -> str:
        if not row["name"] or not row["key"]:
            raise bad_request("Name and Key are required")
        key = self._new(
            {
                "name": row["name"],
                "value": row["key"],
                "description": row["description"],
                "enabled": row["enabled"].lower() in ("", "true", "yes", "1"),
            }
        )
        plans = [plan.strip() for plan in row["usageplanids"].split(",") if plan.strip()]
        for plan in plans:
            if self._records.find(kept.USAGE_PLAN, "", plan) is None:
                raise not_found(f"Invalid Usage Plan ID specified: {plan}")
        batch.put(kept.API_KEY, "", key["id"], key)
        for plan in plans:
            batch.put(kept.USAGE_PLAN_KEY, plan, key["id"], {"id": key["id"], "type": "API_KEY"})
        return str(key["id"])

    def _find(self, request: Request) -> Record:
        found = self._records.find(kept.API_KEY, "", request["apiKey"])
        if found is None:
            raise not_found(UNKNOWN)
        return found

    def _check_stages(self, stages: list[str]) -> None:
        for stage in stages:
            api_id, _, name = stage.partition("/")
            if self._records.find(kept.STAGE, api_id, name) is None:
                raise bad_request(f"Invalid stage key specified: {stage}")


def _shown(key: Record, with_value: bool) -> Response:
    return key if with_value else {name: found for name, found in key.items() if name != "value"}


def _rows(body: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file of API keys, by the names of :data:`_COLUMNS`."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise bad_request(f"Invalid CSV: {error}") from None
    head = [name.strip().lower() for name in lines[0]] if lines else []
    if not {"name", "key"} <= set(head):
        raise bad_request("Invalid CSV: the columns Name and Key are required")
    blank = dict.fromkeys(_COLUMNS, "")
    return [
        {**blank, **dict(zip(head, (one.strip() for one in line), strict=False))}
        for line in lines[1:]
        if any(line)
    ]

"""Capacity providers: records of instances that a function can run on.

There are no instances here. A provider goes through AWS's states and functions can name it, but
their environments run on this machine like all others.
"""

from __future__ import annotations

import asyncio
import re

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.control.records.tags import check_tags
from lambda_nb.engine.errors import conflict, invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response

_MEMBERS = (
    "VpcConfig",
    "PermissionsConfig",
    "InstanceRequirements",
    "CapacityProviderScalingConfig",
    "KmsKeyArn",
    "PropagateTags",
    "TelemetryConfig",
)
_UPDATABLE = ("CapacityProviderScalingConfig", "PropagateTags", "TelemetryConfig")
_NAME = re.compile(r"(?:arn:[^:]+:lambda:[^:]+:\d{12}:capacity-provider:)?([a-zA-Z0-9-_]{1,64})")


class CapacityProviders:
    """Create, read, update, list and delete capacity providers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateCapacityProvider": self.create,
            "GetCapacityProvider": self.get,
            "UpdateCapacityProvider": self.update,
            "ListCapacityProviders": self.list_providers,
            "DeleteCapacityProvider": self.delete,
            "ListFunctionVersionsByCapacityProvider": self.versions,
        }

    def check(self, config: Record | None) -> None:
        """Refuse a function's ``CapacityProviderConfig`` that names no provider."""
        if config:
            arn = config["LambdaManagedInstancesCapacityProviderConfig"]["CapacityProviderArn"]
            if self._store.get("capacity_provider", "", arn.rpartition(":")[2]) is None:
                raise invalid_parameter(f"The capacity provider {arn} does not exist.")

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a provider: Pending in the response, then Active."""
        name = _name(request)
        if self._store.get("capacity_provider", "", name):
            raise conflict(f"Capacity provider already exists: {self._arn(name)}")
        check_tags(request.get("Tags") or {})
        config: Record = {"CapacityProviderArn": self._arn(name), "State": "Pending"}
        config |= {member: request[member] for member in _MEMBERS if request.get(member)}
        config["LastModified"] = c.timestamp()
        record: Record = {"config": config, "tags": dict(request.get("Tags") or {})}
        return self._save(name, record)

    def get(self, request: Request, caller: Caller) -> Response:
        """One provider."""
        return {"CapacityProvider": self._record(_name(request))["config"]}

    def update(self, request: Request, caller: Caller) -> Response:
        """Update the given members."""
        name = _name(request)
        record = self._record(name)
        given = {member: request[member] for member in _UPDATABLE if request.get(member)}
        config = {**record["config"], **given, "LastModified": c.timestamp()}
        return self._save(name, {**record, "config": config})

    def list_providers(self, request: Request, caller: Caller) -> Response:
        """All providers, or those in a given state."""
        state = request.get("State")
        entries = [
            record["config"]
            for _, record in sorted(self._store.children("capacity_provider", "").items())
            if state is None or record["config"]["State"] == state
        ]
        return page(request, "CapacityProviders", entries)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a provider that no function names."""
        name = _name(request)
        record = self._record(name)
        users = self._users(name)
        if users:
            raise conflict(
                f"Capacity provider {self._arn(name)} is in use by function version "
                f"{users[0]['FunctionArn']} and cannot be deleted."
            )
        return self._save(name, {**record, "config": {**record["config"], "State": "Deleting"}})

    def versions(self, request: Request, caller: Caller) -> Response:
        """The function versions that name a provider."""
        name = _name(request)
        self._record(name)
        response = page(request, "FunctionVersions", self._users(name))
        return {"CapacityProviderArn": self._arn(name), **response}

    def finish_all(self) -> None:
        """Finish the state changes that an earlier engine left unfinished."""
        for name in self._store.children("capacity_provider", ""):
            self._finish(name)

    def _save(self, name: str, record: Record) -> Response:
        with self._store.write() as batch:
            batch.put("capacity_provider", "", name, record)
        asyncio.get_running_loop().call_soon(self._finish, name)
        return {"CapacityProvider": record["config"]}

    def _finish(self, name: str) -> None:
        record = self._store.get("capacity_provider", "", name)
        if record is None or record["config"]["State"] == "Active":
            return
        with self._store.write() as batch:
            if record["config"]["State"] == "Deleting":
                batch.delete("capacity_provider", "", name)
            else:
                config = {**record["config"], "State": "Active"}
                batch.put("capacity_provider", "", name, {**record, "config": config})

    def _users(self, name: str) -> list[Response]:
        arn, found = self._arn(name), []
        for function, version, record in self._store.every("version"):
            provider = record["config"].get("CapacityProviderConfig") or {}
            instances = provider.get("LambdaManagedInstancesCapacityProviderConfig") or {}
            if instances.get("CapacityProviderArn") == arn:
                qualified = self._context.function_arn(function, version)
                found.append({"FunctionArn": qualified, "State": record["config"]["State"]})
        return sorted(found, key=lambda entry: entry["FunctionArn"])

    def _record(self, name: str) -> Record:
        record = self._store.get("capacity_provider", "", name)
        if record is None:
            raise not_found(f"Capacity provider not found: {self._arn(name)}")
        return record

    def _arn(self, name: str) -> str:
        return self._context.arn(f"capacity-provider:{name}")


def _name(request: Request) -> str:
    match = _NAME.fullmatch(request["CapacityProviderName"])
    if match is None:
        raise invalid_parameter(
            f"Capacity provider name '{request['CapacityProviderName']}' is not valid."
        )
    return match[1]

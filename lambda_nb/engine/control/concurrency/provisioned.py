"""Provisioned concurrency: environments initialised ahead for a version or an alias."""

from __future__ import annotations

import time

from lambda_nb.engine.control.concurrency.reserved import Budget
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup, Target
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, conflict, invalid_parameter, untyped_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas
from lambda_nb.rules.settings import names
from lambda_nb.rules.settings.names import LATEST


class Provisioned:
    """Put, get, list and delete provisioned concurrency."""

    def __init__(self, context: Context, lookup: Lookup, budget: Budget) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._budget = budget
        self._announced: dict[str, dict[str, int]] = {}

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutProvisionedConcurrencyConfig": self.put,
            "GetProvisionedConcurrencyConfig": self.get,
            "ListProvisionedConcurrencyConfigs": self.list,
            "DeleteProvisionedConcurrencyConfig": self.delete,
        }

    def put(self, request: Request, caller: Caller) -> Response:
        """Request environments; the response says IN_PROGRESS while they start."""
        target = self._lookup.target(request)
        if target.qualifier == LATEST:
            raise invalid_parameter(
                "Provisioned Concurrency Configs cannot be applied to unpublished function "
                "versions."
            )
        name, qualifier = self._existing(target)
        requested = request["ProvisionedConcurrentExecutions"]
        self._check(name, qualifier, requested)
        now = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
        record: Record = {"requested": requested, "modified": now}
        with self._store.write() as batch:
            batch.put("provisioned", name, qualifier, record)
        version = self._version(name, qualifier)
        if version and self._context.hooks.provisioned_status(name, version).failure:
            self.forget(name, version)  # requested again: retry
        self.announce(name)
        return {
            "RequestedProvisionedConcurrentExecutions": requested,
            "AvailableProvisionedConcurrentExecutions": 0,
            "AllocatedProvisionedConcurrentExecutions": 0,
            "Status": "IN_PROGRESS",
            "LastModified": now,
        }

    def get(self, request: Request, caller: Caller) -> Response:
        """One configuration and its current status."""
        name, qualifier = self._published(request)
        record = self._store.get("provisioned", name, qualifier)
        if record is None:
            raise AWSError(
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
                404,
            )
        return self._shown(name, qualifier, record)

    def list(self, request: Request, caller: Caller) -> Response:
        """All configurations of a function."""
        name = self._lookup.unqualified(request)
        entries = [
            {
                "FunctionArn": self._context.function_arn(name, qualifier),
                **self._shown(name, qualifier, record),
            }
            for qualifier, record in sorted(self._store.children("provisioned", name).items())
        ]
        return page(request, "ProvisionedConcurrencyConfigs", entries)

    def delete(self, request: Request, caller: Caller) -> Response:
        """End the environments."""
        name, qualifier = self._published(request)
        with self._store.write() as batch:
            batch.delete("provisioned", name, qualifier)
        self.announce(name)
        return {}

    def announce(self, name: str) -> None:
        """Tell execution how many environments each version of a function needs.

        An alias counts for its main version. When it moves, the old version's environments end.
        """
        wanted: dict[str, int] = {}
        for qualifier, record in self._store.children("provisioned", name).items():
            version = self._version(name, qualifier)
            if version is not None:
                wanted[version] = wanted.get(version, 0) + record["requested"]
        before = self._announced.get(name, {})
        for version in before.keys() - wanted.keys():
            self._context.hooks.provisioned(name, version, 0)
        for version, environments in wanted.items():
            if before.get(version) != environments:
                self._context.hooks.provisioned(name, version, environments)
        self._announced[name] = wanted
        if not wanted:
            del self._announced[name]

    def announce_all(self) -> None:
        """Tell execution what was configured before the engine started."""
        for name in self._store.children("function", ""):
            self.announce(name)

    def forget(self, name: str, version: str | None) -> None:
        """Forget a version, or (``None``) the whole function, after it was deleted."""
        if version is None:
            self._announced.pop(name, None)
        elif name in self._announced:
            self._announced[name].pop(version, None)

    def _published(self, request: Request) -> tuple[str, str]:
        target = self._lookup.target(request)
        if target.qualifier in (None, LATEST):
            raise invalid_parameter(
                "The function resource provided must be an alias or a published version."
            )
        return self._existing(target)

    def _existing(self, target: Target) -> tuple[str, str]:
        """The function and qualifier, if that version or alias exists."""
        qualifier = target.qualifier or LATEST
        if not self._lookup.exists(target.name, qualifier):
            raise self._lookup.missing_qualified(target.name, qualifier)
        return target.name, qualifier

    def _version(self, name: str, qualifier: str) -> str | None:
        alias = self._store.get("alias", name, qualifier)
        version: str = alias["FunctionVersion"] if alias else qualifier
        return version if self._store.get("version", name, version) else None

    def _check(self, name: str, qualifier: str, requested: int) -> None:
        self._check_overlap(name, qualifier)
        config = self._lookup.version(name, qualifier)[1]["config"]
        for feature, on in (
            ("SnapStart", config["SnapStart"]["ApplyOn"] == "PublishedVersions"),
            ("Tenant isolation", "TenancyConfig" in config),
        ):
            if on:
                raise invalid_parameter(
                    f"Provisioned Concurrency is not supported for functions with {feature}."
                )
        present = self._store.get("provisioned", name, qualifier)
        others = self._budget.provisioned(name) - (present["requested"] if present else 0)
        reserved = self._lookup.function(name).get("reserved")
        if reserved is not None:
            if others + requested > reserved:
                raise invalid_parameter(
                    "Requested Provisioned Concurrency should not be greater than the "
                    "reservedConcurrentExecution for function"
                )
            return
        free = self._budget.unreserved(without=name) - others
        if requested > free:
            raise untyped_parameter(
                "Specified ConcurrentExecutions for function is greater than account's unreserved "
                f"concurrency [{free}]."
            )
        least = quotas.UNRESERVED_MIN.value
        if free - requested < least:
            raise untyped_parameter(
                "Specified ConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{least}]."
            )

    def _check_overlap(self, name: str, qualifier: str) -> None:
        """A version may be provisioned directly or through one alias, not both."""
        version = self._version(name, qualifier)
        if version == LATEST:
            raise invalid_parameter(
                "Provisioned Concurrency Configs cannot be applied to unpublished function "
                "versions."
            )
        for other in self._store.children("provisioned", name):
            if other == qualifier or self._version(name, other) != version:
                continue
            if names.is_version(qualifier):
                raise conflict("Version is pointed by a Provisioned Concurrency alias")
            raise conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already "
                "Provisioned version"
            )

    def _shown(self, name: str, qualifier: str, record: Record) -> Response:
        requested = record["requested"]
        version = self._version(name, qualifier)
        available, allocated, failure = (
            self._context.hooks.provisioned_status(name, version) if version else (0, 0, "")
        )
        if available >= requested:
            status: Record = {"Status": "READY"}
        elif failure:
            status = {"Status": "FAILED", "StatusReason": failure}
        else:
            status = {"Status": "IN_PROGRESS"}
        return {
            "RequestedProvisionedConcurrentExecutions": requested,
            "AvailableProvisionedConcurrentExecutions": min(available, requested),
            "AllocatedProvisionedConcurrentExecutions": min(allocated, requested),
            **status,
            "LastModified": record["modified"],
        }

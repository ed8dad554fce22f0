"""Finds the record for a function name, and shows records as the API does."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.errors import (
    AWSError,
    conflict,
    invalid_parameter,
    not_found,
    precondition_failed,
)
from lambda_nb.engine.model import Request, Response
from lambda_nb.rules.settings import names
from lambda_nb.rules.settings.names import LATEST

OF_A_FUNCTION = (
    "version",
    "alias",
    "policy",
    "provisioned",
    "event_invoke",
    "url",
    "runtime_management",
    "scaling",
)
"""Kinds of records that are deleted with their function (their parent is its name)."""

UNQUALIFIED_ONLY = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support "
    "this operation. Please specify either a function name or an unqualified function ARN."
)

NOT_IN_A_LIST = (
    "State",
    "StateReason",
    "StateReasonCode",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RuntimeVersionConfig",
)
"""Members that listing operations leave out (API reference, ListFunctions, 2026)."""


@dataclass(frozen=True, slots=True)
class Target:
    """The function of a request, and its qualifier (in the name or separate)."""

    name: str
    qualifier: str | None


class Lookup:
    """Reads function records and shows them as the API does."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    def target(self, request: Request, *, namespaced: bool = True) -> Target:
        """The target of ``FunctionName`` and ``Qualifier``, whether it exists or not."""
        context = self._context
        name = names.parse_function(request["FunctionName"], namespaced=namespaced)
        names.located(name, context.account, context.region)
        return Target(name.name, names.one_qualifier(name, request.get("Qualifier")))

    def unqualified(self, request: Request, *, missing_as: str | None = None) -> str:
        """The name of the function in a request; it must exist and have no qualifier.

        ``missing_as`` is the qualifier in AWS's error message when the function does not exist.
        """
        target = self.target(request)
        if target.qualifier is not None:
            raise invalid_parameter(UNQUALIFIED_ONLY)
        self.function(target.name, missing_as=missing_as)
        return target.name

    def function(self, name: str, *, missing_as: str | None = None) -> Record:
        """The record of a function; ``missing_as`` as at :meth:`unqualified`."""
        record = self._store.get("function", "", name)
        if record is None:
            raise self.missing(name, missing_as)
        return record

    def version(self, name: str, qualifier: str | None) -> tuple[str, Record]:
        """The version (number, record) of a qualifier; for an alias, its main version."""
        version = qualifier or LATEST
        alias = self._store.get("alias", name, version)
        if alias is not None:
            version = alias["FunctionVersion"]
        record = self._store.get("version", name, version)
        if record is None:
            raise self.missing(name, qualifier)
        return version, record

    def exists(self, name: str, qualifier: str | None) -> bool:
        """Whether a function has this version or alias (``None``: whether it exists)."""
        kinds = ("version", "alias")
        return any(self._store.get(kind, name, qualifier or LATEST) for kind in kinds)

    def missing(self, name: str, qualifier: str | None = None) -> AWSError:
        """``ResourceNotFoundException`` for a function, version or alias."""
        return not_found(f"Function not found: {self._context.function_arn(name, qualifier)}")

    def missing_qualified(self, name: str, qualifier: str | None) -> AWSError:
        """The same, with the message of operations that look up an alias."""
        if qualifier is None or names.is_version(qualifier):
            return self.missing(name, qualifier)
        return not_found(f"Cannot find alias arn: {self._context.function_arn(name, qualifier)}")

    def revision(self, name: str, qualifier: str | None) -> str:
        """The revision of a function, version or alias, and of its policy."""
        alias = self._store.get("alias", name, qualifier or "")
        if alias is not None:
            return str(alias["RevisionId"])
        return str(self.version(name, qualifier)[1]["config"]["RevisionId"])

    def revise(self, batch: Batch, name: str, qualifier: str | None, revision: str) -> None:
        """Give a function, version or alias a new revision."""
        alias = self._store.get("alias", name, qualifier or "")
        if alias is not None and qualifier is not None:
            batch.put("alias", name, qualifier, {**alias, "RevisionId": revision})
            return
        version, record = self.version(name, qualifier)
        config = {**record["config"], "RevisionId": revision}
        batch.put("version", name, version, {**record, "config": config})

    def describe(self, name: str, record: Record, qualifier: str | None) -> Response:
        """A version's FunctionConfiguration; its ARN has the caller's qualifier."""
        return {**record["config"], "FunctionArn": self._context.function_arn(name, qualifier)}

    def summary(self, name: str, record: Record, qualifier: str | None) -> Response:
        """A version's FunctionConfiguration as lists show it."""
        config = self.describe(name, record, qualifier)
        return {key: value for key, value in config.items() if key not in NOT_IN_A_LIST}

    def versions(self, name: str) -> list[tuple[str, Record]]:
        """All versions of a function: ``$LATEST``, ``$LATEST.PUBLISHED``, then ascending."""
        found = self._store.children("version", name)
        return sorted(found.items(), key=lambda item: _position(item[0]))

    def updatable(self, name: str, request: Request) -> Record:
        """The record of ``$LATEST``, if a request may change it now.

        Raises
        ------
        AWSError
            ``ResourceConflictException`` while it is being created or updated;
            ``PreconditionFailedException`` if the request's ``RevisionId`` is not the latest.
        """
        self.function(name)
        record = self.version(name, None)[1]
        config = record["config"]
        refuse_while_changing(config, self._context.function_arn(name))
        check_revision(request, config["RevisionId"], "GetFunction/GetAlias")
        return record

    def forget(self, batch: Batch, name: str) -> None:
        """Remove a function and all its records."""
        batch.delete("function", "", name)
        for kind in OF_A_FUNCTION:
            for key in self._store.children(kind, name):
                batch.delete(kind, name, key)


def _position(version: str) -> tuple[int, str]:
    return (int(version), "") if version.isdigit() else (0, version)


def refuse_while_changing(config: Record, arn: str) -> None:
    """Refuse an update of a function whose creation or last update has not finished."""
    if config["State"] == "Pending":
        raise conflict(
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        )
    if config.get("LastUpdateStatus") == "InProgress":
        raise conflict(
            "The operation cannot be performed at this time. "
            f"An update is in progress for resource: {arn}"
        )


def check_revision(request: Request, latest: str, operations: str) -> None:
    """Refuse a request with a ``RevisionId`` that is not the latest (optimistic locking)."""
    given = request.get("RevisionId")
    if given and given != latest:
        raise precondition_failed(
            "The Revision Id provided does not match the latest Revision Id. "
            f"Call the {operations} API to retrieve the latest Revision Id"
        )

"""How asynchronous invocations are retried and where their results go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings.names import LATEST

_SERVICES = {
    "OnSuccess": {"sqs", "sns", "lambda", "events"},
    "OnFailure": {"sqs", "sns", "lambda", "events", "s3"},
}
_LIMITS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")


class EventInvoke:
    """Put, update, get, list and delete event invoke configurations."""

    def __init__(self, context: Context, lookup: Lookup) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutFunctionEventInvokeConfig": self.put,
            "UpdateFunctionEventInvokeConfig": self.update,
            "GetFunctionEventInvokeConfig": self.get,
            "ListFunctionEventInvokeConfigs": self.list,
            "DeleteFunctionEventInvokeConfig": self.delete,
        }

    def put(self, request: Request, caller: Caller) -> Response:
        """Replace the whole configuration."""
        name, qualifier = self._existing(request)
        return self._save(name, qualifier, self._given(request, name, qualifier))

    def update(self, request: Request, caller: Caller) -> Response:
        """Update the given members."""
        name, qualifier = self._existing(request)
        present = self._record(name, qualifier)
        given = self._given(request, name, qualifier)
        destinations = {**present["destinations"], **given["destinations"]}
        return self._save(name, qualifier, {**present, **given, "destinations": destinations})

    def get(self, request: Request, caller: Caller) -> Response:
        """One configuration."""
        target = self._lookup.target(request)
        qualifier = target.qualifier or LATEST
        return self._shown(target.name, qualifier, self._record(target.name, qualifier))

    def list(self, request: Request, caller: Caller) -> Response:
        """All configurations of a function."""
        name = self._lookup.target(request).name
        if self._store.get("function", "", name) is None:
            raise not_found("The function doesn't exist.")
        entries = [
            self._shown(name, qualifier, record)
            for qualifier, record in sorted(self._store.children("event_invoke", name).items())
        ]
        return page(request, "FunctionEventInvokeConfigs", entries)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Remove a configuration; the defaults apply again."""
        target = self._lookup.target(request)
        qualifier = target.qualifier or LATEST
        self._record(target.name, qualifier)
        with self._store.write() as batch:
            batch.delete("event_invoke", target.name, qualifier)
        return {}

    def effective(self, name: str, qualifier: str | None) -> Record:
        """The settings for an asynchronous invocation: only the members that were set."""
        record = self._store.get("event_invoke", name, qualifier or LATEST)
        if record is None:
            return {}
        limits = {member: record[member] for member in _LIMITS if member in record}
        return {**limits, "DestinationConfig": record["destinations"]}

    def _existing(self, request: Request) -> tuple[str, str]:
        target = self._lookup.target(request)
        if not self._lookup.exists(target.name, target.qualifier):
            raise not_found("The function doesn't exist.")
        return target.name, target.qualifier or LATEST

    def _record(self, name: str, qualifier: str) -> Record:
        record = self._store.get("event_invoke", name, qualifier)
        if record is None:
            arn = self._context.function_arn(name, qualifier)
            raise not_found(f"The function {arn} doesn't have an EventInvokeConfig")
        return record

    def _given(self, request: Request, name: str, qualifier: str) -> Record:
        limits = {key: request[key] for key in _LIMITS if request.get(key) is not None}
        config: Mapping[str, Any] = request.get("DestinationConfig") or {}
        if not limits and not config:
            raise invalid_parameter(
                "You must specify at least one of error handling or destination setting."
            )
        own = (self._context.function_arn(name), self._context.function_arn(name, qualifier))
        for side, destination in config.items():
            arn = (destination or {}).get("Destination")
            if arn:
                _check_destination(side, arn, own)
        destinations = {side: dict(config[side] or {}) for side in config}
        return {**limits, "destinations": destinations}

    def _save(self, name: str, qualifier: str, record: Record) -> Response:
        record = {**record, "modified": c.epoch()}
        with self._store.write() as batch:
            batch.put("event_invoke", name, qualifier, record)
        return self._shown(name, qualifier, record)

    def _shown(self, name: str, qualifier: str, record: Record) -> Response:
        response: Response = {
            "LastModified": c.moment(record["modified"]),
            "FunctionArn": self._context.function_arn(name, qualifier),
            "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}, **record["destinations"]},
        }
        return response | {member: record[member] for member in _LIMITS if member in record}


def _check_destination(side: str, arn: str, own: tuple[str, str]) -> None:
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in _SERVICES[side]:
        raise _invalid(arn)
    if arn in own:
        raise invalid_parameter("You can't specify the function as a destination for itself.")


def _invalid(arn: str) -> AWSError:
    return invalid_parameter(f"The destination ARN {arn} is invalid.")

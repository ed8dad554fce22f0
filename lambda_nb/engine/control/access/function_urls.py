"""Function URLs: an HTTP address of a function or an alias."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import conflict, invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.refusal import problem, validation
from lambda_nb.rules.settings.names import LATEST

QUALIFIER_PATTERN = r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """The data that is needed to serve a function URL."""

    identifier: str
    function_name: str
    qualifier: str | None
    auth_type: str
    invoke_mode: str
    cors: dict[str, Any] | None


class Urls:
    """Create, read, update, list and delete function URLs.

    Parameters
    ----------
    context, lookup
        As everywhere in the control plane.
    address
        The address of the URL with an identifier, without a slash at its end.
    """

    def __init__(self, context: Context, lookup: Lookup, address: Callable[[str], str]) -> None:
        self._address = address
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._served: dict[str, FunctionUrl] | None = None
        context.store.watch(self._forget)

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateFunctionUrlConfig": self.create,
            "GetFunctionUrlConfig": self.get,
            "UpdateFunctionUrlConfig": self.update,
            "ListFunctionUrlConfigs": self.list,
            "DeleteFunctionUrlConfig": self.delete,
        }

    def served(self, identifier: str) -> FunctionUrl | None:
        """The URL with this identifier, or ``None``."""
        if self._served is None:
            self._served = {
                record["id"]: FunctionUrl(
                    record["id"],
                    name,
                    None if key == LATEST else key,
                    record["auth"],
                    record.get("mode") or "BUFFERED",
                    record.get("cors"),
                )
                for name, key, record in self._store.every("url")
            }
        return self._served.get(identifier)

    def _forget(self) -> None:
        self._served = None

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a URL for a function or an alias."""
        name, key = self._target(request)
        if not self._lookup.exists(name, key):
            raise not_found("Function does not exist")
        arn = self._arn(name, key)
        if self._store.get("url", name, key):
            raise conflict(
                f"Failed to create function url config for [functionArn = {arn}]. "
                "Error message:  FunctionUrlConfig exists for this Lambda function"
            )
        if "TenancyConfig" in self._lookup.version(name, key)[1]["config"]:
            raise invalid_parameter("Function URLs are not supported for tenant isolation.")
        record: Record = {
            "id": "".join(secrets.choice(_ALPHABET) for _ in range(32)),
            "auth": request["AuthType"],
            "created": _now(),
        }
        record["modified"] = record["created"]
        if request.get("Cors"):
            record["cors"] = request["Cors"]
        if request.get("InvokeMode"):
            record["mode"] = request["InvokeMode"]
        with self._store.write() as batch:
            batch.put("url", name, key, record)
        return self._brief(name, key, record)

    def get(self, request: Request, caller: Caller) -> Response:
        """One URL."""
        name, key = self._target(request)
        return self._shown(name, key, self._record(name, key))

    def update(self, request: Request, caller: Caller) -> Response:
        """Update the given members; an empty ``Cors`` removes it."""
        name, key = self._target(request)
        if not self._lookup.exists(name, key):
            raise not_found("Function does not exist")
        record = {**self._record(name, key), "modified": _now()}
        for member, field in (("AuthType", "auth"), ("InvokeMode", "mode"), ("Cors", "cors")):
            if request.get(member) is not None:
                record[field] = request[member]
        if not record.get("cors"):
            record.pop("cors", None)
        with self._store.write() as batch:
            batch.put("url", name, key, record)
        return self._shown(name, key, record)

    def list(self, request: Request, caller: Caller) -> Response:
        """All URLs of a function."""
        name = self._lookup.target(request).name
        if self._store.get("function", "", name) is None:
            raise not_found("Function does not exist")
        entries = [
            self._shown(name, key, record)
            for key, record in sorted(self._store.children("url", name).items())
        ]
        return page(request, "FunctionUrlConfigs", entries)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a URL."""
        name, key = self._target(request)
        self._record(name, key)
        with self._store.write() as batch:
            batch.delete("url", name, key)
        return {}

    def _target(self, request: Request) -> tuple[str, str]:
        target = self._lookup.target(request)
        qualifier = target.qualifier
        if qualifier is not None and (qualifier.startswith("$") or qualifier.isdigit()):
            rule = f"Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}"
            raise validation([problem(qualifier, "qualifier", rule)])
        return target.name, qualifier or LATEST

    def _record(self, name: str, key: str) -> Record:
        record = self._store.get("url", name, key)
        if record is None:
            raise not_found("The resource you requested does not exist.")
        return record

    def _arn(self, name: str, key: str) -> str:
        return self._context.function_arn(name, None if key == LATEST else key)

    def _brief(self, name: str, key: str, record: Record) -> Response:
        response: Response = {
            "FunctionUrl": f"{self._address(record['id'])}/",
            "FunctionArn": self._arn(name, key),
            "AuthType": record["auth"],
            "CreationTime": record["created"],
        }
        if "cors" in record:
            response["Cors"] = record["cors"]
        if "mode" in record:
            response["InvokeMode"] = record["mode"]
        return response

    def _shown(self, name: str, key: str, record: Record) -> Response:
        return {
            "InvokeMode": "BUFFERED",
            **self._brief(name, key, record),
            "LastModifiedTime": record["modified"],
        }


def _now() -> str:
    """Now, with microseconds, in the format of function URLs."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"

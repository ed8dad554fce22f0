"""Whole policy documents: Get-, Put- and DeleteResourcePolicy (API of 2026-07-09).

They show and replace what AddPermission builds statement by statement.
"""

from __future__ import annotations

import json

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.access import statements
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup, check_revision
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas


class ResourcePolicies:
    """Policy documents of functions."""

    def __init__(self, context: Context, lookup: Lookup) -> None:
        self._store = context.store
        self._lookup = lookup

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutResourcePolicy": self.put,
            "GetResourcePolicy": self.get,
            "DeleteResourcePolicy": self.delete,
        }

    def put(self, request: Request, caller: Caller) -> Response:
        """Replace the policy."""
        name, key = self._target(request)
        check_revision(request, self._lookup.revision(name, key or None), "GetResourcePolicy")
        text: str = request["Policy"]
        if len(text) > quotas.POLICY_BYTES.value:
            raise AWSError(
                "PolicyLengthExceededException",
                f"The final policy size ({len(text)}) is bigger than the limit "
                f"({quotas.POLICY_BYTES.value}).",
            )
        record: Record = {"statements": _statements(text), "revision": c.revision()}
        with self._store.write() as batch:
            batch.put("policy", name, key, record)
            self._lookup.revise(batch, name, key or None, record["revision"])
        return {"Policy": statements.document(record), "RevisionId": record["revision"]}

    def get(self, request: Request, caller: Caller) -> Response:
        """The policy."""
        name, key, record = self._existing(request)
        revision = self._lookup.revision(name, key or None)
        return {"Policy": statements.document(record), "RevisionId": revision}

    def delete(self, request: Request, caller: Caller) -> Response:
        """Remove the policy."""
        name, key, _ = self._existing(request)
        check_revision(request, self._lookup.revision(name, key or None), "GetResourcePolicy")
        with self._store.write() as batch:
            batch.delete("policy", name, key)
            self._lookup.revise(batch, name, key or None, c.revision())
        return {}

    def _target(self, request: Request) -> tuple[str, str]:
        target = self._lookup.target({"FunctionName": request["ResourceArn"]})
        self._lookup.function(target.name)
        if not self._lookup.exists(target.name, target.qualifier):
            raise self._lookup.missing(target.name, target.qualifier)
        return target.name, target.qualifier or ""

    def _existing(self, request: Request) -> tuple[str, str, Record]:
        name, key = self._target(request)
        record = self._store.get("policy", name, key)
        if record is None:
            raise not_found("The resource you requested does not exist.")
        return name, key, record


def _statements(text: str) -> list[Record]:
    """The statements of a policy document, each with its own id."""
    try:
        document = json.loads(text)
        found = document["Statement"]
        found = [found] if isinstance(found, dict) else list(found)
        numbered = [{"Sid": f"statement-{n}", **entry} for n, entry in enumerate(found, 1)]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid_parameter(f"The policy is not valid JSON policy text: {error}") from error
    sids = [entry["Sid"] for entry in numbered]
    if len(set(sids)) != len(sids):
        raise invalid_parameter("The statement ids of a policy must be unique.")
    return numbered

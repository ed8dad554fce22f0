"""Who may invoke a function: AddPermission, RemovePermission, GetPolicy."""

from __future__ import annotations

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.access import statements
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup, Target, check_revision
from lambda_nb.engine.errors import invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings import names
from lambda_nb.rules.settings.names import LATEST


class Permissions:
    """Resource policies of functions, versions and aliases; each shares its owner's revision."""

    def __init__(self, context: Context, lookup: Lookup) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "AddPermission": self.add,
            "RemovePermission": self.remove,
            "GetPolicy": self.get,
        }

    def add(self, request: Request, caller: Caller) -> Response:
        """Add a statement to the policy of a function, version or alias."""
        target = self._target(request)
        if not self._lookup.exists(target.name, target.qualifier):
            raise self._lookup.missing_qualified(target.name, target.qualifier)
        policy = self._store.get("policy", target.name, target.qualifier or "")
        revision = self._lookup.revision(target.name, target.qualifier)
        check_revision(request, revision, "GetPolicy")
        arn = self._context.function_arn(target.name, target.qualifier)
        statement = statements.function_statement(request, arn)
        policy = statements.added(policy, statement)
        with self._store.write() as batch:
            batch.put("policy", target.name, target.qualifier or "", policy)
            self._lookup.revise(batch, target.name, target.qualifier, policy["revision"])
        return {"Statement": statements.text(statement)}

    def remove(self, request: Request, caller: Caller) -> Response:
        """Remove a statement."""
        target = self._target(request)
        if not self._lookup.exists(target.name, target.qualifier):
            if target.qualifier and not names.is_version(target.qualifier):
                raise self._lookup.missing_qualified(target.name, target.qualifier)
            arn = self._context.function_arn(target.name, target.qualifier)
            raise not_found(f"No policy found for: {arn}")
        key = target.qualifier or ""
        policy = self._store.get("policy", target.name, key)
        if policy is None:
            raise not_found(statements.NO_POLICY)
        rest = statements.removed(policy, request["StatementId"])
        check_revision(request, self._lookup.revision(target.name, target.qualifier), "GetPolicy")
        with self._store.write() as batch:
            if rest is None:
                batch.delete("policy", target.name, key)
            else:
                batch.put("policy", target.name, key, rest)
            self._lookup.revise(batch, target.name, target.qualifier, c.revision())
        return {}

    def get(self, request: Request, caller: Caller) -> Response:
        """The policy document."""
        target = self._lookup.target(request)
        policy = self._store.get("policy", target.name, target.qualifier or "")
        if policy is None:
            raise not_found("The resource you requested does not exist.")
        revision = self._lookup.revision(target.name, target.qualifier)
        return {"Policy": statements.document(policy), "RevisionId": revision}

    def _target(self, request: Request) -> Target:
        target = self._lookup.target(request)
        if target.qualifier == LATEST:
            raise invalid_parameter("We currently do not support adding policies for $LATEST.")
        return target

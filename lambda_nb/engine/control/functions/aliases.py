"""Aliases: names for one version, or for two with weights."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.concurrency.provisioned import Provisioned
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup, check_revision
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import conflict, invalid_parameter, not_found, untyped_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas
from lambda_nb.rules.settings.names import LATEST


class Aliases:
    """Create, read, update, list and delete aliases."""

    def __init__(self, context: Context, lookup: Lookup, provisioned: Provisioned) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._provisioned = provisioned

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateAlias": self.create,
            "GetAlias": self.get,
            "UpdateAlias": self.update,
            "ListAliases": self.list,
            "DeleteAlias": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create an alias of a version."""
        name = self._lookup.target(request, namespaced=False).name
        alias = request["Name"]
        weights = _weights(request.get("RoutingConfig"))
        self._check(name, request["FunctionVersion"], weights)
        if self._store.get("alias", name, alias):
            raise conflict(f"Alias already exists: {self._context.function_arn(name, alias)}")
        record: Record = {
            "FunctionVersion": request["FunctionVersion"],
            "Description": request.get("Description") or "",
            "RevisionId": c.revision(),
            "weights": weights,
        }
        return self._save(name, alias, record)

    def get(self, request: Request, caller: Caller) -> Response:
        """One alias."""
        name = self._lookup.unqualified(request)
        record = self._store.get("alias", name, request["Name"])
        if record is None:
            arn = self._context.function_arn(name, request["Name"])
            raise not_found(f"Cannot find alias arn: {arn}")
        return self._shown(name, request["Name"], record)

    def update(self, request: Request, caller: Caller) -> Response:
        """Update the given members; an empty routing configuration removes weights."""
        name, alias = self._lookup.unqualified(request), request["Name"]
        record = self._store.get("alias", name, alias)
        if record is None:
            raise not_found(f"Alias not found: {self._context.function_arn(name, alias)}")
        check_revision(request, record["RevisionId"], "GetFunction/GetAlias")
        changed = {**record, "RevisionId": c.revision()}
        for member in ("FunctionVersion", "Description"):
            if request.get(member) is not None:
                changed[member] = request[member]
        if request.get("RoutingConfig") is not None:
            changed["weights"] = _weights(request["RoutingConfig"])
        self._check(name, changed["FunctionVersion"], changed["weights"])
        return self._save(name, alias, changed)

    def list(self, request: Request, caller: Caller) -> Response:
        """Aliases by name; only those of ``FunctionVersion`` if it is given."""
        name = self._lookup.unqualified(request)
        version = request.get("FunctionVersion")
        entries = [
            self._shown(name, alias, record)
            for alias, record in sorted(self._store.children("alias", name).items())
            if version is None or version in (record["FunctionVersion"], *record["weights"])
        ]
        return page(request, "Aliases", entries)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Remove an alias and its settings; a missing alias is not an error."""
        name, alias = self._lookup.unqualified(request), request["Name"]
        with self._store.write() as batch:
            for kind in ("alias", "policy", "provisioned", "event_invoke", "url"):
                batch.delete(kind, name, alias)
        self._provisioned.announce(name)
        return {}

    def _save(self, name: str, alias: str, record: Record) -> Response:
        with self._store.write() as batch:
            batch.put("alias", name, alias, record)
        self._provisioned.announce(name)
        return self._shown(name, alias, record)

    def _shown(self, name: str, alias: str, record: Record) -> Response:
        response: Response = {
            "AliasArn": self._context.function_arn(name, alias),
            "Name": alias,
            "FunctionVersion": record["FunctionVersion"],
            "Description": record["Description"],
            "RevisionId": record["RevisionId"],
        }
        if record["weights"]:
            response["RoutingConfig"] = {"AdditionalVersionWeights": dict(record["weights"])}
        return response

    def _check(self, name: str, version: str, weights: Mapping[str, float]) -> None:
        """Refuse missing versions and routing that Lambda does not support."""
        self._lookup.function(name, missing_as=version)
        if len(weights) > quotas.ALIASES_ROUTED.value:
            raise invalid_parameter(
                "Number of items in AdditionalVersionWeights cannot be greater than "
                f"{quotas.ALIASES_ROUTED.value}"
            )
        if version in weights:
            raise invalid_parameter(
                f"Invalid function version {version}. Function version {version} is already "
                "included in routing configuration."
            )
        if weights and version == LATEST:
            raise untyped_parameter(
                "$LATEST is not supported for an alias pointing to more than 1 version"
            )
        for wanted in (version, *weights):
            if self._store.get("version", name, wanted) is None:
                raise self._lookup.missing(name, wanted)


def _weights(routing: Mapping[str, Mapping[str, float]] | None) -> dict[str, float]:
    return dict((routing or {}).get("AdditionalVersionWeights") or {})

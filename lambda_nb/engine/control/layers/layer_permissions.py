"""Who may use a layer version: nobody else, an account, an organisation, or everybody."""

from __future__ import annotations

from lambda_nb.engine.control.access import statements
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import check_revision
from lambda_nb.engine.control.layers.layers import LayerShelf
from lambda_nb.engine.errors import not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response


class LayerPermissions:
    """Resource policies of layer versions."""

    def __init__(self, context: Context, shelf: LayerShelf) -> None:
        self._store = context.store
        self._shelf = shelf

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "AddLayerVersionPermission": self.add,
            "RemoveLayerVersionPermission": self.remove,
            "GetLayerVersionPolicy": self.get,
        }

    def add(self, request: Request, caller: Caller) -> Response:
        """Add a statement."""
        name, version = self._existing(request)
        policy = self._store.get("layer_policy", name, version)
        check_revision(request, policy["revision"] if policy else "", "GetLayerPolicy")
        statement = statements.layer_statement(request, self._shelf.arn(name, int(version)))
        policy = statements.added(policy, statement)
        with self._store.write() as batch:
            batch.put("layer_policy", name, version, policy)
        return {"Statement": statements.text(statement), "RevisionId": policy["revision"]}

    def remove(self, request: Request, caller: Caller) -> Response:
        """Remove a statement."""
        name, version = self._existing(request)
        policy = self._store.get("layer_policy", name, version)
        if policy is None:
            raise not_found(statements.NO_POLICY)
        rest = statements.removed(policy, request["StatementId"])
        check_revision(request, policy["revision"], "GetLayerPolicy")
        with self._store.write() as batch:
            if rest is None:
                batch.delete("layer_policy", name, version)
            else:
                batch.put("layer_policy", name, version, rest)
        return {}

    def get(self, request: Request, caller: Caller) -> Response:
        """The policy document."""
        name, version = self._existing(request)
        policy = self._store.get("layer_policy", name, version)
        if policy is None:
            raise not_found(statements.NO_POLICY)
        return {"Policy": statements.document(policy), "RevisionId": policy["revision"]}

    def _existing(self, request: Request) -> tuple[str, str]:
        number = request["VersionNumber"]
        name, record = self._shelf.version(request["LayerName"], number)
        if record is None:
            raise not_found(f"Layer version {self._shelf.arn(name, number)} does not exist.")
        return name, str(number)

"""Reserved concurrency and the account's budget of environments."""

from __future__ import annotations

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.errors import AWSError, untyped_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas
from lambda_nb.rules.settings.names import LATEST


class Budget:
    """How the account's concurrency is divided."""

    def __init__(self, context: Context, account_limit: int) -> None:
        self._store = context.store
        self.limit = account_limit

    def provisioned(self, name: str) -> int:
        """The sum of provisioned environments of a function's versions and aliases."""
        return sum(r["requested"] for r in self._store.children("provisioned", name).values())

    def not_reserved(self) -> int:
        """The account's limit minus all reserved concurrency, as GetAccountSettings shows it."""
        functions = self._store.children("function", "").values()
        return self.limit - sum(record.get("reserved") or 0 for record in functions)

    def unreserved(self, *, without: str | None = None) -> int:
        """Concurrency that no function claims; ``without`` leaves one function out."""
        claimed = 0
        for name, record in self._store.children("function", "").items():
            if name != without:
                reserved = record.get("reserved")
                claimed += self.provisioned(name) if reserved is None else reserved
        return self.limit - claimed

    def below_minimum(self) -> AWSError:
        """The error for a claim that leaves other functions fewer than 100 environments."""
        return untyped_parameter(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of "
            f"[{quotas.UNRESERVED_MIN.value}]."
        )


class Concurrency:
    """Put, get and delete reserved concurrency."""

    def __init__(self, context: Context, lookup: Lookup, budget: Budget) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._budget = budget

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutFunctionConcurrency": self.put,
            "GetFunctionConcurrency": self.get,
            "DeleteFunctionConcurrency": self.delete,
        }

    def put(self, request: Request, caller: Caller) -> Response:
        """Reserve concurrency; 0 stops the function."""
        name = self._lookup.unqualified(request, missing_as=LATEST)
        reserved = request["ReservedConcurrentExecutions"]
        if self._budget.unreserved(without=name) - reserved < quotas.UNRESERVED_MIN.value:
            raise self._budget.below_minimum()
        provisioned = self._budget.provisioned(name)
        if reserved < provisioned:
            raise untyped_parameter(  # AWS has these spaces
                f" ReservedConcurrentExecutions  {reserved} should not be lower than function's "
                f"total provisioned concurrency [{provisioned}]."
            )
        self._save(name, reserved)
        return {"ReservedConcurrentExecutions": reserved}

    def get(self, request: Request, caller: Caller) -> Response:
        """The reserved concurrency, if there is any."""
        record = self._lookup.function(self._lookup.unqualified(request))
        reserved = record.get("reserved")
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def delete(self, request: Request, caller: Caller) -> Response:
        """Return the function to the account's pool."""
        self._save(self._lookup.unqualified(request), None)
        return {}

    def announce_all(self) -> None:
        """Tell execution what was reserved before the engine started."""
        for name, record in self._store.children("function", "").items():
            if record.get("reserved") is not None:
                self._context.hooks.reserved(name, record["reserved"])

    def _save(self, name: str, reserved: int | None) -> None:
        with self._store.write() as batch:
            batch.put("function", "", name, {**self._lookup.function(name), "reserved": reserved})
        self._context.hooks.reserved(name, reserved)

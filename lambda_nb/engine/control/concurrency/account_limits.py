"""The account's limits and its usage."""

from __future__ import annotations

from lambda_nb.engine.control.concurrency.reserved import Budget
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas


class Account:
    """GetAccountSettings."""

    def __init__(self, context: Context, budget: Budget) -> None:
        self._store = context.store
        self._budget = budget

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"GetAccountSettings": self.get}

    def get(self, request: Request, caller: Caller) -> Response:
        """Limits and usage; code size counts every version of every function and layer."""
        used = sum(
            record["code"].get("size", 0)
            for kind in ("version", "layer_version")
            for _, _, record in self._store.every(kind)
        )
        return {
            "AccountLimit": {
                "TotalCodeSize": quotas.CODE_STORAGE_BYTES.value,
                "CodeSizeUnzipped": quotas.UNZIPPED_BYTES.value,
                "CodeSizeZipped": quotas.ZIPPED_BYTES.value,
                "ConcurrentExecutions": self._budget.limit,
                "UnreservedConcurrentExecutions": self._budget.not_reserved(),
            },
            "AccountUsage": {
                "TotalCodeSize": used,
                "FunctionCount": len(self._store.children("function", "")),
            },
        }

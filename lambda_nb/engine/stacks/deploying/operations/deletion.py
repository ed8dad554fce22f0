"""Deletes stacks."""

from __future__ import annotations

from lambda_nb.engine.stacks.deploying.operations.creation import ended
from lambda_nb.engine.stacks.deploying.operations.deployment import in_use
from lambda_nb.engine.stacks.deploying.operations.removal import delete_all
from lambda_nb.engine.stacks.deploying.operations.run import Run


def delete(run: Run) -> None:
    """Delete a stack that is ``DELETE_IN_PROGRESS``.

    If its exports are used, its status is again what it was before: AWS calls that a canceled
    deletion (aws/aws-cdk#604, aws/aws-sdk-java#1712).
    """
    run.go_back()
    store = run.store
    for export in store.exports():
        users = store.importers(export.name) if export.stack_id == run.stack_id else []
        if users:
            was = run.stack.operation.get("was", {"status": "DELETE_FAILED", "operation": {}})
            run.tell(was["status"], in_use(export.name, users), operation=was["operation"])
            return
    operation = run.stack.operation
    if delete_all(run, retain=operation.get("retain", ()), force=bool(operation.get("force"))):
        ended(run, "DELETE_COMPLETE")

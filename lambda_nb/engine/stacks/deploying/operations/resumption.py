"""Takes up the operations that the end of the engine interrupted."""

from __future__ import annotations

from lambda_nb.engine.stacks.deploying.operations import creation, deletion, update
from lambda_nb.engine.stacks.deploying.operations.run import Run
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.records.store import Store

REASON = "The engine ended during the operation. "
_FAILED = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}


def interrupted(store: Store) -> list[list[Stack]]:
    """The stacks whose operation was interrupted, in groups: nested ones before their parents."""
    found = [stack for stack in store.stacks() if stack.in_progress and not held(stack)]
    levels: dict[int, list[Stack]] = {}
    for stack in found:
        levels.setdefault(_depth(store, stack), []).append(stack)
    return [levels[level] for level in sorted(levels, reverse=True)]


def held(stack: Stack) -> bool:
    """Whether a nested stack is updated and waits for its parent."""
    return bool(stack.operation.get("held")) and stack.status == update.CLEANUP


def resume(run: Run) -> None:
    """Bring a stack to a lasting status: creations and updates roll back, all else goes on."""
    status = run.stack.status
    give_up_steps(run, REASON.strip())
    match status:
        case "CREATE_IN_PROGRESS":
            creation.fail(run, REASON)
        case "ROLLBACK_IN_PROGRESS":
            creation.roll_back(run)
        case "UPDATE_IN_PROGRESS":
            update.begin_rollback(run, REASON)
        case "UPDATE_ROLLBACK_IN_PROGRESS":
            update.roll_back(run, run.stack.operation.get("skip", ()))
        case update.CLEANUP:
            update.clean_up(run)
        case update.ROLLBACK_CLEANUP:
            update.clean_up_rollback(run)
        case _:
            deletion.delete(run)


def give_up_steps(run: Run, why: str) -> None:
    """Record that steps which had begun have failed, and which resources may exist all the same."""
    for row in run.rows.values():
        if row.status in _FAILED:
            run.parts.journal.resource(
                run.stack,
                row.logical_id,
                _FAILED[row.status],
                why,
                uncertain=row.step in ("create", "replace") and not row.held.physical_id,
            )


def _depth(store: Store, stack: Stack) -> int:
    parent = store.find_stack(stack.parent_id) if stack.parent_id else None
    return 0 if parent is None else 1 + _depth(store, parent)

"""Updates stacks, and rolls a failed update back."""

from __future__ import annotations

from collections.abc import Callable, Collection

from lambda_nb.engine.stacks.deploying.journal import STACK_TYPE
from lambda_nb.engine.stacks.deploying.operations.creation import roll_back as roll_creation_back
from lambda_nb.engine.stacks.deploying.operations.deployment import (
    Deployment,
    DeploymentError,
    cleared,
    exports_of,
    outputs_of,
)
from lambda_nb.engine.stacks.deploying.operations.removal import delete_other, removable
from lambda_nb.engine.stacks.deploying.operations.run import Run, failed_ones, sentence
from lambda_nb.engine.stacks.deploying.steps.walk import reversed_needs
from lambda_nb.engine.stacks.records.rows import StackResource

CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
ROLLBACK_CLEANUP = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
_SUCCESS_BUT = "Update successful. One or more resources could not be deleted."
_BACK_BUT = "Rollback successful. One or more resources could not be deleted."


def update(run: Run) -> None:
    """Update a stack that is ``UPDATE_IN_PROGRESS``."""
    try:
        deployment = Deployment(run)
        for row in removable(run.rows, deployment.wanted).values():
            denied = deployment.removal_denied(row)
            if denied is not None:
                run.parts.journal.resource(run.stack, row.logical_id, "UPDATE_FAILED", denied)
                raise DeploymentError("")
        wanted = {"wanted": sorted(deployment.wanted)}
        deployment.carry_out(lambda: run.tell(CLEANUP, operation={**run.stack.operation, **wanted}))
    except DeploymentError as error:
        fail(run, str(error))
        return
    if not run.stack.operation.get("held"):
        clean_up(run)


def fail(run: Run, why: str) -> None:
    """What follows when an update failed; ``why`` is empty if it is that resources failed."""
    run.go_back()  # first: whoever cancels from here on is told that it is too late
    rows = run.rows.values()
    why = why or (
        sentence("create", failed_ones(rows, "CREATE_FAILED"))
        + sentence("update", failed_ones(rows, "UPDATE_FAILED"))
    )
    if run.stack.operation.get("on_failure") == "DO_NOTHING" and not run.why_cancelled:
        run.tell("UPDATE_FAILED", why.strip(), operation={})
        return
    begin_rollback(run, why)


def begin_rollback(run: Run, why: str) -> None:
    """Roll an update back from where it is."""
    if run.stack.before is None:  # an update of a stack whose creation had failed
        run.tell("ROLLBACK_IN_PROGRESS", f"{why.strip()} Rollback requested by user.".strip())
        roll_creation_back(run)
        return
    run.tell("UPDATE_ROLLBACK_IN_PROGRESS", why.strip())
    roll_back(run)


def clean_up(run: Run) -> None:
    """Delete what the stack does not need any more; it is in :data:`CLEANUP`."""
    run.go_back()
    resources = run.resources()
    wanted = frozenset(run.stack.operation.get("wanted", ()))
    rows = run.rows
    extra = removable(rows, wanted)
    todo = {name: row for name, row in rows.items() if row.step == "replace" and name in wanted}

    def one(name: str) -> bool:
        if name in extra:
            delete_other(resources, extra[name])
            done = resources.removal.remove(extra[name])
            run.store.drop_resource(run.stack_id, name)
            return done
        return resources.removal.remove_replaced(todo[name])

    for row in rows.values():
        if row.held.type == STACK_TYPE and row.held.physical_id:
            run.parts.nesting.finish(row.held.physical_id)
    done = _each(run, {**extra, **todo}, one)
    for row in run.rows.values():
        run.store.put_resource(cleared(row))
    reason = None if done else _SUCCESS_BUT
    run.tell("UPDATE_COMPLETE", reason, operation={}, before=None)


def roll_back(run: Run, skip: Collection[str] = ()) -> None:
    """Make a stack what it was before an update; it is ``UPDATE_ROLLBACK_IN_PROGRESS``.

    Parameters
    ----------
    run
        The operation.
    skip
        Logical IDs of resources that are taken as rolled back, as they are.
    """
    run.go_back()
    stack = run.stack
    if stack.before is not None and stack.before != stack.revision:
        operation = {**stack.operation, "undone_tags": dict(stack.revision.tags)}
        run.store.change_stack(run.stack_id, revision=stack.before, operation=operation)
    resources = run.resources()
    rows = run.rows

    def one(name: str) -> bool:
        row = rows[name]
        assert row.before is not None
        if name in skip:
            run.parts.journal.resource(
                run.stack, name, "UPDATE_COMPLETE", held=row.before, step=None, before=None
            )
            return True
        if row.step == "noted":
            run.store.change_resource(run.stack_id, name, held=row.before, step=None, before=None)
            return True
        return resources.swap_back(row) if row.step == "replace" else resources.restore(row)

    changed = {
        name: row for name, row in rows.items() if row.step in ("modify", "replace", "noted")
    }
    needs = {
        name: row.before.dependencies for name, row in changed.items() if row.before is not None
    }
    done = run.walk(needs, one, patient=True)
    failed = [name for name in changed if name not in done]
    if failed:
        run.tell("UPDATE_ROLLBACK_FAILED", sentence("update", failed).strip())
        return
    _restore_the_rest(run)
    run.tell(ROLLBACK_CLEANUP)
    clean_up_rollback(run)


def _restore_the_rest(run: Run) -> None:
    """Imports, outputs and exports are again what they were."""
    stack, store = run.stack, run.store
    for row in run.rows.values():
        if row.step is None and row.status == "UPDATE_FAILED":  # it was denied, or never begun
            run.parts.journal.resource(stack, row.logical_id, "UPDATE_COMPLETE")
    evaluation = run.parts.preparing.evaluation(stack.name, stack.id, stack.revision)
    store.set_imports(stack.id, frozenset(evaluation.imports()))
    if "wanted" in stack.operation:  # the update was complete, and its parent was not
        made = {name: row.held.made for name, row in run.rows.items()}
        outputs = outputs_of(evaluation, made)
        store.set_exports(stack.id, exports_of(outputs))
        store.change_stack(stack.id, outputs=outputs)


def clean_up_rollback(run: Run) -> None:
    """Delete what the failed update made; the stack is in :data:`ROLLBACK_CLEANUP`."""
    run.go_back()
    resources = run.resources()
    rows = run.rows
    created = {name: row for name, row in rows.items() if row.step == "create"}
    undone = {name: row for name, row in rows.items() if row.step == "undone"}

    def one(name: str) -> bool:
        if name in created:
            done = resources.removal.remove(created[name], creating=True)
            run.store.drop_resource(run.stack_id, name)
            return done
        row = undone[name]
        assert row.before is not None
        return resources.removal.destroy(row, row.before)

    done = _each(run, {**created, **undone}, one)
    for row in run.rows.values():
        run.store.put_resource(cleared(row))
    run.tell("UPDATE_ROLLBACK_COMPLETE", None if done else _BACK_BUT, operation={}, before=None)


def _each(run: Run, rows: dict[str, StackResource], one: Callable[[str], bool]) -> bool:
    """Delete in order; what is needed by one that cannot be deleted is tried all the same."""
    held = {
        name: row.before if row.step in ("replace", "undone") and row.before else row.held
        for name, row in rows.items()
    }
    failed: list[str] = []

    def anyway(name: str) -> bool:
        if not one(name):
            failed.append(name)
        return True

    needs = reversed_needs({name: about.dependencies for name, about in held.items()})
    run.walk(needs, anyway, patient=True)
    return not failed

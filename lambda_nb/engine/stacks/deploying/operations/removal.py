"""Deletes the resources of a stack, those that need others before these."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from lambda_nb.engine.stacks.deploying.operations.run import Run, failed_ones, sentence
from lambda_nb.engine.stacks.deploying.steps.resources import Resources
from lambda_nb.engine.stacks.deploying.steps.walk import reversed_needs
from lambda_nb.engine.stacks.records.rows import StackResource

_FAILURES = {
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}
_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")


def delete_all(
    run: Run,
    *,
    creating: bool = False,
    retain: Collection[str] = (),
    force: bool = False,
) -> bool:
    """Delete a stack's resources; what cannot be deleted fails the stack.

    Parameters
    ----------
    run
        The operation.
    creating
        Whether the creation of the stack is rolled back.
    retain
        Logical IDs of resources that are left alone.
    force
        Whether resources that cannot be deleted are left alone, too.

    Returns
    -------
    bool
        Whether nothing is left that should not be.
    """
    rows = {name: row for name, row in run.rows.items() if row.status not in _GONE}
    resources = run.resources()

    def one(name: str) -> bool:
        row = rows[name]
        if name in retain:
            run.parts.journal.resource(run.stack, name, "DELETE_SKIPPED")
            return True
        delete_other(resources, row)
        if resources.removal.remove(row, creating=creating or row.step == "create"):
            return True
        if force:
            run.parts.journal.resource(run.stack, name, "DELETE_SKIPPED")
        return force

    run.walk(needs_of(rows), one, patient=True)
    left = failed_ones(run.rows.values(), "DELETE_FAILED")
    if not left:
        return True
    status = _FAILURES[run.stack.status]
    run.tell(status, sentence("delete", left).strip(), operation={})
    return False


def needs_of(rows: dict[str, StackResource]) -> dict[str, set[str]]:
    """What must be gone before each resource."""
    return reversed_needs({name: row.held.dependencies for name, row in rows.items()})


def delete_other(resources: Resources, row: StackResource) -> None:
    """Delete the second real resource of a logical ID, if a failed update left one."""
    if row.step not in ("replace", "undone") or row.before is None:
        return
    # Only of the new one may it be unknown whether it was made.
    uncertain = row.uncertain and row.step == "undone"
    resources.removal.destroy(dataclasses.replace(row, uncertain=uncertain), row.before)


def removable(rows: dict[str, StackResource], wanted: frozenset[str]) -> dict[str, StackResource]:
    """The resources that a template does not want any more."""
    return {name: row for name, row in rows.items() if name not in wanted}

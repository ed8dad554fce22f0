"""Creates stacks, and rolls a failed creation back."""

from __future__ import annotations

import threading
import time

from lambda_nb.engine.stacks.deploying.operations.deployment import (
    Deployment,
    DeploymentError,
    cleared,
)
from lambda_nb.engine.stacks.deploying.operations.removal import delete_all
from lambda_nb.engine.stacks.deploying.operations.run import Run, failed_ones, sentence

_BY_USER = "Rollback requested by user."
_TOO_LATE = "Stack creation time exceeded the specified timeout. "


def create(run: Run) -> None:
    """Create a stack that is ``CREATE_IN_PROGRESS``; whatever fails is handled as it asked."""
    minutes = run.stack.timeout_minutes
    timer = threading.Timer((minutes or 0) * 60.0, run.cancel, (_TOO_LATE,))
    timer.daemon = True
    if minutes:
        timer.start()

    def complete() -> None:
        for row in run.rows.values():
            run.store.put_resource(cleared(row))
        run.tell("CREATE_COMPLETE", operation={})

    try:
        Deployment(run).carry_out(complete)
    except DeploymentError as error:
        fail(run, str(error))
        return
    finally:
        timer.cancel()


def fail(run: Run, why: str) -> None:
    """What follows when a creation failed.

    Parameters
    ----------
    run
        The operation.
    why
        The reason; empty if it is that resources failed.
    """
    run.go_back()  # first: whoever cancels from here on is told that it is too late
    failed = failed_ones(run.rows.values(), "CREATE_FAILED")
    why = why or sentence("create", failed)
    match run.stack.operation.get("on_failure", run.stack.on_failure):
        case "DO_NOTHING":
            run.tell("CREATE_FAILED", why.strip(), operation={})
        case "DELETE":
            run.tell("DELETE_IN_PROGRESS", f"{why}Delete requested by user.")
            if delete_all(run, creating=True):
                ended(run, "DELETE_COMPLETE")
        case _:
            run.tell("ROLLBACK_IN_PROGRESS", f"{why}{_BY_USER}")
            roll_back(run)


def roll_back(run: Run) -> None:
    """Delete what a creation made; the stack is ``ROLLBACK_IN_PROGRESS``."""
    run.go_back()
    if not delete_all(run, creating=True):
        return
    run.store.set_imports(run.stack_id, frozenset())
    run.store.set_exports(run.stack_id, {})
    run.tell("ROLLBACK_COMPLETE", operation={}, outputs=())


def ended(run: Run, status: str) -> None:
    """A stack is gone: nothing of it counts any more but its records."""
    run.store.set_exports(run.stack_id, {})
    run.store.set_imports(run.stack_id, frozenset())
    run.tell(status, operation={}, deleted=time.time())

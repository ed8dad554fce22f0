"""The operations that run now, each in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from lambda_nb.engine.databases import no_room
from lambda_nb.engine.stacks.deploying.operations import resumption
from lambda_nb.engine.stacks.deploying.operations.run import Parts, Run
from lambda_nb.engine.stacks.model import Cancelled
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.records.store import Closed

log = logging.getLogger(__name__)

_CLOSING_S = 2.0
"""Seconds that steps which run have to end when the engine ends."""
_LOOK_S = 0.02
"""Seconds between two looks whether one who waits should go on."""
_NO_ROOM_S = 1.0
"""Seconds between two tries to record something while the disk is full."""
_BROKEN = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
}
"""Where a stack is left whose operation ended by a fault of the engine's own."""


class Running:
    """Starts operations, and ends them with the engine.

    Parameters
    ----------
    begun
        Is told of each stack whose operation begins.

    Attributes
    ----------
    parts : Parts
        What all operations share; set once they are there.
    lock : threading.RLock
        Held while a stack's status is looked at and its operation begun.
    """

    parts: Parts

    def __init__(self, begun: Callable[[Stack], None]) -> None:
        self.lock = threading.RLock()
        self._begun = begun
        self._runs: dict[str, Run] = {}

    def close(self) -> None:
        """Give up what runs; the next engine takes it up."""
        self.parts.closing.set()
        with self.lock:
            runs = list(self._runs.values())
        for run in runs:
            run.abandon()
        end = time.monotonic() + _CLOSING_S
        for run in runs:
            run.ended.wait(max(0.0, end - time.monotonic()))

    def resume(self) -> None:
        """Take up, in a thread, what the end of an earlier engine interrupted."""
        with self.lock:  # requests may have begun operations of this engine
            groups = [
                [stack for stack in group if stack.id not in self._runs]
                for group in resumption.interrupted(self.parts.store)
            ]
        if any(groups):
            threading.Thread(
                target=self._resume, args=(groups,), name="stacks resume", daemon=True
            ).start()

    def start(self, stack_id: str, work: Callable[[Run], None]) -> None:
        """Begin an operation on a stack whose status says so already."""
        self._begun(self.parts.store.stack(stack_id))
        run = Run(self.parts, stack_id)
        self._runs[stack_id] = run
        threading.Thread(
            target=self._carry_out, args=(run, work), name=f"stack {stack_id}", daemon=True
        ).start()

    def runs(self, stack_id: str) -> bool:
        """Whether an operation runs on a stack."""
        return stack_id in self._runs

    def cancel(self, stack_id: str, why: str, **fields: Any) -> bool:
        """Give up what runs on a stack, as :meth:`Run.cancel`; whether it still could be."""
        run = self._runs.get(stack_id)
        return run is not None and run.cancel(why, **fields)

    def wait(self, stack_id: str, cancelled: threading.Event | None = None) -> Stack:
        """Wait until the operation on a stack has ended.

        Raises
        ------
        Cancelled
            ``cancelled`` was set meanwhile.
        Closed
            The engine ends.
        """
        run = self._runs.get(stack_id)
        while run is not None and not run.ended.wait(_LOOK_S):
            if self.parts.closing.is_set():
                raise Closed
            if cancelled is not None and cancelled.is_set():
                raise Cancelled
        return self.parts.store.stack(stack_id)

    def _carry_out(self, run: Run, work: Callable[[Run], None]) -> None:
        try:
            work(run)
        except Closed:
            pass
        except Exception as error:
            log.exception("the operation on stack %s ended by a fault of lambda_nb", run.stack_id)
            self._break(run, error)
        finally:
            with self.lock:
                if self._runs.get(run.stack_id) is run:
                    del self._runs[run.stack_id]
            run.ended.set()

    def _break(self, run: Run, error: Exception) -> None:
        why = f"A fault of lambda_nb ended the operation ({type(error).__name__}: {error})."
        while True:
            try:
                status = _BROKEN.get(run.stack.status, "UPDATE_ROLLBACK_FAILED")
                resumption.give_up_steps(run, why)
                run.tell(status, why, operation={})
                return
            except Closed:
                return
            except Exception as again:  # while the disk is full, nothing can be recorded
                if not no_room(again):
                    raise
            if self.parts.closing.wait(_NO_ROOM_S):
                return

    def _resume(self, groups: Sequence[Sequence[Stack]]) -> None:
        with contextlib.suppress(Closed):  # the engine ends already
            for group in groups:
                with self.lock:
                    for stack in group:
                        self.start(stack.id, resumption.resume)
                    runs = [self._runs.get(stack.id) for stack in group]
                for run in runs:
                    if run is not None:
                        run.ended.wait()

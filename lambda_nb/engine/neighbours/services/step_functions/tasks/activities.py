"""Activities: tasks that a worker outside fetches with GetActivityTask."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.refusals import refusal

LONGEST_POLL_S = 60.0
"""Seconds that GetActivityTask waits for a task (API reference, GetActivityTask)."""

_changed = threading.Condition()
_waiting: dict[str, deque[Any]] = {}
"""By the activity's ARN: tasks that no worker has fetched."""


class Store:
    """The activities that executions of one account and Region may name.

    Parameters
    ----------
    backend
        moto's backend of Step Functions.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def get(self, arn: str) -> _Tasks:
        """Where tasks for an activity go.

        Raises
        ------
        ActivityDoesNotExist
            moto's, as its interpreter expects it.
        """
        if arn in self._backend.activities:
            return _Tasks(arn)
        from moto.stepfunctions.parser.api import ActivityDoesNotExist

        raise ActivityDoesNotExist(f"Activity Does Not Exist: '{arn}'")


class _Tasks:
    def __init__(self, arn: str) -> None:
        self._arn = arn

    def add_task(self, task: Any) -> None:
        """Let a worker have a task."""
        with _changed:
            _waiting.setdefault(self._arn, deque()).append(task)
            _changed.notify_all()


def install() -> None:
    """Mend moto's activities."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import ActivityTaskStartEndpoint

    endpoint_class: Any = ActivityTaskStartEndpoint
    endpoint_class._outcome = None  # what it answers if nobody fetches the task in time


def fetch(backend: Any, arn: str, worker: str | None, begin: Any) -> Any:
    """GetActivityTask: the next task, or ``None`` after a minute.

    Parameters
    ----------
    begin
        Told the token and the worker's name; says whether the task still waits for a worker.

    Raises
    ------
    AWSError
        ``ActivityDoesNotExist``.
    """
    ends = time.monotonic() + LONGEST_POLL_S
    while True:
        if arn not in backend.activities:
            raise refusal("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
        with _changed:
            tasks = _waiting.get(arn)
            if not tasks:
                left_s = ends - time.monotonic()
                if left_s <= 0:
                    return None
                _changed.wait(min(left_s, 5.0))  # the activity may be deleted meanwhile
                continue
            task = tasks.popleft()
        if begin(task.task_token, worker):
            return task

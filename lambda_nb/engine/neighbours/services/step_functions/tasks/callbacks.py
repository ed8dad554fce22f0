"""SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat: answers to tasks that wait."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.executions import ending
from lambda_nb.engine.neighbours.services.step_functions.refusals import refusal

_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What moto's interpreter gives as a token."""


def succeed(token: str, output: str) -> None:
    """SendTaskSuccess.

    Raises
    ------
    AWSError
        ``InvalidOutput``, ``InvalidToken``, or ``TaskTimedOut`` if no task waits with this token.
    """
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeSuccess

    try:
        json.loads(output)
    except ValueError as error:
        raise refusal("InvalidOutput", f"Invalid Output: '{error}'") from error
    _waiting(token).notify(CallbackOutcomeSuccess(callback_id=token, output=output))


def fail(token: str, error: str | None, cause: str | None) -> None:
    """SendTaskFailure.

    Raises
    ------
    AWSError
        ``InvalidToken``, or ``TaskTimedOut`` if no task waits with this token.
    """
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeFailure

    _waiting(token).notify(CallbackOutcomeFailure(callback_id=token, error=error, cause=cause))


def keep_alive(token: str) -> None:
    """SendTaskHeartbeat.

    Raises
    ------
    AWSError
        ``InvalidToken``, or ``TaskTimedOut`` if no task waits with this token.
    """
    _waiting(token).notify_heartbeat()


def begin(token: str, worker: str | None) -> bool:
    """Tell an activity's task that a worker has it; whether the task still waits."""
    endpoint = _find(token)
    if endpoint is None or endpoint._notify_event.is_set():
        return False
    endpoint.notify_activity_task_start(worker)
    return True


def _waiting(token: str) -> Any:
    endpoint = _find(token)
    if endpoint is None or endpoint._notify_event.is_set():
        text = "Task Timed Out: 'Provided task does not exist anymore'"
        raise refusal("TaskTimedOut", text)
    return endpoint


def _find(token: str) -> Any:
    if not _TOKEN.fullmatch(token or ""):
        raise refusal("InvalidToken", "Invalid Token: 'Invalid token'")
    for execution in ending.running():
        env = getattr(execution.exec_worker, "env", None)
        endpoint = None if env is None else env.callback_pool_manager.get(token)
        if endpoint is not None:
            return endpoint
    return None

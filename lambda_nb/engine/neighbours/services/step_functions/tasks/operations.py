"""Operations for who carries a task out: its success, its failure, and an activity's next task."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.answers import answer
from lambda_nb.engine.neighbours.services.step_functions.tasks import activities, callbacks


def send_task_success(self: Any) -> Any:
    """SendTaskSuccess."""
    callbacks.succeed(self._get_param("taskToken"), self._get_param("output"))
    return answer({})


def send_task_failure(self: Any) -> Any:
    """SendTaskFailure."""
    callbacks.fail(self._get_param("taskToken"), self._get_param("error"), self._get_param("cause"))
    return answer({})


def send_task_heartbeat(self: Any) -> Any:
    """SendTaskHeartbeat."""
    callbacks.keep_alive(self._get_param("taskToken"))
    return answer({})


def get_activity_task(self: Any) -> Any:
    """GetActivityTask: waits a minute for a task."""
    backend, arn = self.stepfunction_backend, self._get_param("activityArn")
    task = activities.fetch(backend, arn, self._get_param("workerName"), callbacks.begin)
    if task is None:
        return answer({})
    return answer({"taskToken": task.task_token, "input": task.task_input})


OPERATIONS = (send_task_success, send_task_failure, send_task_heartbeat, get_activity_task)

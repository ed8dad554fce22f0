"""Tasks, where moto's interpreter differs from AWS: how they call services, and their errors."""

from __future__ import annotations

import json
import threading
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door

SYNC_POLL_S = 0.05
"""Seconds between two looks at what a ``.sync`` task waits for."""
CONNECTIONS = 200
"""Connections of a client that all executions share."""
UNKNOWN_ERROR = "Lambda.Unknown"
"""Of a function that ended without naming an error (Step Functions Developer Guide,
concepts-error-handling)."""


def install(door: Door) -> None:
    """Change moto's tasks.

    Parameters
    ----------
    door
        Makes the clients that call services.
    """
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_callback as callback,
    )
    from moto.stepfunctions.parser.asl.utils import boto_client

    module: Any = boto_client
    module.boto3 = Clients(door)
    waiting: Any = callback
    waiting._DELAY_SECONDS_SYNC_CONDITION_CHECK = SYNC_POLL_S
    _name_errors()
    _refuse_jobs()


class Clients:
    """Replaces boto3 in moto's interpreter: one client for each service and Region.

    Making a client takes longer than most calls.

    Parameters
    ----------
    door
        Makes the clients.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, *, service_name: str, region_name: str, config: Any, **_: Any) -> Any:
        """The client of a service, as ``boto3.client`` makes it."""
        from botocore.config import Config

        key = (service_name, region_name)
        with self._lock:
            if key not in self._made:
                # The engine has one address: no prefix may come before it.
                ours = Config(max_pool_connections=CONNECTIONS, inject_host_prefix=False)
                self._made[key] = self._door.client(
                    service_name=service_name, region_name=region_name, config=config.merge(ours)
                )
            return self._made[key]


def _name_errors() -> None:
    """Errors of functions and of Lambda, by the names that AWS gives them."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_lambda as service,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import (
        StateTaskLambda,
    )

    plain: Any = StateTaskLambda
    invoke: Any = service.StateTaskServiceLambda
    in_plain, in_invoke = plain._from_error, invoke._from_error
    cause_of = invoke._error_cause_from_client_error

    def from_plain(self: Any, env: Any, ex: Exception) -> Any:
        told = _named(ex, cause_of)
        if told is None:
            return in_plain(self, env, ex)
        details = {"error": told[0], "cause": told[1]}
        return _failure(env, "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", details)

    def from_invoke(self: Any, env: Any, ex: Exception) -> Any:
        told = _named(ex, cause_of)
        if told is None:
            return in_invoke(self, env, ex)
        details = {
            "error": told[0],
            "cause": told[1],
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
        }
        return _failure(env, "TaskFailed", "taskFailedEventDetails", details)

    plain._from_error, invoke._from_error = from_plain, from_invoke


def _named(error: Exception, cause_of: Any) -> tuple[str, str] | None:
    """Error and cause of what moto names otherwise; ``None`` for the rest."""
    from botocore.exceptions import ClientError
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
        LambdaFunctionErrorException,
    )

    if isinstance(error, ClientError):
        name, cause = cause_of(error)
        return str(name), str(cause)
    if not isinstance(error, LambdaFunctionErrorException):
        return None
    payload = str(error.payload)
    try:
        told = json.loads(payload)
    except ValueError:
        return UNKNOWN_ERROR, payload
    name = told.get("errorType") if isinstance(told, dict) else None
    return (str(name), payload) if name else (UNKNOWN_ERROR, payload)


def _failure(env: Any, kind: str, member: str, details: dict[str, str]) -> Any:
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent

    made: Any = FailureEvent
    return made(
        env=env,
        error_name=ErrorName(error_name=details["error"]),
        event_type=HistoryEventType(kind),
        event_details={member: details},
    )


def _refuse_jobs() -> None:
    """Services that run containers and clusters: a task would wait for them for ever."""
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_batch,
        state_task_service_ecs,
        state_task_service_glue,
        state_task_service_unsupported,
    )

    def evaluate(self: Any, env: Any, *_: Any, **__: Any) -> None:
        service, action = self._get_sfn_resource_type(), self._get_sfn_resource()
        details = {
            "error": "States.Runtime",
            "cause": (
                f"lambda_nb runs functions, but no jobs of {service}: the task {service}:{action} "
                "would wait for ever. Put a function in its place."
            ),
            "resource": action,
            "resourceType": service,
        }
        event = _failure(env, "TaskFailed", "taskFailedEventDetails", details)
        raise FailureEventException(failure_event=event)

    kinds: tuple[Any, ...] = (
        state_task_service_batch.StateTaskServiceBatch,
        state_task_service_ecs.StateTaskServiceEcs,
        state_task_service_glue.StateTaskServiceGlue,
        state_task_service_unsupported.StateTaskServiceUnsupported,
    )
    for kind in kinds:
        kind._eval_service_task = evaluate

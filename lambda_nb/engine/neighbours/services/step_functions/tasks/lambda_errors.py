"""Errors of functions and of Lambda, by the names that AWS gives them."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions.tasks.failures import failure_event

UNKNOWN_ERROR = "Lambda.Unknown"
"""Of a function that ended without naming an error (Step Functions Developer Guide,
concepts-error-handling)."""


def install() -> None:
    """Change what moto calls these errors."""
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
        return failure_event(
            env, "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", details
        )

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
        return failure_event(env, "TaskFailed", "taskFailedEventDetails", details)

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

"""Operations of Step Functions' API: what moto lacks, and what it answers otherwise than AWS."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.step_functions import definitions
from lambda_nb.engine.neighbours.services.step_functions.answers import answer
from lambda_nb.engine.neighbours.services.step_functions.executions import ending, kept, starting
from lambda_nb.engine.neighbours.services.step_functions.refusals import (
    express_arn,
    invalid,
    refusal,
    wrong_type,
)
from lambda_nb.engine.neighbours.services.step_functions.tasks import operations as task_operations

EXPRESS_MEMORY_MB = 64
BILLED_STEP_MS = 100
"""Express executions are billed by 64 MB and 100 ms (AWS Step Functions pricing, Dec 2026)."""
_INCLUDED = {"included": True}
_MOST = 1000
"""Events of a page (API reference, GetExecutionHistory)."""


def install() -> None:
    """Change moto's answers."""
    from moto.stepfunctions.responses import StepFunctionResponse

    response_class: Any = StepFunctionResponse
    for operation in (
        start_execution,
        start_sync_execution,
        describe_execution,
        describe_state_machine_for_execution,
        list_executions,
        stop_execution,
        get_execution_history,
        redrive_execution,
        test_state,
        *task_operations.OPERATIONS,
        validate_state_machine_definition,
    ):
        setattr(response_class, operation.__name__, operation)


def start_execution(self: Any) -> Any:
    """StartExecution."""
    execution = self.stepfunction_backend.start_execution(
        self._get_param("stateMachineArn"),
        self._get_param("name"),
        self._get_param("input"),
        self._get_param("traceHeader"),
    )
    return answer({"executionArn": execution.execution_arn, "startDate": execution.start_date})


def start_sync_execution(self: Any) -> Any:
    """StartSyncExecution: answers when the execution has ended."""
    execution = starting.start_and_wait(
        self.stepfunction_backend,
        self._get_param("stateMachineArn"),
        self._get_param("name"),
        self._get_param("input"),
        self._get_param("traceHeader"),
    )
    took_ms = (execution.stop_date - execution.start_date).total_seconds() * 1000
    billed_ms = BILLED_STEP_MS * max(1, -int(-took_ms // BILLED_STEP_MS))
    status = execution.status if execution.status in ("SUCCEEDED", "TIMED_OUT") else "FAILED"
    billing = {
        "billedMemoryUsedInMB": EXPRESS_MEMORY_MB,
        "billedDurationInMilliseconds": billed_ms,
    }
    return answer({**_told(execution), "status": status, "billingDetails": billing})


def _told(execution: Any) -> dict[str, Any]:
    """What each description of an execution has."""
    succeeded = execution.status == "SUCCEEDED"
    return {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "input": execution.execution_input,
        "inputDetails": _INCLUDED,
        "output": json.dumps(execution.output) if succeeded else None,
        "outputDetails": _INCLUDED if succeeded else None,
        "error": execution.error,
        "cause": execution.cause,
        "traceHeader": execution.trace_header,
    }


def describe_execution(self: Any) -> Any:
    """DescribeExecution."""
    execution = _found(self)
    running = execution.status in ("RUNNING", "SUCCEEDED")
    reason = "lambda_nb does not redrive executions: start a new one"
    if running:
        reason = f"Execution is {execution.status} and cannot be redriven"
    return answer(
        {
            **_told(execution),
            "stateMachineVersionArn": execution.version_arn,
            "stateMachineAliasArn": execution.alias_arn,
            "redriveCount": 0,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": reason,
        }
    )


def _found(self: Any) -> Any:
    """The execution that a request names."""
    arn = self._get_param("executionArn")
    if arn.split(":")[5:6] == ["express"]:
        raise express_arn()
    return self.stepfunction_backend.describe_execution(arn)


def describe_state_machine_for_execution(self: Any) -> Any:
    """DescribeStateMachineForExecution: as it was when the execution began."""
    machine = _found(self).state_machine
    return answer(
        {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "definition": machine.definition,
            "roleArn": machine.roleArn,
            "updateDate": machine.update_date,
            "loggingConfiguration": machine.loggingConfiguration,
            "tracingConfiguration": machine.tracingConfiguration,
            "encryptionConfiguration": machine.encryptionConfiguration,
        }
    )


def list_executions(self: Any) -> Any:
    """ListExecutions, newest first; of a version or an alias if that is asked."""
    asked = self._get_param("stateMachineArn")
    if not asked:
        raise refusal(
            "ValidationException",
            "stateMachineArn is required: lambda_nb lists no map runs' executions.",
        )
    backend = self.stepfunction_backend
    machine = backend.describe_state_machine(asked)
    if machine.type == "EXPRESS":
        raise wrong_type()
    status = self._get_param("statusFilter")
    found = [
        one
        for one in sorted(machine.executions, key=lambda one: one.start_date, reverse=True)
        if status in (None, one.status)
        and (len(asked.split(":")) == 7 or asked in (one.version_arn, one.alias_arn))
    ]
    page, token = _page(found, self._get_int_param("maxResults"), self._get_param("nextToken"), 100)
    told = []
    for one in page:
        row = {
            "executionArn": one.execution_arn,
            "stateMachineArn": one.machine_arn,
            "name": one.name,
            "status": one.status,
            "startDate": one.start_date,
            "stopDate": one.stop_date,
            "stateMachineVersionArn": one.version_arn,
            "stateMachineAliasArn": one.alias_arn,
            "redriveCount": 0,
        }
        told.append({name: value for name, value in row.items() if value is not None})
    return answer({"executions": told, "nextToken": token})


def stop_execution(self: Any) -> Any:
    """StopExecution."""
    execution = _found(self)
    ending.stop(execution, self._get_param("error"), self._get_param("cause"))
    return answer({"stopDate": execution.stop_date or datetime.now(timezone.utc)})


def redrive_execution(self: Any) -> Any:
    """RedriveExecution, which is refused: what an execution's tasks knew is gone with it."""
    execution = _found(self)
    text = f"{execution.execution_arn}: lambda_nb does not redrive executions: start a new one"
    raise refusal("ExecutionNotRedrivable", text)


def test_state(self: Any) -> Any:
    """TestState, which is refused."""
    text = "lambda_nb does not test single states: run a state machine that has only this one"
    raise refusal("ValidationException", text)


def get_execution_history(self: Any) -> Any:
    """GetExecutionHistory."""
    events = kept.history(_found(self).exec_worker)
    if self._get_param("reverseOrder"):
        events = events[::-1]
    page, token = _page(
        events, self._get_int_param("maxResults"), self._get_param("nextToken"), _MOST
    )
    with_data = self._get_param("includeExecutionData", True)
    return answer({"events": [_event(one, with_data) for one in page], "nextToken": token})


def _event(event: dict[str, Any], with_data: bool) -> dict[str, Any]:
    """An event as the API tells it: with a time that is no text."""
    told = {**event, "timestamp": kept.moment(event["timestamp"])}
    if with_data:
        return told
    for name, details in told.items():
        if isinstance(details, dict):
            told[name] = {
                key: one for key, one in details.items() if key not in ("input", "output")
            }
    return told


def _page(rows: list[Any], size: int | None, token: str | None, usual: int) -> tuple[Any, Any]:
    """Some rows, and the token of the next."""
    if size is not None and not 0 <= size <= _MOST:
        raise invalid("maxResults", str(size), f"Member must be between 0 and {_MOST}")
    try:
        first = int(base64.b64decode(token)) if token else 0
    except ValueError as error:
        raise refusal("InvalidToken", f"Invalid Token: '{token}'") from error
    last = first + (size or usual)
    more = base64.b64encode(str(last).encode()).decode() if last < len(rows) else None
    return rows[first:last], more


def validate_state_machine_definition(self: Any) -> Any:
    """ValidateStateMachineDefinition."""
    kind = self._get_param("type") or "STANDARD"
    most = self._get_int_param("maxResults") or 100
    found = definitions.find(self._get_param("definition"), kind)
    told = [
        {
            "severity": "ERROR",
            "code": one.code,
            "message": one.message,
            "location": one.location,
        }
        for one in found[:most]
    ]
    return answer(
        {
            "result": "FAIL" if found else "OK",
            "diagnostics": told,
            "truncated": len(found) > most,
        }
    )

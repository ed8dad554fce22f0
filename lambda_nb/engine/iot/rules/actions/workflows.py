"""The action ``stepFunctions``."""

from __future__ import annotations

import uuid

from lambda_nb.engine.iot.rules.actions.action import (
    Kind,
    Origin,
    Parameters,
    Result,
    text_of,
)
from lambda_nb.engine.iot.rules.actions.service_calls import ServiceRefusedError, call_json
from lambda_nb.engine.iot.rules.surroundings import Surroundings


def _named(parameters: Parameters, result: Result) -> Parameters:
    prefix = parameters.get("executionNamePrefix") or ""
    return {**parameters, "_name": f"{prefix}{uuid.uuid4()}"}


async def _start(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    machine = (
        f"arn:aws:states:{surroundings.region}:{surroundings.account}:stateMachine:"
        f"{parameters['stateMachineName']}"
    )
    request = {
        "stateMachineArn": machine,
        "name": parameters["_name"],
        "input": text_of(payload),
    }
    try:
        await call_json(surroundings, "stepfunctions", "StartExecution", request)
    except ServiceRefusedError as error:
        if error.code != "ExecutionAlreadyExists":  # an earlier attempt whose answer was lost
            raise


STEP_FUNCTIONS = Kind(
    name="stepFunctions",
    label="StepFunctionsAction",
    metric_type="StepFunctions",
    failed="Failed to start execution of state machine",
    perform=_start,
    resource=lambda parameters: str(parameters["stateMachineName"]),
    told=lambda parameters: {
        "State Machine": str(parameters["stateMachineName"]),
        "Execution Name": str(parameters.get("_name")),
    },
    prepare=_named,
    service="stepfunctions",
)

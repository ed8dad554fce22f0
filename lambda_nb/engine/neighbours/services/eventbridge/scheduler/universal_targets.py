"""Universal targets of EventBridge Scheduler: almost any operation of almost any service.

The call goes through the engine, as any client's would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    INVALID_JSON,
    INVALID_PARAMETER,
    DeliveryError,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import Job

_ARN = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-zA-Z0-9-]+):([a-zA-Z0-9]+)")
_READING = (
    "get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read",
    "lookup", "discover", "validate", "batchGet", "batchDescribe", "batchRead", "transactGet",
    "adminGet", "adminList", "testMigration", "retrieve", "testConnection", "translateDocument",
    "isAuthorized", "invokeModel",
)  # fmt: skip
"""Beginnings of operations that only read, which Scheduler refuses (User Guide,
managing-targets-universal)."""
_NAMES = {
    "sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs",
    "elasticloadbalancingv2": "elbv2", "cognitoidentityprovider": "cognito-idp",
    "iotdataplane": "iot-data", "costexplorer": "ce", "applicationautoscaling":
    "application-autoscaling", "apigatewaymanagementapi": "apigatewaymanagementapi",
}  # fmt: skip
"""boto3's names of services that AWS's SDK for Java calls otherwise."""


def operation_of(arn: str) -> tuple[str, str]:
    """The service, by boto3's name, and the operation, by AWS's name, of a universal target.

    Raises
    ------
    ValueError
        There is no such operation, or it only reads.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        raise ValueError(f"{arn} is not a valid universal target ARN.")
    service, action = found[1], found[2]
    if action.startswith(_READING):
        raise ValueError(f"{action} is not supported: it only reads.")
    name = _NAMES.get(service.lower(), service.lower())
    if name not in _services():
        raise ValueError(f"{service} is not a service.")
    operations = {one.lower(): one for one in _model(name).operation_names}
    if action.lower() not in operations:
        raise ValueError(f"{action} is not an operation of {service}.")
    return name, operations[action.lower()]


@cache
def _services() -> frozenset[str]:
    from botocore.loaders import Loader

    return frozenset(Loader().list_available_services("service-2"))


def _model(service: str) -> Any:
    from lambda_nb.engine import service_model

    return service_model.model(service)


class UniversalTargets:
    """Calls operations.

    Parameters
    ----------
    door
        Makes clients of the engine.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._clients: dict[tuple[str, str], Any] = {}

    def send(self, job: Job) -> None:
        """Make one call.

        Raises
        ------
        DeliveryError
            The input does not fit the operation.
        ClientError
            The service refuses it.
        """
        from botocore import xform_name
        from botocore.exceptions import ParamValidationError

        try:
            service, operation = operation_of(job.arn)
        except ValueError as error:
            raise DeliveryError(INVALID_PARAMETER, str(error), retry=False) from error
        try:
            told = json.loads(job.told)
        except ValueError as error:
            raise DeliveryError(INVALID_JSON, str(error), retry=False) from error
        shape = _model(service).operation_model(operation).input_shape
        place = (service, job.account_and_region[1])
        if place not in self._clients:
            self._clients[place] = self._door.client(service_name=service, region_name=place[1])
        try:
            getattr(self._clients[place], xform_name(operation))(**fitted(shape, told))
        except (ParamValidationError, TypeError) as error:
            raise DeliveryError(INVALID_PARAMETER, str(error), retry=False) from error


def fitted(shape: Any, told: Any) -> Any:
    """A value with the names of members as the shape writes them, and with bytes for blobs."""
    if shape is None or told is None:
        return told if shape is not None else {}
    if shape.type_name == "structure" and isinstance(told, Mapping):
        names = {name.lower(): name for name in shape.members}
        return {
            names.get(name.lower(), name): fitted(shape.members.get(names.get(name.lower(), "")), v)
            if name.lower() in names
            else v
            for name, v in told.items()
        }
    if shape.type_name == "list" and isinstance(told, list):
        return [fitted(shape.member, one) for one in told]
    if shape.type_name == "map" and isinstance(told, Mapping):
        return {name: fitted(shape.value, one) for name, one in told.items()}
    if shape.type_name == "blob":
        return told.encode() if isinstance(told, str) else json.dumps(told).encode()
    return told

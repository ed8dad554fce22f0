"""How a task's parameters become those of an API call, and its answer the task's result.

Step Functions names members as AWS's SDK for Java does: ``StateMachineArn``, where the API has
``stateMachineArn``. A JSON value where the API wants text becomes JSON text.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

_BOTO_NAMES = {
    "sfn": "stepfunctions", "states": "stepfunctions", "eventbridge": "events",
    "cloudwatchlogs": "logs", "elasticloadbalancingv2": "elbv2", "iotdataplane": "iot-data",
    "cognitoidentityprovider": "cognito-idp", "cognitoidentity": "cognito-identity",
    "applicationautoscaling": "application-autoscaling", "costexplorer": "ce",
    "elasticloadbalancing": "elb",
}  # fmt: skip
"""boto3's names of services that AWS's SDK for Java calls otherwise."""
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")


def install() -> None:
    """Let moto's service tasks use the API's own names."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service as service,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_aws_sdk as aws_sdk,
    )

    task: Any = service.StateTaskService
    task._get_boto_service_name = _service_name
    task._get_boto_service_action = _method_name
    task._normalise_parameters = _take_parameters
    task._normalise_response = _take_response
    sdk: Any = aws_sdk.StateTaskServiceAwsSdk
    sdk._normalise_service_error_name = staticmethod(error_prefix)


def _service_name(self: Any, boto_service_name: str | None = None) -> str:
    name = boto_service_name or self.resource.api_name
    return _BOTO_NAMES.get(name.lower(), name.lower())


def _method_name(self: Any, service_action_name: str | None = None) -> str:
    from botocore import xform_name

    action = service_action_name or self.resource.api_action  # moto gives the first as boto3 has it
    return str(action if "_" in action else xform_name(action[:1].upper() + action[1:]))


def _operation(self: Any, service: str | None, action: str | None) -> Any:
    """botocore's model of what a task calls.

    Raises
    ------
    ValueError
        AWS has no such operation.
    """
    from botocore import xform_name
    from botocore.exceptions import UnknownServiceError

    from lambda_nb.engine import service_model

    name, method = _service_name(self, service), _method_name(self, action)
    try:
        model = service_model.model(name)
    except UnknownServiceError as error:
        raise ValueError(f"{name} is not a service of AWS: see the Resource of the task") from error
    found = next((one for one in model.operation_names if xform_name(one) == method), None)
    if found is None:
        raise ValueError(f"{self.resource.api_action} is not an operation of {name}")
    return model.operation_model(found)


def _take_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    shape = _operation(self, boto_service_name, service_action_name).input_shape
    if shape is not None:
        made = as_request(parameters, shape)
        parameters.clear()
        parameters.update(made)


def _take_response(
    self: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    shape = _operation(self, boto_service_name, service_action_name).output_shape
    if shape is not None and isinstance(response, dict):
        made = as_result(response, shape)
        response.clear()
        response.update(made)


def as_request(value: Any, shape: Any) -> Any:
    """A value of a task's parameters, as an API call takes it.

    Parameters
    ----------
    shape
        botocore's shape of what the API takes.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        made = {}
        for key, one in value.items():
            name = names.get(key.lower())
            if name is None:
                told = ", ".join(sorted(shape.members))
                raise ValueError(f"The field {key!r} is not supported by {shape.name}: {told}")
            made[name] = as_request(one, shape.members[name])
        return made
    if kind == "list" and isinstance(value, list):
        return [as_request(one, shape.member) for one in value]
    if kind == "map" and isinstance(value, dict):
        return {key: as_request(one, shape.value) for key, one in value.items()}
    if kind == "string" and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"))
    if kind == "blob" and not isinstance(value, bytes):
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return text.encode()
    return value


def as_result(value: Any, shape: Any) -> Any:
    """A value of an API's answer, as a task's result has it.

    Parameters
    ----------
    shape
        botocore's shape of what the API answers.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {
            key[:1].upper() + key[1:]: as_result(one, shape.members[key])
            for key, one in value.items()
            if key in shape.members
        }
    if kind == "list" and isinstance(value, list):
        return [as_result(one, shape.member) for one in value]
    if kind == "map" and isinstance(value, dict):
        return {key: as_result(one, shape.value) for key, one in value.items()}
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    if kind == "blob" and hasattr(value, "read"):
        value = value.read()
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def error_prefix(service: str) -> str:
    """What errors of a service begin with in the States Language.

    Parameters
    ----------
    service
        As a task's Resource names it.

    Examples
    --------
    >>> error_prefix("dynamodb"), error_prefix("secretsmanager"), error_prefix("s3")
    ('DynamoDb', 'SecretsManager', 'S3')
    """
    from lambda_nb.engine import service_model

    model = service_model.model(_BOTO_NAMES.get(service.lower(), service.lower()))
    words = _WORDS.findall(str(model.service_id))
    return "".join(word[:1].upper() + word[1:].lower() for word in words)

"""Runs Step Functions for real: tasks call functions and services through the engine.

moto's interpreter has a thread for each execution and calls over HTTP what a task names. Here it
uses the engine's address and keys, as any other client would.
"""

from __future__ import annotations

import functools
import json
import os
import uuid
from typing import Any

ENDPOINT = "LAMBDA_NB_ENDPOINT"
KEYS = ("LAMBDA_NB_ACCESS_KEY", "LAMBDA_NB_SECRET_KEY")
"""Variables of the child's environment; the child removes them when it starts."""


def install() -> Door:
    """Let state machines run, with address and keys from the environment; return the door."""
    from moto.core.config import default_user_config
    from moto.stepfunctions import responses

    door = Door(os.environ.pop(ENDPOINT), *(os.environ.pop(key) for key in KEYS))
    config: Any = default_user_config
    config["stepfunctions"]["execute_state_machine"] = True
    original = responses.get_backend
    prepare = functools.cache(_prepare)

    def get_backend(account: str, region: str) -> Any:
        prepare(door)
        return original(account, region)

    responses.get_backend = get_backend
    _write_output_as_json(responses.StepFunctionResponse)
    return door


def _prepare(door: Door) -> None:
    """Patch the interpreter when it is first needed; loading it takes a quarter of a second."""
    from moto.stepfunctions.parser.asl.utils import boto_client
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    module: Any = boto_client
    module.boto3 = door
    _name_executions(StepFunctionsParserBackend)


def _name_executions(backend_class: Any) -> None:
    """Give each execution without a name its own name; moto names them all ``None``."""
    original = backend_class.start_execution

    def start(self: Any, state_machine_arn: str, name: str | None, *rest: Any, **named: Any) -> Any:
        return original(self, state_machine_arn, name or str(uuid.uuid4()), *rest, **named)

    backend_class.start_execution = start


def _write_output_as_json(response_class: Any) -> None:
    """Write an execution's output as JSON text; moto leaves out the quotes of a string."""
    from moto.core.responses import ActionResult

    original = response_class.describe_execution

    def describe_execution(self: Any) -> Any:
        told: dict[str, Any] = original(self).result
        if "output" in told:
            execution = self.stepfunction_backend.describe_execution(told["executionArn"])
            told["output"] = json.dumps(execution.output)
        return ActionResult(told)

    response_class.describe_execution = describe_execution


class Door:
    """Replaces boto3 in moto: its clients call the engine.

    Attributes
    ----------
    endpoint
        The engine's URL.
    """

    def __init__(self, endpoint: str, access_key: str, secret_key: str) -> None:
        self.endpoint = endpoint
        self._fixed = {
            "endpoint_url": endpoint,
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
        }

    def credentials(self) -> Any:
        """The keys, as botocore's signers take them."""
        from botocore.credentials import Credentials

        return Credentials(self._fixed["aws_access_key_id"], self._fixed["aws_secret_access_key"])

    def client(self, **asked: Any) -> Any:
        """Make a client, as ``boto3.client`` does."""
        import boto3

        return boto3.client(**{**asked, **self._fixed})

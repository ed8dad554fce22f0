"""``AWS::CloudFormation::Macro``: a function that rewrites templates, known by a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused, validation_error
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

TYPE = "AWS::CloudFormation::Macro"


class Macro(ResourceType):
    """A macro: the stack's record of it is all there is.

    Parameters
    ----------
    function_of
        The function of a macro that exists, by the macro's name.
    """

    name = TYPE

    def __init__(self, function_of: Callable[[str], str | None]) -> None:
        self._function_of = function_of

    def create(self, context: Context, properties: Properties) -> Made:
        name = str(properties["Name"])
        if self._function_of(name) is not None:
            raise Refused(f"{name} already exists", "AlreadyExists")
        return Made(name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        pass


def function_of(store: Store, name: str) -> str | None:
    """The function of a macro; ``None`` if no stack of the Region has made such a macro."""
    for stack in store.stacks():
        for row in store.resources(stack.id).values():
            if row.held.type == TYPE and row.held.physical_id == name:
                return str(row.held.properties["FunctionName"])
    return None


def call(client: Any, function: str | None, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """What a macro answers.

    Parameters
    ----------
    client
        Of Lambda, by boto3.
    function
        The macro's function.
    name
        The macro's name.
    request
        What it is asked (CloudFormation's user guide, "Macro function interface").

    Raises
    ------
    AWSError
        ``ValidationError``: there is no such macro, its function failed, or what it returned is
        no object.
    """
    from botocore.exceptions import ClientError  # late: an engine without stacks needs none of it

    account = str(request.get("accountId", ""))
    if function is None:
        raise validation_error(f"No transform named {account}::{name} found.")
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(request).encode())
    except ClientError as error:
        raise validation_error(
            f"Failed to execute transform {account}::{name}: {error.response['Error']['Message']}"
        ) from error
    said = answer["Payload"].read()
    if "FunctionError" in answer:
        raise validation_error(f"Failed to execute transform {account}::{name}: {_error(said)}")
    try:
        read = json.loads(said)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise validation_error(f"Received malformed response from transform {account}::{name}")
    return read


def _error(said: bytes) -> str:
    try:
        return str(json.loads(said)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return "its function failed."

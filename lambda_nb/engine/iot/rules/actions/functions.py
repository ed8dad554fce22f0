"""The action ``lambda``: an asynchronous invocation."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.rules.actions.action import (
    ActionError,
    Kind,
    Origin,
    Parameters,
    Result,
)
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.permissions.functions import Call, NotPermitted

PRINCIPAL = "iot.amazonaws.com"


async def _invoke(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    arn = str(parameters["functionArn"])
    call = Call(
        function=arn,
        payload=payload,
        principal=PRINCIPAL,
        source_arn=origin.rule_arn,
        request_id=uuid4(),
        source="iot",
    )
    try:
        await surroundings.functions(arn).submit(call)
    except NotPermitted as error:
        raise _failed(403, str(error)) from error
    except AWSError as error:
        again = error.status >= 500
        raise _failed(error.status, error.message, again=again) from error


def _failed(status: int, why: str, *, again: bool = False) -> ActionError:
    sentence = (
        "Failed to invoke lambda function. Received Server error from Lambda. "
        f"The error code is {status}. {why.rstrip('.')}."
    )
    return ActionError(why, "refused" if again else None, sentence)


def _checked(parameters: Parameters, result: Result) -> Parameters:
    if result.is_binary:
        raise _failed(
            400,
            "Could not parse request body into json: the payload is binary; make text of it, "
            "as in SELECT encode(*, 'base64') AS data",
        )
    return parameters


LAMBDA = Kind(
    name="lambda",
    label="LambdaAction",
    metric_type="Lambda",
    failed="Failed to invoke lambda function",
    perform=_invoke,
    resource=lambda parameters: str(parameters["functionArn"]),
    told=lambda parameters: {"Function arn": str(parameters["functionArn"])},
    prepare=_checked,
    at_once=True,
)

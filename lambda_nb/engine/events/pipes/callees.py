"""Functions and state machines as enrichments and targets of pipes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import MOST_SECONDS, StageError, Surroundings
from lambda_nb.engine.machine.call_threads import in_call_thread
from lambda_nb.engine.model import Throttled
from lambda_nb.engine.permissions.functions import Call

_PRINCIPAL = "pipes.amazonaws.com"


async def run_function(around: Surroundings, call: Call) -> bytes:
    """Run a function and return its response.

    Raises
    ------
    StageError
        It failed, was throttled, or does not exist.
    """
    arn = call.function
    try:
        result = await around.functions(arn).invoke(call)
    except Throttled as error:
        raise StageError(f"{arn} was throttled", internal=True, status=429) from error
    except AWSError as error:
        raise _refused(error) from error
    if result.function_error is not None:
        text = result.payload[:1000].decode("utf-8", "replace")
        raise StageError(f"{arn} failed: {text}", status=200)
    return result.payload


async def queue_function(around: Surroundings, call: Call) -> None:
    """Queue an asynchronous invocation; raises as :func:`run_function` does."""
    try:
        await around.functions(call.function).submit(call)
    except AWSError as error:
        raise _refused(error) from error


def function_call(
    pipe: Pipe, arn: str, payload: bytes, request_id: str, trace: str | None = None
) -> Call:
    """The call of a function: a pipe's role invokes it, so its own policy is not asked."""
    return Call(
        function=arn,
        payload=payload,
        principal=_PRINCIPAL,
        source_arn=pipe.arn,
        request_id=request_id,
        trace_header=trace,
        trusted=True,
        source="pipes",
    )


async def start_execution(around: Surroundings, arn: str, payload: str) -> str:
    """Start an execution of a state machine; returns its ARN.

    Raises
    ------
    StageError
        It cannot be started.
    """
    told = {"stateMachineArn": arn, "input": payload}
    answer = await call_client(around, "stepfunctions", "start_execution", told)
    return str(answer["executionArn"])


async def run_execution(around: Surroundings, arn: str, payload: str) -> str:
    """Run an express workflow and return its output.

    Raises
    ------
    StageError
        It failed, or took longer than pipes wait.
    """
    # Not in a thread: it takes as long as its functions do, and these need threads to start.
    services = Services(around.upstream, around.region)
    asked = {"stateMachineArn": arn, "input": payload}
    try:
        answer = await services.json("stepfunctions", "StartSyncExecution", asked, MOST_SECONDS)
        told = json.loads(answer.body)
    except TooSlow as error:
        text = f"an execution of {arn} took longer than {MOST_SECONDS:g} s"
        raise StageError(text, status=408) from error
    except (Unreachable, ValueError) as error:
        raise StageError(str(error), internal=True, status=503) from error
    if answer.status != 200:
        code = str(told.get("__type", answer.status)).rpartition("#")[2]
        raise _told(code, str(told.get("message", "")), answer.status)
    if told["status"] != "SUCCEEDED":
        text = f"{told['executionArn']}: {told.get('error') or told['status']}"
        raise StageError(text, status=200)
    return str(told.get("output") or "null")


async def call_client(
    around: Surroundings, service: str, method: str, told: Mapping[str, Any]
) -> Any:
    """Call a method of a boto3 client in a thread.

    Raises
    ------
    StageError
        The service refuses; internal if it cannot be reached, throttles or fails itself.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = await around.connect(service)
        return await in_call_thread(getattr(client, method), **told)
    except ClientError as error:
        detail, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        status = int(meta.get("HTTPStatusCode", 400))
        raise _told(str(detail.get("Code")), str(detail.get("Message")), status) from error
    except BotoCoreError as error:
        raise StageError(str(error), internal=True, status=503) from error
    except AWSError as error:
        raise _refused(error) from error


def _refused(error: AWSError) -> StageError:
    return _told(error.code, error.message, error.status)


def _told(code: str, message: str, status: int) -> StageError:
    """What a service refuses; internal if it throttles or fails itself."""
    return StageError(f"{code}: {message}", internal=status == 429 or status >= 500, status=status)

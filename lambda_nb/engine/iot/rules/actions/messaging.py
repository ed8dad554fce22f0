"""The actions ``sqs`` and ``sns``."""

from __future__ import annotations

import base64
import re

from lambda_nb.engine.iot.rules.actions.action import (
    ActionError,
    Kind,
    Origin,
    Parameters,
    Result,
    text_of,
)
from lambda_nb.engine.iot.rules.actions.service_calls import call_json, call_query
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.permissions.functions import region_of

_QUEUE_HOST = re.compile(r"https?://(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com")
_NO_FIFO = "The {} action doesn't support FIFO {}"


async def _send(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    url = str(parameters["queueUrl"])
    body = base64.b64encode(payload).decode() if _base64(parameters) else text_of(payload)
    found = _QUEUE_HOST.match(url)
    region = (found[1] or found[2]) if found else None
    request = {"QueueUrl": url, "MessageBody": body}
    await call_json(surroundings, "sqs", "SendMessage", request, region)


def _base64(parameters: Parameters) -> bool:
    return parameters.get("useBase64") in (True, "true")


def _no_fifo_queue(parameters: Parameters, result: Result) -> Parameters:
    if str(parameters["queueUrl"]).endswith(".fifo"):
        raise ActionError(_NO_FIFO.format("SQS", "queues"))
    return parameters


SQS = Kind(
    name="sqs",
    label="SqsAction",
    metric_type="SQS",
    failed="Failed to send message to SQS queue",
    perform=_send,
    resource=lambda parameters: str(parameters["queueUrl"]),
    told=lambda parameters: {"QueueUrl": str(parameters["queueUrl"])},
    prepare=_no_fifo_queue,
    service="sqs",
)


async def _publish(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    arn = str(parameters["targetArn"])
    request = {"TargetArn": arn, "Message": text_of(payload)}
    if parameters.get("messageFormat") == "JSON":
        request["MessageStructure"] = "json"
    await call_query(surroundings, "sns", "Publish", request, region_of(arn) or None)


def _no_fifo_topic(parameters: Parameters, result: Result) -> Parameters:
    if str(parameters["targetArn"]).endswith(".fifo"):
        raise ActionError(_NO_FIFO.format("SNS", "topics"))
    return parameters


SNS = Kind(
    name="sns",
    label="SnsAction",
    metric_type="SNS",
    failed="Failed to publish SNS message",
    perform=_publish,
    resource=lambda parameters: str(parameters["targetArn"]),
    told=lambda parameters: {
        "Target Arn": str(parameters["targetArn"]),
        "Message Format": str(parameters.get("messageFormat", "RAW")),
    },
    prepare=_no_fifo_topic,
    service="sns",
)

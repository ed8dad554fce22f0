"""Invoke a function from the payload editor; test events; what reached a function."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.events.samples import SOURCES, event
from lambda_nb.notebook.functions import recent_events
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.functions.recent_events import Arrived
from lambda_nb.notebook.functions.result import Result, read
from lambda_nb.notebook.workbench.actions.tools import Tools, json_payload
from lambda_nb.notebook.workbench.faults import fault

MOST_EVENTS, MOST_OF_EVENTS = 200, 10_000_000
"""The latest events of a function that a page gets, and characters of them in all."""
MOST_PAYLOAD = 1_000_000
"""Characters of a payload that a page gets; the rest is cut off, with a word about it."""
_TITLES = {
    "s3": "S3: an object was created",
    "sqs": "SQS: messages of a queue",
    "sns": "SNS: a message of a topic",
    "dynamodb": "DynamoDB: changes of a table",
    "kinesis": "Kinesis: records of a stream",
    "firehose": "Firehose: records to transform",
    "kafka": "Kafka: records of a topic",
    "activemq": "ActiveMQ: messages of a queue",
    "rabbitmq": "RabbitMQ: messages of a queue",
    "ses": "SES: an email arrived",
    "http": "HTTP API: a request",
    "url": "Function URL: a request",
    "rest": "REST API: a request",
    "alb": "Load balancer: a request",
    "websocket": "WebSocket API: a message",
    "authorizer": "API Gateway: who may call?",
    "edge": "Lambda@Edge: a request of a viewer",
    "eventbridge": "EventBridge: an event of a bus",
    "schedule": "EventBridge: a schedule",
    "logs": "CloudWatch Logs: lines of a log group",
    "iot": "AWS IoT: a message of a device",
    "cognito": "Cognito: a trigger of a user pool",
    "alarm": "CloudWatch: an alarm",
    "s3batch": "S3 Batch Operations: a task",
    "config": "AWS Config: a rule to check",
}


def invoke(tools: Tools, args: Mapping[str, Any]) -> dict[str, Any]:
    """``invoke``: one invocation; ``IResult``.

    Raises
    ------
    Refusal
        The payload is no JSON.
    ClientError
        Lambda refuses the request; a throttle is a result.
    """
    name, payload = str(args["name"]), json_payload(args)
    asynchronous = bool(args.get("asynchronous"))
    request: dict[str, Any] = {
        "FunctionName": name,
        "Payload": payload.encode(),
        "InvocationType": "Event" if asynchronous else "RequestResponse",
    }
    if not asynchronous:
        request["LogType"] = "Tail"
    if args.get("qualifier"):
        request["Qualifier"] = args["qualifier"]
    client = tools.clients.client()
    at = int(time.time() * 1000)
    try:
        response = client.invoke(**request)
    except client.exceptions.TooManyRequestsException as error:
        told = fault(error)
        reason = str(error.response.get("Reason", ""))
        return _empty(at) | {
            "status": "throttled",
            "request_id": str(error.response["ResponseMetadata"].get("RequestId", "")),
            "error": {
                "type": told["type"],
                "message": " ".join(filter(None, [told["message"], reason])),
                "frames": "",
            },
        }
    architecture = _architecture(client, name)
    return _told(read(name, response, tools.origin_of(name), architecture), at)


def _architecture(client: Any, name: str) -> str:
    """The architecture, which decides the price."""
    try:
        told = client.get_function_configuration(FunctionName=name)
    except client.exceptions.ClientError:  # may invoke but not read, or just deleted
        return "x86_64"
    return str(told.get("Architectures", ["x86_64"])[0])


def _empty(at: int) -> dict[str, Any]:
    return {
        "status": "success",
        "request_id": "",
        "version": "",
        "payload": "",
        "error": None,
        "log": "",
        "start": "",
        "duration_ms": None,
        "billed_ms": None,
        "init_ms": None,
        "memory_mb": None,
        "max_memory_mb": None,
        "cost": None,
        "at": at,
    }


def _told(result: Result, at: int) -> dict[str, Any]:
    error = result.error
    return {
        "status": result.status,
        "request_id": result.request_id,
        "version": result.version,
        "payload": text(result.payload) if result.status != "accepted" else "",
        "error": None
        if error is None
        else {
            "type": error.error_type,
            "message": error.error_message,
            "frames": plain("\n".join(error.frames)),
        },
        "log": result.log,
        "start": result.start,
        "duration_ms": _ms(result.duration),
        "billed_ms": _ms(result.billed),
        "init_ms": _ms(result.init),
        "memory_mb": result.memory,
        "max_memory_mb": result.max_memory,
        "cost": result.cost,
        "at": at,
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def plain(text_: str) -> str:
    """Text without the codes for bold."""
    return text_.replace("\x1b[1m", "").replace("\x1b[0m", "")


def text(payload: Any) -> str:
    """A payload as pretty JSON, or as text if it is none."""
    if isinstance(payload, bytes):
        shown = payload.decode("utf-8", "replace")
    else:
        shown = json.dumps(payload, indent=2, ensure_ascii=False)
    if len(shown) <= MOST_PAYLOAD:
        return shown
    return f"{shown[:MOST_PAYLOAD]}\n... {len(shown) - MOST_PAYLOAD:,} more characters"


def samples(tools: Tools, args: Mapping[str, Any]) -> list[dict[str, str]]:
    """``samples``: the sources of test events."""
    return [{"source": one, "title": _TITLES.get(one, one)} for one in SOURCES]


def sample(tools: Tools, args: Mapping[str, Any]) -> str:
    """``sample``: a test event of a source, as pretty JSON."""
    return json.dumps(event(str(args["source"])), indent=2)


def events(tools: Tools, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``events``: what reached a function, the latest first.

    Raises
    ------
    UsageError
        The endpoint is AWS, which keeps no events.
    """
    if tools.clients.engine() is None:
        raise UsageError(recent_events.NOT_KEPT)
    handle = Function(str(args["name"]), tools.clients)
    found = handle.events(str(args.get("last") or "1h"), limit=MOST_EVENTS)
    told, size = [], 0
    for one in reversed(found):
        told.append(_arrived(one))
        size += len(told[-1]["payload"]) + len(told[-1]["response"])
        if size > MOST_OF_EVENTS:
            break
    return told


def _arrived(one: Arrived) -> dict[str, Any]:
    """One of them, as ``IEvent``."""
    ran = bool(one.duration or one.billed)
    where = (one.origin.source, one.origin.place, one.origin.what)
    return {
        "request_id": one.request_id,
        "at": int(one.time.timestamp() * 1000),
        "origin": " ".join(filter(None, where)),
        "payload": text(one.event),
        "response": text(one.response) if ran else "",
        "status": one.status,
        "start": ("warm" if one.init is None else "cold") if ran else "",
        "duration_ms": _ms(one.duration) if ran else None,
    }

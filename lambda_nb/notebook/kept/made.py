"""Notes what a notebook makes and deletes, from the calls of its boto3 clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Note = Callable[[str, str, bool], None]
"""Called with a kind, a name, and whether it was made (or deleted)."""

_CALLS: dict[str, tuple[tuple[str, str, str, bool], ...]] = {
    "lambda": (
        ("CreateFunction", "FunctionName", "function", True),
        ("DeleteFunction", "FunctionName", "function", False),
    ),
    "sqs": (
        ("CreateQueue", "QueueName", "queue", True),
        ("DeleteQueue", "QueueUrl", "queue", False),
    ),
    "s3": (
        ("CreateBucket", "Bucket", "bucket", True),
        ("DeleteBucket", "Bucket", "bucket", False),
    ),
    "dynamodb": (
        ("CreateTable", "TableName", "table", True),
        ("DeleteTable", "TableName", "table", False),
    ),
    "kinesis": (
        ("CreateStream", "StreamName", "stream", True),
        ("DeleteStream", "StreamName", "stream", False),
    ),
    "sns": (
        ("CreateTopic", "Name", "topic", True),
        ("DeleteTopic", "TopicArn", "topic", False),
    ),
    "apigatewayv2": (("CreateApi", "Name", "API", True),),
}
"""Of each service: operation, the parameter with the name, the kind, whether it makes one."""


_MAKING = ("Create", "Put", "Register", "Import")
"""Operations of the other services that make something begin with these."""


def watch(client: Any, note: Note) -> None:
    """Note what a client makes and deletes from now on."""
    service = client.meta.service_model.service_name
    if service not in _CALLS:
        client.meta.events.register(f"after-call.{service}", _noting_all(service, note))
    for operation, parameter, kind, makes in _CALLS.get(service, ()):
        if operation == "DeleteFunction":
            note_it = _only_whole_functions(parameter, note)
        else:
            note_it = _noting(parameter, kind, makes, note)
        began, ended = note_it
        client.meta.events.register(f"before-parameter-build.{service}.{operation}", began)
        client.meta.events.register(f"after-call.{service}.{operation}", ended)


def _noting(parameter: str, kind: str, makes: bool, note: Note) -> tuple[Any, Any]:
    def began(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["lambda_nb_name"] = str(params.get(parameter, ""))

    def ended(http_response: Any, context: dict[str, Any], **_: Any) -> None:
        name = _plain(context.get("lambda_nb_name", ""))
        if name and http_response.status_code < 300:
            note(kind, name, makes)

    return began, ended


def _noting_all(service: str, note: Note) -> Any:
    """What may have made something in a service without names here: its state must be kept."""

    def ended(http_response: Any, model: Any, **_: Any) -> None:
        verb = next((one for one in _MAKING if model.name.startswith(one)), "")
        if verb and http_response.status_code < 300:
            note(f"{service} resource", model.name.removeprefix(verb), True)

    return ended


def _only_whole_functions(parameter: str, note: Note) -> tuple[Any, Any]:
    began, ended = _noting(parameter, "function", False, note)

    def began_whole(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if not params.get("Qualifier"):
            began(params, context)

    return began_whole, ended


def _plain(name: str) -> str:
    """The name in an ARN or in a queue's URL."""
    if name.startswith("arn:"):
        words = name.split(":")
        return words[6] if words[2] == "lambda" else words[5].rpartition("/")[2]
    return name.rstrip("/").rpartition("/")[2]

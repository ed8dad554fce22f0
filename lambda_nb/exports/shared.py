"""What the formats have in common: where files lie, which functions may name each other."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from lambda_nb.exports.picture import (
    Application,
    Authorizer,
    Function,
    Layer,
    Part,
    Place,
    Ref,
    Resource,
    Statement,
    Text,
    Trigger,
)

Files = dict[str, bytes]
"""The files of a project, by their paths in it."""


def folder_of(function: Function) -> str:
    """The folder of a function's code."""
    return f"src/{function.name}"


def code_files(application: Application) -> Files:
    """The code of all functions and the content of all layers, as files."""
    files = {
        f"{folder_of(function)}/{path}": content
        for function in application.functions
        for path, content in function.files.items()
    }
    for layer in application.layers():
        with zipfile.ZipFile(io.BytesIO(layer.archive)) as zipped:
            for entry in zipped.infolist():
                if not entry.is_dir() and ".." not in entry.filename.split("/"):
                    files[f"layers/{layer.name}/{entry.filename}"] = zipped.read(entry)
    return files


def routes_of(api: Resource, application: Application) -> list[tuple[Function, Trigger]]:
    """The routes of an API, with the functions that they lead to."""
    return [
        (function, trigger)
        for function in application.functions
        for trigger in function.triggers
        if trigger.kind in ("http", "rest") and trigger.source == api.id
    ]


def authorizers_of(api: Resource, application: Application) -> list[Authorizer]:
    """The authorizers that routes of an API have, each once."""
    found = {
        trigger.authorizer.id: trigger.authorizer
        for _, trigger in routes_of(api, application)
        if trigger.authorizer is not None
    }
    return list(found.values())


def needs_keys(api: Resource, application: Application) -> bool:
    """Whether a route of an API wants an API key."""
    return any("ApiKeyRequired" in one.settings for _, one in routes_of(api, application))


def own_layers(function: Function) -> list[Layer]:
    """The layers of a function whose content comes along."""
    return [layer for layer in function.layers if isinstance(layer, Layer)]


def managed_policies(function: Function) -> list[str]:
    """AWS's policies of a function's role, beside the one that lets it write its log."""
    made = list(function.managed_policies)
    if "VpcConfig" in function.settings:
        made.append("service-role/AWSLambdaVPCAccessExecutionRole")
    if "DurableConfig" in function.settings:
        made.append("service-role/AWSLambdaBasicDurableExecutionRolePolicy")
    return list(dict.fromkeys(made))


def texts_of(function: Function) -> Iterator[Text]:
    """All texts of a function that become part of it or of its role."""
    yield from function.environment.values()
    for statement in function.statements:
        yield from statement.resources
    if function.dead_letters is not None:
        yield function.dead_letters
    for value in function.asynchronous.values():
        if isinstance(value, Text):
            yield value
    for trigger in function.triggers:
        if "OnFailure" in trigger.settings:
            yield trigger.settings["OnFailure"]


def named_only(application: Application) -> set[tuple[str, str]]:
    """Pairs of functions of which the first must not refer to the second, only name it.

    Otherwise each would wait for the other to be made.
    """
    ids = {function.id for function in application.functions}
    leads = {
        function.id: {ref.id for text in texts_of(function) for ref in text.refs} & ids
        for function in application.functions
    }

    def reaches(start: str, end: str) -> bool:
        seen, waiting = set(), [start]
        while waiting:
            one = waiting.pop()
            if one == end:
                return True
            if one not in seen:
                seen.add(one)
                waiting += leads[one]
        return False

    return {(one, other) for one in ids for other in leads[one] if reaches(other, one)}


def without_circles(
    application: Application, part: Part, within: str, named: set[tuple[str, str]]
) -> tuple[Part, ...]:
    """A part of a text of the function ``within``, as pieces that refer to nothing in a circle.

    A reference to a function that :func:`named_only` has (``named``) becomes that function's name.
    """
    if not isinstance(part, Ref) or (within, part.id) not in named:
        return (part,)
    function = application.function(part.id)
    if function is None:
        return (part,)
    if part.what == "name":
        return (function.name,)
    return (
        "arn:", Place("partition"), ":lambda:", Place("region"), ":",
        Place("account"), f":function:{function.name}",
    )  # fmt: skip


def notified(application: Application) -> dict[str, list[Function]]:
    """The buckets that notify functions, by id, with these."""
    found: dict[str, list[Function]] = {}
    for function in application.functions:
        for trigger in function.triggers:
            if trigger.kind == "s3" and function not in found.setdefault(trigger.source, []):
                found[trigger.source].append(function)
    return found


def bucket_prefix(resource: Resource) -> str:
    """The beginning of a bucket's new name, which must be unlike all others in the world."""
    plain = re.sub(r"[^a-z0-9-]+", "-", str(resource.settings["OriginalName"]).lower())
    return plain.strip("-")[:32].strip("-")


def only_ref(text: Text) -> Ref | None:
    """The reference that a text is, if it is nothing else."""
    (part, *rest) = text.parts or ("",)
    return part if isinstance(part, Ref) and not rest else None


_POLLING: dict[str, tuple[str, list[str]]] = {
    "sqs": ("arn", ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]),
    "dynamodb": (
        "stream_arn",
        [
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
    ),
    "kinesis": (
        "arn",
        [
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        ],
    ),
}
"""What Lambda does with a function's role (AWSLambdaSQSQueueExecutionRole and its like)."""
_SENDING = {"queue": "sqs:SendMessage", "topic": "sns:Publish", "bus": "events:PutEvents"}


def all_statements(function: Function, application: Application) -> list[Statement]:
    """The statements of a function's role with what Lambda itself does by it.

    Those are polling its sources, and sending what failed or succeeded to destinations. SAM and
    the CDK see to that themselves.
    """
    made = list(function.statements)
    for trigger in function.triggers:
        if trigger.kind in _POLLING:
            what, actions = _POLLING[trigger.kind]
            arn = Ref(trigger.source, "stream_arn" if what == "stream_arn" else "arn")
            made.append(Statement(actions, [Text.of(arn)]))
    sent = [function.dead_letters, *function.asynchronous.values()]
    sent += [trigger.settings.get("OnFailure") for trigger in function.triggers]
    targets = dict.fromkeys(text for text in sent if isinstance(text, Text))
    for text in targets:
        ref = only_ref(text)
        resource = None if ref is None else application.resources.get(ref.id)
        kind = "" if resource is None else resource.kind
        made.append(Statement([_SENDING.get(kind, _sending_to(text))], [text]))
    return made


def _sending_to(text: Text) -> str:
    """The action that sends to what is not a resource of the application."""
    plain = "".join(part for part in text.parts if isinstance(part, str))
    if only_ref(text) is not None or ":lambda:" in plain:
        return "lambda:InvokeFunction"
    return next(
        (_SENDING[kind] for name, kind in _SERVICES if f":{name}:" in plain), "sqs:SendMessage"
    )


_SERVICES = (("sns", "topic"), ("events", "bus"), ("sqs", "queue"))

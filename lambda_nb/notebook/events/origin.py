"""Tells from an event where it came from."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_LONGEST = 60


class Origin(NamedTuple):
    """Where an event came from.

    ``source`` is the kind, as ``lambda_nb.event`` names it; ``place`` the bucket, queue, rule ...;
    ``what`` says in a few words what came; ``records`` how many there are.
    """

    source: str
    place: str = ""
    what: str = ""
    records: int = 1


def origin(event: Any, called_by: str = "invoke") -> Origin:
    """The origin of an event.

    Parameters
    ----------
    event
        The event as the function gets it.
    called_by
        What the engine says of it; decides where the event itself does not tell.
    """
    if isinstance(event, Mapping):
        try:
            for test, read in _KINDS:
                if test(event):
                    return read(event)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, OSError):
            pass  # made by hand, and only half of what it seems
    return Origin(_CALLED.get(called_by, called_by), "", _short(event))


_CALLED = {
    "invoke": "call",
    "http": "http",
    "url": "url",
    "events": "eventbridge",
    "push": "service",
    "scheduler": "schedule",
}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _last(arn: str, separator: str = ":") -> str:
    return arn.rpartition(separator)[2]


def _decoded(data: str) -> str:
    return _short(base64.b64decode(data).decode("utf-8", "replace"))


def _of_records(event: Mapping[str, Any]) -> Origin:
    records = event["Records"]
    first, count = records[0], len(records)
    source = first.get("eventSource") or first.get("EventSource") or ""
    if "cf" in first:
        cf = first["cf"]
        return Origin("edge", cf["config"]["eventType"], cf["request"]["uri"], count)
    if source == "aws:s3":
        return Origin(
            "s3",
            first["s3"]["bucket"]["name"],
            f"{first['eventName']} {first['s3']['object']['key']}",
            count,
        )
    if source == "aws:sqs":
        return Origin("sqs", _last(first["eventSourceARN"]), _short(first["body"]), count)
    if source == "aws:sns":
        told = first["Sns"]
        return Origin("sns", _last(told["TopicArn"]), _short(told["Message"]), count)
    if source == "aws:kinesis":
        stream = _last(first["eventSourceARN"], "/")
        return Origin("kinesis", stream, _decoded(first["kinesis"]["data"]), count)
    if source == "aws:dynamodb":
        table = first["eventSourceARN"].split("/")[1]
        keys = {k: next(iter(v.values())) for k, v in first["dynamodb"]["Keys"].items()}
        return Origin("dynamodb", table, f"{first['eventName']} {_short(keys)}", count)
    if source == "aws:ses":
        mail = first["ses"]["mail"]
        subject = mail["commonHeaders"].get("subject", "")
        return Origin("ses", mail["destination"][0], _short(subject), count)
    return Origin(source.removeprefix("aws:"), "", _short(first), count)


def _of_kafka(event: Mapping[str, Any]) -> Origin:
    partitions = event["records"]
    records = [record for several in partitions.values() for record in several]
    return Origin("kafka", records[0]["topic"], _decoded(records[0]["value"]), len(records))


def _of_queues(event: Mapping[str, Any]) -> Origin:
    if event["eventSource"] == "aws:mq":
        messages = event["messages"]
        place = messages[0]["destination"]["physicalName"]
        return Origin("activemq", place, _decoded(messages[0]["data"]), len(messages))
    queue, messages = next(iter(event["rmqMessagesByQueue"].items()))
    return Origin("rabbitmq", queue, _decoded(messages[0]["data"]), len(messages))


def _of_api(event: Mapping[str, Any]) -> Origin:
    context = event["requestContext"]
    if "elb" in context:
        group = context["elb"]["targetGroupArn"].split("/")[1]
        return Origin("alb", group, f"{event['httpMethod']} {event['path']}")
    if "connectionId" in context:
        return Origin("websocket", context["apiId"], f"{context['routeKey']}")
    if "http" in context:
        asked = context["http"]
        kind = "url" if ".lambda-url." in context["domainName"] else "http"
        return Origin(kind, context["apiId"], f"{asked['method']} {event['rawPath']}")
    return Origin("rest", context["apiId"], f"{event['httpMethod']} {event['path']}")


def _of_bus(event: Mapping[str, Any]) -> Origin:
    if event["detail-type"] == "Scheduled Event":
        return Origin("schedule", _last((event["resources"] or [""])[0], "/"), event["time"])
    return Origin("eventbridge", event["source"], event["detail-type"])


def _of_logs(event: Mapping[str, Any]) -> Origin:
    told = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    events = told["logEvents"]
    return Origin("logs", told["logGroup"], _short(events[0]["message"]), len(events))


def _of_firehose(event: Mapping[str, Any]) -> Origin:
    records = event["records"]
    place = _last(event["deliveryStreamArn"], "/")
    return Origin("firehose", place, _decoded(records[0]["data"]), len(records))


def _of_pool(event: Mapping[str, Any]) -> Origin:
    return Origin("cognito", event["userPoolId"], f"{event['triggerSource']} {event['userName']}")


def _of_alarm(event: Mapping[str, Any]) -> Origin:
    told = event["alarmData"]
    return Origin("alarm", told["alarmName"], told["state"]["value"])


def _of_batch(event: Mapping[str, Any]) -> Origin:
    tasks = event["tasks"]
    return Origin("s3batch", _last(tasks[0]["s3BucketArn"]), tasks[0]["s3Key"], len(tasks))


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda event: all(key in event for key in keys)


_KINDS: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], Origin]], ...
] = (
    (_has("Records"), _of_records),
    (_has("deliveryStreamArn", "records"), _of_firehose),
    (_has("eventSource", "bootstrapServers"), _of_kafka),
    (lambda event: str(event.get("eventSource", "")) in ("aws:mq", "aws:rmq"), _of_queues),
    (_has("requestContext"), _of_api),
    (_has("detail-type", "source"), _of_bus),
    (_has("awslogs"), _of_logs),
    (_has("triggerSource", "userPoolId"), _of_pool),
    (_has("alarmData"), _of_alarm),
    (_has("invocationSchemaVersion", "tasks"), _of_batch),
)

"""Queues, tables, streams, buckets, topics, event buses and log groups, as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lambda_nb.exports.picture import Kind, Resource
from lambda_nb.exports.reading.asking import differing, found
from lambda_nb.exports.reading.identifiers import Identifiers
from lambda_nb.projects.endpoint import Clients

_KINDS: dict[str, Kind] = {
    "sqs": "queue",
    "dynamodb": "table",
    "kinesis": "stream",
    "s3": "bucket",
    "sns": "topic",
    "events": "bus",
    "logs": "log_group",
}
"""By the service in an ARN."""
_OF_QUEUES = {
    "VisibilityTimeout": "30",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
    "FifoQueue": "false",
    "ContentBasedDeduplication": "false",
}


class Resources:
    """Reads each resource once, when somebody asks for it.

    Parameters
    ----------
    clients
        Of the endpoint.
    identifiers
        Gives their ids.
    in_code
        Whether a name stands in a function's code, and so must be kept.
    """

    def __init__(
        self, clients: Clients, identifiers: Identifiers, in_code: Callable[[str], bool]
    ) -> None:
        self._clients = clients
        self._identifiers = identifiers
        self._in_code = in_code
        self._known: dict[tuple[Kind, str], Resource | None] = {}
        self.all: dict[str, Resource] = {}

    def by_arn(self, arn: str) -> Resource | None:
        """The resource of an ARN; None if it is of another kind, or not there."""
        words = arn.split(":", 5)
        if len(words) < 6 or words[2] not in _KINDS:
            return None
        kind = _KINDS[words[2]]
        rest = words[5]
        if kind == "bucket":
            return self.named(kind, rest.partition("/")[0])
        if kind == "log_group":
            return self.named(kind, rest.removeprefix("log-group:").removesuffix(":*"))
        if "/" in rest:
            prefix, _, name = rest.partition("/")
            if prefix not in ("table", "stream", "event-bus"):
                return None
            return self.named(kind, name.split("/")[0])
        return self.named(kind, rest) if kind in ("queue", "topic") and ":" not in rest else None

    def by_url(self, url: str) -> Resource | None:
        """The queue of a URL."""
        return self.named("queue", url.rstrip("/").rpartition("/")[2])

    def is_known(self, kind: Kind, name: str) -> bool:
        """Whether a resource is already in the picture."""
        return self._known.get((kind, name)) is not None

    def names(self) -> list[tuple[str, Resource]]:
        """The real names of the resources in the picture."""
        return [(name, one) for (_, name), one in self._known.items() if one is not None]

    def named(self, kind: Kind, name: str) -> Resource | None:
        """The resource of a kind and a name; None if there is none."""
        key = (kind, name)
        if key not in self._known:
            self._known[key] = None  # a queue may be named by its own dead letter queue
            settings = self._read(kind, name)
            if settings is not None:
                self.put(kind, name, settings)
        return self._known[key]

    def put(self, kind: Kind, name: str, settings: dict[str, Any]) -> Resource:
        """Enter a resource that was read elsewhere."""
        fixed = kind == "log_group" or bool(settings.get("FifoQueue") or settings.get("FifoTopic"))
        kept = name if fixed or self._in_code(name) else None
        made = Resource(
            self._identifiers.new(name, _WORDS[kind]),
            kind,
            kept,
            {**settings, "OriginalName": name},
        )
        self._known[kind, name] = made
        self.all[made.id] = made
        return made

    def _read(self, kind: Kind, name: str) -> dict[str, Any] | None:
        return {
            "queue": self._queue,
            "table": self._table,
            "stream": self._stream,
            "bucket": self._bucket,
            "topic": self._topic,
            "bus": self._bus,
            "log_group": self._log_group,
        }[kind](name)

    def _queue(self, name: str) -> dict[str, Any] | None:
        sqs = self._clients.client("sqs")
        at = found(sqs.get_queue_url, QueueName=name)
        if at is None:
            return None
        told = sqs.get_queue_attributes(QueueUrl=at["QueueUrl"], AttributeNames=["All"])
        attributes = told["Attributes"]
        settings: dict[str, Any] = {
            key: value == "true" if value in ("true", "false") else int(value)
            for key, value in differing(attributes, _OF_QUEUES).items()
        }
        redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
        dead = self.by_arn(redrive.get("deadLetterTargetArn", ""))
        if dead is not None:
            settings["RedrivePolicy"] = {
                "deadLetters": dead.id,
                "maxReceiveCount": int(redrive.get("maxReceiveCount", 10)),
            }
        return settings

    def _table(self, name: str) -> dict[str, Any] | None:
        dynamodb = self._clients.client("dynamodb")
        told = found(dynamodb.describe_table, TableName=name)
        if told is None:
            return None
        table = told["Table"]
        on_demand = table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
        settings: dict[str, Any] = {
            "KeySchema": table["KeySchema"],
            "AttributeDefinitions": table["AttributeDefinitions"],
            "BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
        }
        if not on_demand:
            settings["ProvisionedThroughput"] = _throughput(table)
        if table.get("StreamSpecification", {}).get("StreamEnabled"):
            settings["StreamViewType"] = table["StreamSpecification"]["StreamViewType"]
        for indexes in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if table.get(indexes):
                settings[indexes] = [
                    {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
                    | (
                        {}
                        if on_demand or indexes.startswith("Local")
                        else {"ProvisionedThroughput": _throughput(index)}
                    )
                    for index in table[indexes]
                ]
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if ttl.get("TimeToLiveStatus") == "ENABLED":
            settings["TimeToLive"] = ttl["AttributeName"]
        return settings

    def _stream(self, name: str) -> dict[str, Any] | None:
        kinesis = self._clients.client("kinesis")
        told = found(kinesis.describe_stream_summary, StreamName=name)
        if told is None:
            return None
        summary = told["StreamDescriptionSummary"]
        on_demand = summary.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
        settings = {} if on_demand else {"ShardCount": summary["OpenShardCount"]}
        return settings | differing(summary, {"RetentionPeriodHours": 24})

    def _bucket(self, name: str) -> dict[str, Any] | None:
        s3 = self._clients.client("s3")
        told = found(s3.get_bucket_versioning, Bucket=name)
        if told is None:
            return None
        return {"Versioning": True} if told.get("Status") == "Enabled" else {}

    def _topic(self, name: str) -> dict[str, Any] | None:
        sns = self._clients.client("sns")
        for page in sns.get_paginator("list_topics").paginate():
            for one in page["Topics"]:
                if one["TopicArn"].rpartition(":")[2] == name:
                    told = sns.get_topic_attributes(TopicArn=one["TopicArn"])["Attributes"]
                    flags = {"FifoTopic": "false", "ContentBasedDeduplication": "false"}
                    return dict.fromkeys(differing(told, flags), True)
        return None

    def _bus(self, name: str) -> dict[str, Any] | None:
        if name == "default":
            return None  # every account has it
        told = found(self._clients.client("events").describe_event_bus, Name=name)
        return None if told is None else {}

    def _log_group(self, name: str) -> dict[str, Any] | None:
        logs = self._clients.client("logs")
        for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
            if group["logGroupName"] == name:
                return differing(group, {"retentionInDays": None})
        return None


_WORDS: dict[Kind, str] = {
    "queue": "Queue",
    "table": "Table",
    "stream": "Stream",
    "bucket": "Bucket",
    "topic": "Topic",
    "bus": "Bus",
    "log_group": "LogGroup",
    "http_api": "Api",
    "rest_api": "Api",
}


def _throughput(told: dict[str, Any]) -> dict[str, int]:
    names = ("ReadCapacityUnits", "WriteCapacityUnits")
    return {name: told["ProvisionedThroughput"][name] for name in names}

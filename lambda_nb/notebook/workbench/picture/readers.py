"""Reads queues, tables, buckets, topics, APIs, distributions, layers and stacks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

from lambda_nb.notebook.edge.distribution import url_of
from lambda_nb.notebook.web import address, http_api, listing
from lambda_nb.notebook.workbench.clients import Clients

MOST = 200
"""Rows of one kind; each may take a request of its own."""
MOST_OBJECTS = 1000
"""Objects of a bucket that are counted: one request."""

Rows = list[dict[str, Any]]

_DEPTHS = [
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "RedrivePolicy",
]


def all_of(client: Any, operation: str, key: str, **parameters: Any) -> list[Any]:
    """The items of all pages of an operation, at most :data:`MOST`."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return list(islice((one for page in pages for one in page.get(key, ())), MOST))


def queues(clients: Clients) -> Rows:
    """``IQueue`` of each queue."""
    sqs = clients.client("sqs")
    told: dict[str, Mapping[str, str]] = {}
    for url in all_of(sqs, "list_queues", "QueueUrls"):
        try:
            told[url] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_DEPTHS)["Attributes"]
        except sqs.exceptions.QueueDoesNotExist:
            continue  # deleted meanwhile
    sources = functions_by_dead_letters(clients)
    for url, attributes in told.items():
        target = redrive_policy(attributes).get("deadLetterTargetArn")
        if target:
            sources.setdefault(target, []).append(name_of_queue(url))
    rows = [
        {
            "name": name_of_queue(url),
            "url": url,
            "arn": attributes["QueueArn"],
            "visible": int(attributes.get("ApproximateNumberOfMessages", 0)),
            "in_flight": int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0)),
            "delayed": int(attributes.get("ApproximateNumberOfMessagesDelayed", 0)),
            "dead_letters_of": sorted(sources.get(attributes["QueueArn"], ())),
        }
        for url, attributes in told.items()
    ]
    return _by_name(rows)


def functions_by_dead_letters(clients: Clients) -> dict[str, list[str]]:
    """The functions whose failed asynchronous events go to a queue, by the queue's ARN."""
    found: dict[str, list[str]] = {}
    pages = clients.client().get_paginator("list_functions").paginate()
    for function in (one for page in pages for one in page["Functions"]):
        target = function.get("DeadLetterConfig", {}).get("TargetArn")
        if target:
            found.setdefault(target, []).append(function["FunctionName"])
    return found


def redrive_policy(attributes: Mapping[str, str]) -> Mapping[str, Any]:
    """When messages of a queue become dead letters, and of which queue; empty if they never do."""
    try:
        told = json.loads(attributes.get("RedrivePolicy", "{}"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def name_of_queue(url: str) -> str:
    """The name of a queue, from its URL."""
    return url.rpartition("/")[2]


def tables(clients: Clients) -> Rows:
    """``ITable`` of each table."""
    return _by_name(
        [
            {
                "name": table["TableName"],
                "items": int(table.get("ItemCount", 0)),
                "stream_arn": table.get("LatestStreamArn", "") if has_stream(table) else "",
            }
            for table in described_tables(clients)
        ]
    )


def described_tables(clients: Clients) -> list[Mapping[str, Any]]:
    """Each table, as DynamoDB describes it."""
    dynamodb = clients.client("dynamodb")
    found = []
    for name in all_of(dynamodb, "list_tables", "TableNames"):
        try:
            found.append(dynamodb.describe_table(TableName=name)["Table"])
        except dynamodb.exceptions.ResourceNotFoundException:
            continue
    return found


def has_stream(table: Mapping[str, Any]) -> bool:
    """Whether the table's stream is on."""
    return bool(table.get("StreamSpecification", {}).get("StreamEnabled"))


def buckets(clients: Clients) -> Rows:
    """``IBucket`` of each bucket."""
    s3 = clients.client("s3")
    rows = []
    for bucket in s3.list_buckets().get("Buckets", ())[:MOST]:
        name = bucket["Name"]
        try:
            page = s3.list_objects_v2(Bucket=name, MaxKeys=MOST_OBJECTS)
        except s3.exceptions.ClientError:  # deleted, in another Region, or closed to the caller
            continue
        rows.append(
            {"name": name, "objects": page.get("KeyCount", 0), "more": bool(page["IsTruncated"])}
        )
    return _by_name(rows)


def topics(clients: Clients) -> Rows:
    """``ITopic`` of each topic."""
    sns = clients.client("sns")
    pages = sns.get_paginator("list_subscriptions").paginate()
    subscribed = Counter(one["TopicArn"] for page in pages for one in page["Subscriptions"])
    return _by_name(
        [
            {
                "name": one["TopicArn"].rpartition(":")[2],
                "arn": one["TopicArn"],
                "subscriptions": subscribed[one["TopicArn"]],
            }
            for one in all_of(sns, "list_topics", "Topics")
        ]
    )


def apis(clients: Clients) -> Rows:
    """``IApi`` of each API, with its address where it has one."""
    gateway = clients.client("apigatewayv2")
    rows = [
        {
            "id": api["ApiId"],
            "name": api["Name"],
            "kind": api["ProtocolType"].lower(),
            "address": address.stage_address(gateway, api),
        }
        for api in islice(http_api.all_apis(gateway), MOST)
    ]
    rest = clients.client("apigateway")
    for api in all_of(rest, "get_rest_apis", "items"):
        stages = [stage["stageName"] for stage in rest.get_stages(restApiId=api["id"])["item"]]
        where = listing.rest_address(rest, api["id"], stages[0]) if stages else ""
        rows.append({"id": api["id"], "name": api["name"], "kind": "rest", "address": where})
    return _by_name(rows)


def distributions(clients: Clients) -> Rows:
    """``IDistribution`` of each distribution."""
    cloudfront = clients.client("cloudfront")
    pages = cloudfront.get_paginator("list_distributions").paginate()
    found = islice(
        (one for page in pages for one in page["DistributionList"].get("Items", ())), MOST
    )
    return _by_name(
        [
            {
                "id": one["Id"],
                "name": one.get("Comment") or one["Id"],
                "address": url_of(one["DomainName"], cloudfront),
                "status": one["Status"] if one["Enabled"] else "Disabled",
            }
            for one in found
        ]
    )


def layers(clients: Clients) -> Rows:
    """``ILayer`` of each layer's latest version."""
    return _by_name(
        [
            {
                "name": one["LayerName"],
                "version": one["LatestMatchingVersion"]["Version"],
                "arn": one["LatestMatchingVersion"]["LayerVersionArn"],
                "runtimes": list(one["LatestMatchingVersion"].get("CompatibleRuntimes", ())),
                "description": one["LatestMatchingVersion"].get("Description", ""),
            }
            for one in all_of(clients.client(), "list_layers", "Layers")
        ]
    )


def stacks(clients: Clients) -> Rows:
    """``IStack`` of each stack that is not deleted."""
    found = all_of(clients.client("cloudformation"), "describe_stacks", "Stacks")
    return _by_name(
        [
            {"name": one["StackName"], "status": one["StackStatus"]}
            for one in found
            if one["StackStatus"] != "DELETE_COMPLETE"
        ]
    )


def _by_name(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: str(row["name"]))

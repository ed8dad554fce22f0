"""Reads the streams of Kinesis and DynamoDB, and how far behind their readers are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.picture import readers

_AGE_OF = timedelta(minutes=3)
_MOST_METRICS = 500
"""``GetMetricData`` takes at most 500 queries (Amazon CloudWatch API reference)."""


def streams(clients: Clients) -> readers.Rows:
    """``IStream`` of each stream."""
    rows = [*_kinesis(clients), *_dynamodb(clients)]
    if rows:
        ages = iterator_ages(clients)
        for row in rows:
            row["iterator_age_ms"] = ages.get(row["arn"])
    return sorted(rows, key=lambda row: str(row["name"]))


def _kinesis(clients: Clients) -> readers.Rows:
    kinesis = clients.client("kinesis")
    rows = []
    for name in readers.all_of(kinesis, "list_streams", "StreamNames"):
        try:
            told = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        except kinesis.exceptions.ResourceNotFoundException:
            continue  # deleted meanwhile
        rows.append(_row(name, told["StreamARN"], "kinesis", told["OpenShardCount"]))
    return rows


def _dynamodb(clients: Clients) -> readers.Rows:
    rows = []
    tables = [table for table in readers.described_tables(clients) if readers.has_stream(table)]
    if tables:
        client = clients.client("dynamodbstreams")
        for table in tables:
            arn = table["LatestStreamArn"]
            try:
                told = client.describe_stream(StreamArn=arn)["StreamDescription"]
            except client.exceptions.ResourceNotFoundException:
                continue
            rows.append(_row(table["TableName"], arn, "dynamodb", len(told["Shards"])))
    return rows


def _row(name: str, arn: str, kind: str, shards: int) -> dict[str, Any]:
    return {
        "name": name,
        "arn": arn,
        "kind": kind,
        "shards": shards,
        "iterator_age_ms": None,
    }


def iterator_ages(clients: Clients) -> dict[str, float]:
    """How far the function that is furthest behind is behind each stream: ms by the stream's ARN.

    It is the latest ``IteratorAge`` of the last minutes; a stream is left out if no function reads
    it, or if there was nothing to read.
    """
    pages = clients.client().get_paginator("list_event_source_mappings").paginate()
    readers_of: dict[str, set[str]] = {}
    for one in (one for page in pages for one in page["EventSourceMappings"]):
        arn = one.get("EventSourceArn", "")
        if arn.split(":")[2:3] in (["kinesis"], ["dynamodb"]):
            readers_of.setdefault(arn, set()).add(one["FunctionArn"].split(":")[6])
    functions = sorted({name for names in readers_of.values() for name in names})[:_MOST_METRICS]
    latest = _latest_ages(clients, functions)
    return {
        arn: max(ages)
        for arn, names in readers_of.items()
        if (ages := [latest[name] for name in names if name in latest])
    }


def _latest_ages(clients: Clients, functions: list[str]) -> Mapping[str, float]:
    if not functions:
        return {}
    now = datetime.now(timezone.utc)
    queries = [
        {
            "Id": f"f{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "IteratorAge",
                    "Dimensions": [{"Name": "FunctionName", "Value": name}],
                },
                "Period": 60,
                "Stat": "Maximum",
            },
        }
        for number, name in enumerate(functions)
    ]
    told = clients.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries,
        StartTime=now - _AGE_OF,
        EndTime=now + timedelta(minutes=1),
        ScanBy="TimestampDescending",
    )
    return {
        functions[int(one["Id"][1:])]: float(one["Values"][0])
        for one in told["MetricDataResults"]
        if one["Values"]
    }

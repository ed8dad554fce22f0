"""Queries that would stop the process if they could."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from engine_fixtures import Engine

from lambda_nb.engine.neighbours.services.cloudwatch.insights.grammar import QueryError
from lambda_nb.engine.neighbours.services.cloudwatch.insights.pipeline import Query
from lambda_nb.engine.neighbours.services.cloudwatch.insights.regular_expressions import (
    TooSlowError,
    read,
)

EVIL = "/(a+)+$/"


@pytest.fixture(scope="module")
def group(engine: Engine) -> Iterator[str]:
    logs, name = engine.client("logs"), engine.name("/evil")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": "a" * 5_000 + "!"}
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
    yield name
    logs.delete_log_group(logGroupName=name)


def start(engine: Engine, group: str, query: str) -> str:
    now = int(time.time())
    told: dict[str, Any] = engine.client("logs").start_query(
        logGroupName=group, startTime=now - 600, endTime=now + 600, queryString=query
    )
    return str(told["queryId"])


@pytest.mark.parametrize("query", [f"filter @message like {EVIL}", f"parse @message {EVIL} as c"])
def test_a_slow_regular_expression_fails_its_query_and_nothing_else(
    engine: Engine, group: str, query: str
) -> None:
    logs, sqs = engine.client("logs"), engine.client("sqs")
    sqs.list_queues()  # the first call of a service takes a while
    identifier = start(engine, group, f"fields @message | {query}")
    answers = 0
    deadline = time.monotonic() + 30
    while (status := logs.get_query_results(queryId=identifier)["status"]) != "Failed":
        assert time.monotonic() < deadline, status
        sqs.list_queues()
        answers += 1
    assert answers


def test_the_search_itself_ends() -> None:
    with pytest.raises(TooSlowError, match="needs more than"):
        read(EVIL).search("a" * 5_000 + "!")


@pytest.mark.parametrize(
    "query", ["filter " + "not " * 5_000 + "1", "limit 99999999999999999999", "tail 10001"]
)
def test_a_query_that_cannot_run_is_refused(query: str) -> None:
    with pytest.raises(QueryError, match=r"nested too deeply|must not be more than 10000"):
        Query(query)

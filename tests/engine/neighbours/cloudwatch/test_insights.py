"""Logs Insights over the API: queries run over the engine's logs, also those of functions."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloudwatch_lab import until
from engine_fixtures import Engine

from lambda_nb import traces

FIGURES = (
    "@timestamp", "@requestId", "@duration", "@billedDuration", "@memorySize", "@maxMemoryUsed",
    "@initDuration", "@logStream",
)  # fmt: skip


@pytest.fixture(scope="module")
def logs(engine: Engine) -> Any:
    return engine.client("logs")


@pytest.fixture(scope="module")
def group(engine: Engine, logs: Any) -> str:
    """A log group with 30 events in two streams: one a second, the newest a second ago."""
    name = f"/{engine.name('queried')}"
    logs.create_log_group(logGroupName=name)
    now = time.time_ns() // 1_000_000
    for number, stream in enumerate(("even", "odd")):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = [
            {"timestamp": now - 31_000 + i * 1000, "message": f'{{"n": {i}, "kind": "{stream}"}}'}
            for i in range(number, 30, 2)
        ]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    return name


def ask(logs: Any, text: str, **asked: Any) -> dict[str, Any]:
    """Run a query over the last hour and wait for its end."""
    now = int(time.time())
    started = logs.start_query(
        **{"startTime": now - 3600, "endTime": now + 60, "queryString": text, **asked}
    )
    return results(logs, started["queryId"])


def results(logs: Any, identifier: str) -> dict[str, Any]:
    def ended() -> Any:
        found = logs.get_query_results(queryId=identifier)
        return found if found["status"] not in ("Scheduled", "Running") else None

    return dict(until(ended))


def rows(found: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
        for row in found["results"]
    ]


def test_a_query_over_a_group(logs: Any, group: str) -> None:
    found = ask(
        logs,
        "fields n, @logStream, @log | filter n >= 10 | sort n desc | limit 2",
        logGroupName=group,
    )
    assert found["status"] == "Complete"
    account = found["results"][0][2]["value"].partition(":")[0]
    assert rows(found) == [
        {"n": "29", "@logStream": "odd", "@log": f"{account}:{group}"},
        {"n": "28", "@logStream": "even", "@log": f"{account}:{group}"},
    ]
    statistics = found["statistics"]
    assert (statistics["recordsMatched"], statistics["recordsScanned"]) == (20.0, 30.0)
    assert statistics["bytesScanned"] > 30 * 26
    pointer = found["results"][0][-1]
    assert pointer["field"] == "@ptr"
    record = logs.get_log_record(logRecordPointer=pointer["value"])["logRecord"]
    assert (record["n"], record["kind"], record["@logStream"]) == ("29", "odd", "odd")


def test_groups_have_no_pointer_and_the_time_range_is_kept(logs: Any, group: str) -> None:
    found = ask(logs, "stats count(*) as c by kind | sort kind asc", logGroupNames=[group])
    assert found["results"] == [
        [{"field": "kind", "value": "even"}, {"field": "c", "value": "15"}],
        [{"field": "kind", "value": "odd"}, {"field": "c", "value": "15"}],
    ]
    past = int(time.time()) - 7200
    found = ask(logs, "stats count(*) as c", logGroupName=group, startTime=past, endTime=past + 600)
    assert rows(found) == [{"c": "0"}]
    assert found["statistics"]["recordsScanned"] == 0.0


def test_several_groups_and_a_limit(engine: Engine, logs: Any, group: str) -> None:
    other = f"/{engine.name('other')}"
    logs.create_log_group(logGroupName=other)
    logs.create_log_stream(logGroupName=other, logStreamName="s")
    event = {"timestamp": time.time_ns() // 1_000_000, "message": '{"n": 100}'}
    logs.put_log_events(logGroupName=other, logStreamName="s", logEvents=[event])
    arns = [
        one["arn"].removesuffix(":*")
        for name in (group, other)
        for one in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    ]
    found = ask(logs, "fields n | sort n desc", logGroupIdentifiers=arns, limit=2)
    assert rows(found) == [{"n": "100"}, {"n": "29"}]


def test_queries_are_described_and_stopped(logs: Any, group: str) -> None:
    now = int(time.time())
    asked = {"logGroupName": group, "startTime": now - 60, "endTime": now}
    identifier = logs.start_query(queryString="limit 1", **asked)["queryId"]
    results(logs, identifier)
    (told,) = [
        one
        for one in logs.describe_queries(logGroupName=group)["queries"]
        if one["queryId"] == identifier
    ]
    assert (told["queryString"], told["status"]) == ("limit 1", "Complete")
    with pytest.raises(ClientError, match="not in Running or Scheduled"):
        logs.stop_query(queryId=identifier)
    with pytest.raises(ClientError) as error:
        logs.get_query_results(queryId="nothing")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_wrong_queries_are_refused(logs: Any, group: str) -> None:
    with pytest.raises(ClientError) as error:
        ask(logs, "fields @message | sorted x", logGroupName=group)
    response = error.value.response
    assert response["Error"]["Code"] == "MalformedQueryException"
    assert response["queryCompileError"] == {
        "location": {"startCharOffset": 18, "endCharOffset": 24},
        "message": "unexpected symbol found sorted at line 1 and position 19",
    }
    with pytest.raises(ClientError) as error:
        ask(logs, "limit 1", logGroupName="/nothing/there")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="End time should not be before start time"):
        ask(logs, "limit 1", logGroupName=group, endTime=0)
    with pytest.raises(ClientError, match="language CWLI only"):
        ask(logs, "limit 1", logGroupName=group, queryLanguage="SQL")


def test_definitions_are_kept(engine: Engine, logs: Any) -> None:
    name = engine.name("query")
    identifier = logs.put_query_definition(name=name, queryString="limit 1")["queryDefinitionId"]
    logs.put_query_definition(
        queryDefinitionId=identifier, name=name, queryString="limit 2", logGroupNames=["/g"]
    )
    (told,) = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert (told["queryString"], told["logGroupNames"]) == ("limit 2", ["/g"])
    assert logs.delete_query_definition(queryDefinitionId=identifier)["success"] is True
    assert logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []


def test_the_simulators_favourite_export(engine: Engine, logs: Any, tmp_path: Path) -> None:
    """Figures of REPORT lines, written as CSV, are the same trace as the log itself."""
    name = engine.create("def handler(event, context):\n    return event\n", MemorySize=256)
    for _ in range(3):
        engine.client().invoke(FunctionName=name)
    group = f"/aws/lambda/{name}"
    text = f'filter @type = "REPORT" | fields {", ".join(FIGURES)}'

    until(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])

    def three() -> Any:
        found = rows(ask(logs, text, logGroupName=group))
        return found if len(found) == 3 else None

    found = until(three)
    assert {row["@memorySize"] for row in found} == {"2.56E8"}
    path = tmp_path / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIGURES, restval="")
        writer.writeheader()
        writer.writerows(found)
    exported = traces.read_logs(path).to_pandas()
    own = traces.Trace.from_logs(group, client=logs, expect=3).to_pandas()
    columns = ["function", "start", "duration", "billed", "memory", "max_memory", "environment"]
    assert exported[columns].to_dict("list") == own[columns].to_dict("list")
    assert list(exported["start"]) == ["cold", "warm", "warm"]
    assert list(exported["init"].fillna(0)) == pytest.approx(list(own["init"].fillna(0)))

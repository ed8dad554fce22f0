"""The operations of Logs Insights in moto's CloudWatch Logs."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.neighbours.services.cloudwatch import logs
from lambda_nb.engine.neighbours.services.cloudwatch.insights.grammar import QueryError
from lambda_nb.engine.neighbours.services.cloudwatch.insights.pipeline import Query
from lambda_nb.engine.neighbours.services.cloudwatch.insights.queries import (
    COMPLETE,
    MOST_RESULTS,
    Queries,
    Run,
    Source,
)
from lambda_nb.engine.neighbours.services.cloudwatch.log_store import LogStore
from lambda_nb.rules.refusal import validation_text
from lambda_nb.rules.settings import constraints

MOST_GROUPS = 50
"""Log groups of one query (API reference, ``StartQuery``)."""
_LANGUAGE = "CWLI"
_PAGE = 1000
_MILLISECONDS_FROM = 100_000_000_000
"""Times from here on are in milliseconds: some clients send those, and AWS takes both."""


def install(store: LogStore) -> None:
    """Answer queries over a store."""
    insights = _Insights(Queries(store))
    for operation in (
        insights.start_query,
        insights.get_query_results,
        insights.stop_query,
        insights.describe_queries,
        insights.put_query_definition,
        insights.describe_query_definitions,
        insights.delete_query_definition,
        insights.get_log_record,
    ):
        _answer(operation)


def _answer(operation: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> None:
    from moto.logs.responses import LogsResponse

    name = "".join(part.capitalize() for part in operation.__name__.split("_"))

    def answer(self: Any) -> str:
        asked: dict[str, Any] = json.loads(self.body or "{}")
        _check(name, asked)
        return json.dumps(operation(self.logs_backend, asked))

    setattr(LogsResponse, operation.__name__, answer)


def _check(operation: str, asked: Mapping[str, Any]) -> None:
    from moto.logs.exceptions import InvalidParameterException

    shape = service_model.operation(operation, "logs").input_shape
    if shape is None:
        return
    missing = [name for name in shape.required_members if asked.get(name) is None]
    problems = [
        f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        for name in missing
    ]
    problems += constraints.problems(shape, asked)
    if problems:
        raise InvalidParameterException(msg=validation_text(problems))


class _Insights:
    """Each operation takes moto's backend of a Region and the request."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def start_query(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """StartQuery."""
        from moto.logs.exceptions import InvalidParameterException

        _check_language(asked)
        start, end = _seconds(asked["startTime"]), _seconds(asked["endTime"])
        if start > end:
            raise InvalidParameterException(
                msg="End time should not be before start time for query."
            )
        groups = _groups(backend, asked)
        query = _query(asked["queryString"])
        run = Run(
            asked["queryString"],
            query,
            [_source(group) for group in groups],
            start,
            end,
            int(asked.get("limit") or MOST_RESULTS),
        )
        return {"queryId": self._queries.start(run)}

    def get_query_results(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """GetQueryResults."""
        run = self._find(asked["queryId"])
        return {
            "queryLanguage": _LANGUAGE,
            "results": run.rows if run.status == COMPLETE else [],
            "statistics": {
                "recordsMatched": float(run.tally.matched),
                "recordsScanned": float(run.scanned),
                "estimatedRecordsSkipped": 0.0,
                "bytesScanned": float(run.scanned_bytes),
                "estimatedBytesSkipped": 0.0,
                "logGroupsScanned": float(len(run.sources)),
            },
            "status": run.status,
        }

    def stop_query(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """StopQuery."""
        from moto.logs.exceptions import InvalidParameterException

        if not self._queries.stop(self._find(asked["queryId"])):
            raise InvalidParameterException(msg="Query is not in Running or Scheduled status.")
        return {"success": True}

    def describe_queries(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """DescribeQueries."""
        wanted, status = asked.get("logGroupName"), asked.get("status")
        found = [
            {
                "queryLanguage": _LANGUAGE,
                "queryId": run.identifier,
                "queryString": run.text,
                "status": run.status,
                "createTime": run.made_ms,
                "logGroupName": run.sources[0].name,
                "queryDuration": run.took_ms,
                "bytesScanned": float(run.scanned_bytes),
            }
            for run in self._queries.all()
            if status in (None, run.status)
            and (wanted is None or any(source.name == wanted for source in run.sources))
        ]
        shown, token = _page(found, asked)
        return {"queries": shown, **token}

    def _find(self, identifier: str) -> Run:
        from moto.logs.exceptions import ResourceNotFoundException

        run = self._queries.find(identifier)
        if run is None:
            raise ResourceNotFoundException(f"No query with ID {identifier}.")
        return run

    def put_query_definition(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """PutQueryDefinition."""
        from moto.logs.exceptions import ResourceNotFoundException

        kept = _definitions(backend)
        identifier = asked.get("queryDefinitionId")
        if identifier is not None and identifier not in kept:
            raise ResourceNotFoundException("The specified query definition does not exist.")
        identifier = identifier or str(uuid.uuid4())
        kept[identifier] = {
            "queryLanguage": asked.get("queryLanguage") or _LANGUAGE,
            "queryDefinitionId": identifier,
            "name": asked["name"],
            "queryString": asked["queryString"],
            "lastModified": time.time_ns() // 1_000_000,
            "logGroupNames": asked.get("logGroupNames") or [],
        }
        return {"queryDefinitionId": identifier}

    def describe_query_definitions(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """DescribeQueryDefinitions."""
        prefix = asked.get("queryDefinitionNamePrefix") or ""
        found = [one for one in _definitions(backend).values() if one["name"].startswith(prefix)]
        shown, token = _page(found, asked)
        return {"queryDefinitions": shown, **token}

    def delete_query_definition(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """DeleteQueryDefinition."""
        from moto.logs.exceptions import ResourceNotFoundException

        if _definitions(backend).pop(asked["queryDefinitionId"], None) is None:
            raise ResourceNotFoundException("The specified query definition does not exist.")
        return {"success": True}

    def get_log_record(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        """GetLogRecord."""
        from moto.logs.exceptions import ResourceNotFoundException

        sources = [_source(group) for group in list(backend.groups.values())]
        found = self._queries.record_at(asked["logRecordPointer"], sources)
        if found is None:
            raise ResourceNotFoundException("The specified log record does not exist.")
        return {"logRecord": found}


def _query(text: str) -> Query:
    from moto.core.exceptions import JsonRESTError

    try:
        return Query(text)
    except QueryError as error:
        refused: Any = JsonRESTError("MalformedQueryException", str(error))
        location = {"startCharOffset": error.start, "endCharOffset": error.end}
        refused.description = json.dumps(
            {
                "__type": "MalformedQueryException",
                "message": str(error),
                "queryCompileError": {"location": location, "message": str(error)},
            }
        )
        raise refused from None


def _check_language(asked: Mapping[str, Any]) -> None:
    from moto.logs.exceptions import InvalidParameterException

    if asked.get("queryLanguage") not in (None, _LANGUAGE):
        raise InvalidParameterException(
            msg=f"lambda_nb runs queries in the language {_LANGUAGE} only."
        )


def _seconds(at: int) -> int:
    return at // 1000 if at >= _MILLISECONDS_FROM else at


def _groups(backend: Any, asked: Mapping[str, Any]) -> list[Any]:
    from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException

    told = [asked.get(name) for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers")]
    if sum(map(bool, told)) != 1:
        raise InvalidParameterException(
            msg="Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given."
        )
    names = [told[0]] if told[0] else list(told[1] or told[2] or ())
    if len(names) > MOST_GROUPS:
        raise InvalidParameterException(msg=f"A query takes at most {MOST_GROUPS} log groups.")
    found = []
    for name in dict.fromkeys(names):
        group = backend.groups.get(_group_name(str(name)))
        if group is None:
            raise ResourceNotFoundException(
                f"Log group '{name}' does not exist for account ID '{backend.account_id}'"
            )
        found.append(group)
    return found


def _group_name(identifier: str) -> str:
    """A log group's name, from its name or ARN."""
    if identifier.startswith("arn:"):
        return identifier.split(":")[6]
    return identifier


def _source(group: Any) -> Source:
    streams = {logs.number(stream): name for name, stream in list(group.streams.items())}
    return Source(logs.number(group), group.name, group.account_id, streams)


def _definitions(backend: Any) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = backend.__dict__.setdefault("query_definitions", {})
    return kept


def _page(
    found: Sequence[dict[str, Any]], asked: Mapping[str, Any]
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    start = int(asked.get("nextToken") or 0)
    end = start + int(asked.get("maxResults") or _PAGE)
    return found[start:end], {"nextToken": str(end)} if end < len(found) else {}

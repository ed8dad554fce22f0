"""The settings of one event source mapping, and the code that runs its function."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved, Throttled
from lambda_nb.rules.events import patterns

Resolve = Callable[[str, "str | None"], Resolved]
Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """Settings of one mapping; times in seconds, -1 for no limit.

    ``config`` holds the members as the API names them.
    """

    identifier: str
    function_arn: str
    config: Mapping[str, Any]

    @property
    def source_arn(self) -> str:
        """The queue or stream."""
        return str(self.config["EventSourceArn"])

    @property
    def stream_arn(self) -> str:
        """The stream, also if the source is its consumer."""
        return self.source_arn.partition("/consumer/")[0]

    @property
    def region(self) -> str:
        """The source's Region."""
        return self.source_arn.split(":")[3]

    @property
    def batch_size(self) -> int:
        """Maximum records per batch."""
        return int(self.config["BatchSize"])

    @property
    def window_s(self) -> int:
        """Maximum time to gather a batch."""
        return int(self.config.get("MaximumBatchingWindowInSeconds") or 0)

    @property
    def tumbling_s(self) -> int:
        """Length of the tumbling windows; 0 for none."""
        return int(self.config.get("TumblingWindowInSeconds") or 0)

    @property
    def reports_failures(self) -> bool:
        """Whether the function reports the items that failed."""
        return "ReportBatchItemFailures" in (self.config.get("FunctionResponseTypes") or [])

    @property
    def patterns(self) -> list[Any]:
        """Filter patterns: one must match. No patterns let everything through."""
        filters = (self.config.get("FilterCriteria") or {}).get("Filters") or []
        return [json.loads(entry["Pattern"]) for entry in filters]


def let_through(
    filters: Sequence[Any], record: Mapping[str, Any], contents: Mapping[str, str]
) -> bool:
    """Whether one of the filters matches a record.

    ``contents`` is the text of the record's content, by its name in filters. A pattern that is an
    object matches the parsed JSON; one that is a list matches the plain text.
    """
    return not filters or any(_matches(pattern, record, contents) for pattern in filters)


def _matches(
    pattern: Mapping[str, Any], record: Mapping[str, Any], contents: Mapping[str, str]
) -> bool:
    seen: dict[str, Any] = {}
    for field, text in contents.items():
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        wants_json = isinstance(pattern.get(field), dict)
        if field in pattern and wants_json is not isinstance(parsed, (dict, list)):
            return False
        seen[field] = parsed if wants_json else text
    return patterns.matches(pattern, {**record, **seen})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a batch: ``result`` is missing if the function did not run."""

    request_id: str
    result: InvocationResult | None
    throttled: bool = False
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the function ran and did not fail."""
        return self.result is not None and self.result.function_error is None


class Run(Protocol):
    """What pollers bring batches to: a function, or the stages of a pipe."""

    async def __call__(
        self, arn: str, event: Mapping[str, Any], source: str, trace: str | None = None
    ) -> Outcome:
        """Handle one batch, ``event["Records"]``, of ``source``; raises nothing."""


class Runner:
    """Runs a mapping's function with a batch.

    Parameters
    ----------
    resolve, invoke
        Find the version that serves, and run one attempt.
    """

    def __init__(self, resolve: Resolve, invoke: Execute) -> None:
        self._resolve = resolve
        self._invoke = invoke

    async def __call__(
        self, arn: str, event: Mapping[str, Any], source: str, trace: str | None = None
    ) -> Outcome:
        """Run the function once; errors of the function or Lambda do not raise."""
        request_id = str(uuid.uuid4())
        try:
            resolved = self._resolve(arn, None)
            invocation = Invocation(
                request_id=request_id,
                payload=json.dumps(event).encode(),
                invoked_arn=resolved.invoked_arn,
                trace_header=trace,
                source=source,
            )
            result = await self._invoke(resolved, invocation)
        except Throttled:
            return Outcome(request_id, None, True, "Function call was throttled")
        except AWSError as error:
            return Outcome(request_id, None, False, f"{error.code}: {error.message}")
        problem = "" if result.function_error is None else "Function call failed"
        return Outcome(request_id, result, False, problem)

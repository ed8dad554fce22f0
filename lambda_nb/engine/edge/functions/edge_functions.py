"""Runs CloudFront Functions at the viewer's two events."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol

from lambda_nb.engine.edge.functions.code import Code, NoCode, Store
from lambda_nb.engine.edge.functions.function_logs import FunctionLogs
from lambda_nb.engine.edge.functions.program import Lookup, Program, Run
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import FunctionFault, Request, Response
from lambda_nb.engine.edge.triggers.context import TriggerContext
from lambda_nb.engine.model import LogSink
from lambda_nb.rules.edge.functions import events, results
from lambda_nb.rules.edge.functions.compute import Throttle, utilisation
from lambda_nb.rules.edge.functions.invalid_values import InvalidOrigin, InvalidValue
from lambda_nb.rules.edge.functions.origin_changes import change

COULD_NOT_RUN = (
    "The CloudFront function associated with the CloudFront distribution is invalid or could not "
    "run."
)
"""CloudFront's own sentence; what was wrong follows."""

THROTTLED = (
    "The CloudFront function associated with the CloudFront distribution was throttled: it took "
    "longer than it may, again and again."
)


class FunctionSource(Protocol):
    """Where code and key value stores come from."""

    def revision(self) -> Hashable:
        """Differs from what it was before if code or a store may have changed."""

    async def code(self, name: str, stage: str) -> Code:
        """The code of a function at a stage. Raises ``NoCode``."""

    async def store(self, arn: str) -> Store:
        """A key value store, whole."""


@dataclass(slots=True)
class _Loaded:
    """A function as it is now."""

    revision: Hashable
    program: Program
    store: Store | None


Measured = Callable[[str, float, str], None]
"""Is told of each call: the function's name, the seconds of CPU, and the outcome (empty: good). Of
an invalid result it is told once more, after the call."""


class EdgeFunctions:
    """Runs functions by their ARNs.

    Parameters
    ----------
    source
        Code and key value stores.
    logs
        Of us-east-1.
    clock
        Seconds that never go back.
    measured
        Is told of each call.
    """

    def __init__(
        self,
        source: FunctionSource,
        logs: LogSink,
        clock: Callable[[], float] = time.monotonic,
        measured: Measured = lambda name, seconds, outcome: None,
    ) -> None:
        self._source = source
        self._logs = FunctionLogs(logs)
        self._clock = clock
        self._measured = measured
        self._loaded: dict[str, _Loaded] = {}
        self._throttles: dict[str, Throttle] = {}

    async def viewer_request(
        self, arn: str, context: TriggerContext, request: Request
    ) -> Request | Response:
        """The request as a function leaves it, or its answer in the origin's place.

        Its ``origin`` is what the function changed of it.

        Raises
        ------
        FunctionFault
            It failed (503), or returned what it may not (502).
        """
        pairs = list(request.headers)
        before = events.request_fields(request.method, request.uri, request.querystring, pairs)
        run = await self._call(arn, "viewer-request", context, before, None)
        try:
            if results.is_response(run.result):
                return _response(results.generated(run.result), None)
            after = results.request(
                request.method, request.uri, request.querystring, pairs, before, run.result
            )
            chosen = None if run.origin is None else change(run.origin)
        except (InvalidValue, InvalidOrigin) as error:
            raise self._invalid(arn, run, error) from error
        headers = Headers(after.headers)
        return replace(
            request,
            uri=after.uri,
            querystring=after.querystring,
            headers=headers,
            origin=chosen or request.origin,
        )

    async def viewer_response(
        self, arn: str, context: TriggerContext, request: Request, response: Response
    ) -> Response:
        """The response as a function leaves it.

        Raises
        ------
        FunctionFault
            It failed (503), or returned what it may not (502). The response is still open.
        """
        asked = events.request_fields(
            request.method, request.uri, request.querystring, list(request.headers)
        )
        pairs = list(response.headers)
        before = events.response_fields(response.status, response.reason, pairs)
        run = await self._call(arn, "viewer-response", context, asked, before)
        try:
            after = results.response(pairs, before, run.result)
        except InvalidValue as error:
            raise self._invalid(arn, run, error) from error
        if after.body is not None:
            await response.leave()
        return _response(after, response)

    async def _call(
        self,
        arn: str,
        kind: events.Kind,
        context: TriggerContext,
        request: events.Entry,
        response: events.Entry | None,
    ) -> Run:
        name = arn.rpartition("/")[2]
        throttle = self._throttles.setdefault(arn, Throttle())
        if not throttle.admits(self._clock()):
            self._measured(name, 0.0, "FunctionThrottledError")
            raise FunctionFault(503, "FunctionThrottledError", THROTTLED)
        loaded = self._loaded.get(arn)
        if loaded is None or loaded.revision != self._source.revision():
            loaded = await self._load(arn, name, loaded)
        event = events.event(
            kind,
            domain=context.distribution_domain,
            distribution=context.distribution_id,
            request_id=context.viewer.request_id,
            ip=context.viewer.ip,
            request=request,
            response=response,
        )
        now = time.time()
        run = loaded.program.run(json.dumps(event), kind, now, _reads(loaded.store))
        throttle.ran(self._clock(), run.seconds)
        if run.lines:
            viewer = context.viewer.request_id
            self._logs.put(name, context.distribution_id, viewer, run.lines, now)
        if run.error:
            self._measured(name, run.seconds, "FunctionExecutionError")
            raise FunctionFault(503, "FunctionExecutionError", f"{COULD_NOT_RUN} {run.error}")
        self._measured(name, run.seconds, "")
        return run

    async def _load(self, arn: str, name: str, before: _Loaded | None) -> _Loaded:
        revision = self._source.revision()
        try:
            code = await self._source.code(name, "LIVE")
            store = await self._source.store(code.store) if code.store else None
        except NoCode as error:
            text = f"{COULD_NOT_RUN} {error.message}"
            raise FunctionFault(503, "FunctionExecutionError", text) from error
        same = before is not None and before.program.code == code
        program = before.program if same and before is not None else Program(code)
        loaded = self._loaded[arn] = _Loaded(revision, program, store)
        return loaded

    def _invalid(self, arn: str, run: Run, error: ValueError) -> FunctionFault:
        self._measured(arn.rpartition("/")[2], run.seconds, "FunctionValidationError")
        return FunctionFault(502, "FunctionValidationError", str(error))


async def tried(
    code: Code, event: str, kind: str, store: Callable[[str], Awaitable[Store]]
) -> tuple[Run, int]:
    """Run code once, as ``TestFunction`` does; with its compute utilisation."""
    held = await store(code.store) if code.store else None
    program = Program(code)
    run = program.run(event, kind, time.time(), _reads(held))
    return run, utilisation(run.seconds)


def _reads(store: Store | None) -> Lookup:
    """Answers reads of a store."""

    def lookup(asked: Sequence[tuple[str, str]]) -> list[object]:
        held = store or Store("")
        answers: list[object] = []
        for operation, key in asked:
            if operation == "get":
                answers.append(held.items.get(key))
            elif operation == "exists":
                answers.append(key in held.items)
            else:
                answers.append(
                    {
                        "creationDateTime": held.created,
                        "lastUpdatedDateTime": held.updated,
                        "keyCount": len(held.items),
                    }
                )
        return answers

    return lookup


def _response(after: results.ResponseResult, before: Response | None) -> Response:
    reason = after.reason
    if not reason and (before is None or before.status != after.status):
        reason = HTTPStatus(after.status).phrase if after.status in _KNOWN else ""
    headers = Headers(after.headers)
    if after.body is None and before is not None:
        length = before.headers.get("Content-Length")
        if length is None:
            headers.remove("Content-Length")
        else:  # the body is as long as it was
            headers.set("Content-Length", length)
        return Response(after.status, headers, before.body, reason or before.reason, before.close)
    body = after.body or b""
    if after.status not in (204, 304):
        headers.set("Content-Length", str(len(body)))
    return Response(after.status, headers, body, reason)


_KNOWN = frozenset(status.value for status in HTTPStatus)

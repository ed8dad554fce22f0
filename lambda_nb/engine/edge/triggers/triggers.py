"""Runs functions at the four events of a request, and applies what they return.

Statuses: CloudFront Developer Guide, http-502-bad-gateway ("Lambda validation error") and
http-503-service-unavailable ("execution error", "limit exceeded"), 2026. A function that fails or
takes too long is a 503 with ``LambdaExecutionError`` (standard-logs-reference; recorded in
serverless-nextjs/serverless-next.js 181 and awslabs/cognito-at-edge 86 on GitHub).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import EventType, FunctionFault, Request, Response
from lambda_nb.engine.edge.settings import LambdaAssociation, Origin
from lambda_nb.engine.edge.triggers import origins
from lambda_nb.engine.edge.triggers.context import TriggerContext
from lambda_nb.engine.edge.triggers.executors import Executors
from lambda_nb.engine.edge.triggers.replicas import replica, replicable
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationResult,
    LogSink,
    Throttled,
)
from lambda_nb.rules import quotas
from lambda_nb.rules.edge.triggers import events, results
from lambda_nb.rules.edge.triggers import headers as header_rules
from lambda_nb.rules.edge.triggers.invalid_results import InvalidResult
from lambda_nb.rules.edge.triggers.replication import replica_name
from lambda_nb.rules.edge.triggers.results import ResponseResult

_CANNOT_RUN = (
    "The Lambda function associated with the CloudFront distribution is invalid or doesn't have "
    "the required permissions."
)
_THROTTLED = "The Lambda function associated with the CloudFront distribution was throttled."
_SHOWN = 500
"""Bytes of a function's error in a message."""
_NO_BODY = (204, 304)


class _Replica(NamedTuple):
    """A replica, the version that it was made of, and what keeps it from running at an event."""

    original: FunctionVersion
    function: FunctionVersion
    problems: list[str]


class Triggers:
    """Lambda@Edge: the functions of cache behaviours.

    Parameters
    ----------
    resolve
        The version that an ARN names; raises ``AWSError`` if there is none.
    executors
        Where functions run, by location.
    logs
        Takes the log events of a Region. What CloudFront refuses is written there, to
        ``/aws/cloudfront/LambdaEdge/DISTRIBUTION``.
    viewer_timeout_s
        The longest timeout of functions at viewer events.
    """

    def __init__(
        self,
        resolve: Callable[[str], FunctionVersion],
        executors: Executors,
        logs: Callable[[str], LogSink],
        *,
        viewer_timeout_s: int = quotas.EDGE_TIMEOUT_S.value,
    ) -> None:
        self._resolve = resolve
        self._executors = executors
        self._logs = logs
        self._viewer_timeout_s = viewer_timeout_s
        self._replicas: dict[tuple[str, str, str], _Replica] = {}

    async def viewer_request(
        self, association: LambdaAssociation, context: TriggerContext, request: Request
    ) -> Request | Response:
        """The request as the function leaves it, or the response that it makes.

        Raises
        ------
        FunctionFault
            It failed, or returned what it may not.
        """
        changed, _, answer = await self._request("viewer-request", association, context, request)
        return answer or changed

    async def origin_request(
        self,
        association: LambdaAssociation,
        context: TriggerContext,
        request: Request,
        origin: Origin,
    ) -> tuple[Request, Origin] | Response:
        """The request and the origin as the function leaves them, or the response that it makes.

        Raises
        ------
        FunctionFault
            It failed, or returned what it may not.
        """
        changed, chosen, answer = await self._request(
            "origin-request", association, context, request, origin
        )
        return answer or (changed, chosen or origin)

    async def origin_response(
        self,
        association: LambdaAssociation,
        context: TriggerContext,
        request: Request,
        origin: Origin,
        response: Response,
    ) -> Response:
        """The response as the function leaves it.

        Raises
        ------
        FunctionFault
            It failed, or returned what it may not.
        """
        asked = _shown_request(context, request, origins.as_shown(origin, context.viewer))
        return await self._response("origin-response", association, context, asked, response)

    async def viewer_response(
        self,
        association: LambdaAssociation,
        context: TriggerContext,
        request: Request,
        response: Response,
    ) -> Response:
        """The response as the function leaves it; its status and body stay.

        Raises
        ------
        FunctionFault
            It failed, or returned what it may not.
        """
        asked = _shown_request(context, request, None)
        return await self._response("viewer-response", association, context, asked, response)

    def deleted(self, name: str, version: str | None) -> None:
        """A function, or a version of it, is gone: end the environments of its replicas."""
        self._executors.deleted(replica_name(name), version)

    async def _request(
        self,
        event: EventType,
        association: LambdaAssociation,
        context: TriggerContext,
        request: Request,
        origin: Origin | None = None,
    ) -> tuple[Request, Origin | None, Response | None]:
        """The changed request, the changed origin if it was, or the response if one was made."""
        shown_origin = None if origin is None else origins.as_shown(origin, context.viewer)
        shown = _shown_request(context, request, shown_origin)
        if association.include_body:
            shown["body"] = events.body(event, request.body)
        result = await self._run(event, association, context, shown, None)
        try:
            returned = results.returned(result.payload)
            if results.is_response(event, returned):
                return request, None, _generated(results.generated(event, returned))
            changed = results.request(event, returned, shown, list(request.headers))
        except InvalidResult as error:
            raise self._refused(association, context, result, error) from error
        headers, body = Headers(changed.headers), request.body
        if changed.body is not None:
            body = changed.body
            headers.remove("Transfer-Encoding")
            headers.set("Content-Length", str(len(body)))
        uri = request.uri if changed.uri == shown["uri"] else changed.uri
        unchanged = changed.querystring == shown["querystring"]
        querystring = request.querystring if unchanged else changed.querystring
        kept = Request(request.method, uri, querystring, headers, body)
        if changed.origin is None or origin is None:
            return kept, None, None
        return kept, origins.as_chosen(origin, changed.origin), None

    async def _response(
        self,
        event: EventType,
        association: LambdaAssociation,
        context: TriggerContext,
        asked: dict[str, Any],
        response: Response,
    ) -> Response:
        pairs = list(response.headers)
        shown = events.response(response.status, response.reason, header_rules.shown(pairs))
        result = await self._run(event, association, context, asked, shown)
        try:
            returned = results.returned(result.payload)
            changed = results.response(event, returned, shown, pairs)
        except InvalidResult as error:
            raise self._refused(association, context, result, error) from error
        if changed.body is not None:
            await response.leave()
            return _generated(changed)
        headers = Headers(changed.headers)
        length = response.headers.get("Content-Length")
        if length is None:
            headers.remove("Content-Length")
        else:  # the body is as long as it was
            headers.set("Content-Length", length)
        reason = changed.reason or (response.reason if changed.status == response.status else "")
        return Response(changed.status, headers, response.body, reason, response.close)

    async def _run(
        self,
        event: EventType,
        association: LambdaAssociation,
        context: TriggerContext,
        request: dict[str, Any],
        response: dict[str, Any] | None,
    ) -> InvocationResult:
        """Run a function at the viewer's location."""
        arn, location = association.arn, context.viewer.location
        function = self._replica(event, arn, location)
        told = events.event(
            event,
            context.distribution_id,
            context.distribution_domain,
            context.viewer.request_id,
            request,
            response,
        )
        payload = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        invocation = Invocation(uuid4(), payload, function.qualified_arn, source="edge")
        try:
            executor = self._executors.up(location) or await self._executors.at(location)
            result = await executor.invoke(function, invocation)
        except Throttled as error:
            told_more = f"{arn} at {location}: {error.reason}. Raise the concurrency, or slow down."
            raise FunctionFault(503, "LambdaLimitExceeded", f"{_THROTTLED} {told_more}") from error
        except AWSError as error:
            raise _cannot_run(f"{arn}: {error.code}: {error.message}") from error
        if result.status != "success" or result.function_error is not None:
            error_text = result.payload[:_SHOWN].decode("utf-8", "replace")
            raise _cannot_run(
                f"{arn} failed at {location}: {error_text} See the log {function.log_group} "
                f"in {function.region}."
            )
        return result

    def _replica(self, event: EventType, arn: str, location: str) -> FunctionVersion:
        try:
            original = self._resolve(arn)
        except AWSError as error:
            raise _cannot_run(f"{arn}: {error.code}: {error.message}") from error
        key = (arn, location, event)
        known = self._replicas.get(key)
        if known is None or known.original is not original:
            problems = replicable(original, event, timeout_s=self._viewer_timeout_s)
            function = replica(original, self._executors.region_of(location))
            known = self._replicas[key] = _Replica(original, function, problems)
        if known.problems:
            raise _cannot_run(f"{' '.join(known.problems)} Function: {arn}")
        return known.function

    def _refused(
        self,
        association: LambdaAssociation,
        context: TriggerContext,
        result: InvocationResult,
        error: InvalidResult,
    ) -> FunctionFault:
        """The error of a result that breaks a rule; it is also written to CloudFront's log."""
        region = self._executors.region_of(context.viewer.location)
        self._logs(region).put(
            f"/aws/cloudfront/LambdaEdge/{context.distribution_id}",
            result.log_stream,
            time.time_ns() // 1_000_000,
            f"({context.viewer.request_id}) ERROR Validation error: {error} "
            f"Lambda request ID: {result.request_id}, function: {association.arn}\n",
        )
        return FunctionFault(502, "LambdaValidationError", str(error))


def _shown_request(
    context: TriggerContext, request: Request, origin: dict[str, Any] | None
) -> dict[str, Any]:
    return events.request(
        context.viewer.ip,
        header_rules.shown(request.headers),
        request.method,
        request.uri,
        request.querystring,
        origin=origin,
    )


def _generated(made: ResponseResult) -> Response:
    """A response whose body a function made."""
    headers, body = Headers(made.headers), made.body or b""
    headers.remove("Content-Length", "Transfer-Encoding")
    if made.status in _NO_BODY:
        body = b""
    else:
        headers.add("Content-Length", str(len(body)))
    return Response(made.status, headers, body, made.reason)


def _cannot_run(why: str) -> FunctionFault:
    return FunctionFault(503, "LambdaExecutionError", f"{_CANNOT_RUN} {why}")

"""Answers Invoke, InvokeAsync and InvokeWithResponseStream; payloads are passed on as bytes."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from lambda_nb.engine.api.lambda_api import event_json
from lambda_nb.engine.api.wire import event_stream
from lambda_nb.engine.api.wire.http import Header, Reply, Send
from lambda_nb.engine.errors import AWSError, invalid_parameter, validation
from lambda_nb.engine.identifiers import hex_digits
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved, Throttled

SYNC_LIMIT = 6291456
"""Bytes of a synchronous event (facts/api.md section 6)."""

EVENT_LIMIT = 1048576
"""Bytes of an asynchronous event (1 MB since late 2025, facts/api.md section 6)."""

_CONTEXT_LIMIT = 3583
_TYPES = ("Event", "RequestResponse", "DryRun")
_LOG_TYPES = ("None", "Tail")

Resolve = Callable[[str, "str | None"], Resolved]
Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]
Begin = Callable[[Resolved, Invocation], str]
Submit = Callable[[str, "str | None", Invocation], Awaitable[None]]


class Call(NamedTuple):
    """What the caller of Invoke asked for."""

    function_name: str
    qualifier: str | None
    invocation_type: str
    log_tail: bool
    headers: Mapping[str, str]

    @classmethod
    def of(cls, name: str, qualifier: str | None, headers: Mapping[str, str]) -> Call:
        """Read the headers.

        Raises
        ------
        AWSError
            ``ValidationException`` for an unknown invocation or log type.
        """
        kind = headers.get("x-amz-invocation-type") or "RequestResponse"
        log_type = headers.get("x-amz-log-type") or "None"
        problems = [
            f"Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(allowed)}]"
            for value, member, allowed in (
                (kind, "invocationType", _TYPES),
                (log_type, "logType", _LOG_TYPES),
            )
            if value not in allowed
        ]
        if problems:
            errors = "error" if len(problems) == 1 else "errors"
            raise validation(f"{len(problems)} validation {errors} detected: {'; '.join(problems)}")
        return cls(name, qualifier, kind, log_type == "Tail", headers)

    @property
    def limit(self) -> int:
        """Bytes that the event may have."""
        return EVENT_LIMIT if self.invocation_type == "Event" else SYNC_LIMIT

    def too_large(self, size: int) -> AWSError:
        """The error for an event of this many bytes."""
        if self.invocation_type == "Event":
            text = (
                f"{size} byte payload is too large for the Event invocation type "
                f"(limit {EVENT_LIMIT} bytes)"
            )
        else:
            text = (
                f"Request must be smaller than {SYNC_LIMIT} bytes for the InvokeFunction operation"
            )
        return AWSError("RequestEntityTooLargeException", text, 413)


class Invoker:
    """Runs invocations for callers of the API.

    Parameters
    ----------
    resolve
        Finds the version for a name and qualifier.
    execute
        Runs one invocation; raises :class:`~lambda_nb.engine.model.Throttled`.
    submit
        Queues an asynchronous invocation; returns once it is safely stored.
    begin
        Starts the execution of a durable function without waiting for it; returns its ARN.
    """

    def __init__(self, resolve: Resolve, execute: Execute, submit: Submit, begin: Begin) -> None:
        self._resolve = resolve
        self._execute = execute
        self._submit = submit
        self._begin = begin

    async def invoke(self, call: Call, payload: bytes, request_id: str) -> Reply:
        """Answer one Invoke."""
        resolved = self._resolve(call.function_name, call.qualifier)
        event_json.check(payload)
        invocation = self._invocation(call, resolved, payload, request_id)
        headers = _standard_headers(invocation)
        if call.invocation_type == "DryRun":
            return Reply(204, b"", headers)
        if call.invocation_type == "Event":
            if resolved.function.durable:
                arn = self._begin(resolved, invocation)
                headers.append((b"X-Amz-Durable-Execution-Arn", arn.encode()))
            else:
                await self._submit(call.function_name, call.qualifier, invocation)
            return Reply(202, b"", headers)
        result = await self._run(resolved, invocation)
        headers.append((b"X-Amz-Executed-Version", result.executed_version.encode()))
        if result.function_error is not None:
            headers.append((b"X-Amz-Function-Error", result.function_error.encode()))
        if call.log_tail:
            headers.append((b"X-Amz-Log-Result", base64.b64encode(result.log_tail)))
        if result.durable_execution_arn:
            arn = result.durable_execution_arn
            headers.append((b"X-Amz-Durable-Execution-Arn", arn.encode()))
        return Reply(200, result.payload, headers)

    async def invoke_async(self, call: Call, payload: bytes, request_id: str) -> Reply:
        """Answer one InvokeAsync (deprecated by AWS in favour of Invoke with type Event)."""
        resolved = self._resolve(call.function_name, call.qualifier)
        event_json.check(payload)
        invocation = self._invocation(call, resolved, payload, request_id)
        await self._submit(call.function_name, call.qualifier, invocation)
        return Reply(202, b"{}", _standard_headers(invocation))

    async def stream(self, call: Call, payload: bytes, request_id: str, send: Send) -> None:
        """Answer one InvokeWithResponseStream, chunk by chunk."""
        resolved = self._resolve(call.function_name, call.qualifier)
        event_json.check(payload)
        invocation = self._invocation(call, resolved, payload, request_id)
        if call.invocation_type == "DryRun":
            await Reply(204, b"", _standard_headers(invocation)).send(send)
            return
        headers = _standard_headers(invocation)
        headers.append((b"X-Amz-Executed-Version", resolved.function.version.encode()))
        stream = _EventStream(send, headers)
        invocation.on_start = stream.start
        invocation.on_chunk = stream.chunk
        result = await self._run(resolved, invocation)
        await stream.complete(result, log_tail=call.log_tail)

    async def _run(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        try:
            return await self._execute(resolved, invocation)
        except Throttled as throttled:
            raise throttled_fault(throttled) from None

    def _invocation(
        self, call: Call, resolved: Resolved, payload: bytes, request_id: str
    ) -> Invocation:
        tenant = call.headers.get("x-amz-tenant-id")
        _check_tenant(resolved, tenant)
        return Invocation(
            request_id=request_id,
            payload=payload or b"{}",
            invoked_arn=resolved.invoked_arn,
            client_context=_client_context(call.headers),
            trace_header=call.headers.get("x-amzn-trace-id") or new_trace_header(),
            tenant_id=tenant,
            durable_execution_name=call.headers.get("x-amz-durable-execution-name"),
            steady=True,
        )


class _EventStream:
    """The reply of InvokeWithResponseStream; its head goes out with the first chunk."""

    def __init__(self, send: Send, headers: list[Header]) -> None:
        self._send = send
        self._headers = headers
        self._started = False
        self._chunks = 0

    async def start(self, content_type: str) -> None:
        """Send the head."""
        if self._started:
            return
        self._started = True
        headers = [(b"content-type", event_stream.CONTENT_TYPE), *self._headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def chunk(self, data: bytes) -> None:
        """Send one chunk of the response."""
        await self.start("application/octet-stream")
        self._chunks += 1
        await self._write(event_stream.event("PayloadChunk", data, "application/octet-stream"))

    async def complete(self, result: InvocationResult, *, log_tail: bool) -> None:
        """Send what is left and the closing event."""
        failed = result.function_error is not None
        if not failed and not self._chunks and result.payload:
            await self.chunk(result.payload)
        await self.start("application/octet-stream")
        closing: dict[str, str] = {}
        if failed:
            closing["ErrorCode"] = result.error_type or str(result.function_error)
            closing["ErrorDetails"] = result.payload.decode("utf-8", "replace")
        if log_tail:
            closing["LogResult"] = base64.b64encode(result.log_tail).decode()
        data = json.dumps(closing).encode()
        await self._write(event_stream.event("InvokeComplete", data, "application/json"), last=True)

    async def _write(self, data: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})


def throttled_fault(throttled: Throttled) -> AWSError:
    """``TooManyRequestsException`` (429) with AWS's reason and ``Retry-After``."""
    return AWSError(
        "TooManyRequestsException",
        "Rate Exceeded.",
        429,
        Reason=throttled.reason,
        retryAfterSeconds=throttled.retry_after_s,
    )


def new_trace_header() -> str:
    """An unsampled X-Ray trace header of a new trace."""
    identifier = hex_digits(40)
    return f"Root=1-{int(time.time()):08x}-{identifier[:24]};Parent={identifier[24:]};Sampled=0"


def _standard_headers(invocation: Invocation) -> list[Header]:
    headers: list[Header] = [(b"x-amzn-RequestId", invocation.request_id.encode())]
    if invocation.trace_header is not None:
        headers.append((b"X-Amzn-Trace-Id", invocation.trace_header.encode("latin-1")))
    return headers


def _client_context(headers: Mapping[str, str]) -> str | None:
    encoded = headers.get("x-amz-client-context")
    if not encoded:
        return None
    if len(encoded) > _CONTEXT_LIMIT:
        raise AWSError(
            "InvalidRequestContentException",
            f"Client context must be smaller than {_CONTEXT_LIMIT} bytes "
            f"(given {len(encoded)} bytes).",
        )
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        if not isinstance(json.loads(text), dict):
            raise ValueError
    except (binascii.Error, ValueError, RecursionError):
        raise AWSError(
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        ) from None
    return text


def _check_tenant(resolved: Resolved, tenant: str | None) -> None:
    isolated = resolved.function.tenant_isolation
    if isolated and not tenant:
        raise invalid_parameter(
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in "
            "your request and try again."
        )
    if tenant and not isolated:
        raise invalid_parameter(
            "The invoked function is not enabled with tenancy configuration. Remove the tenant ID "
            "from your request and try again."
        )

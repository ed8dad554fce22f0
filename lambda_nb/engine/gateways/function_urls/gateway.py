"""Function URLs: plain HTTP to a function, buffered or streamed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.admission.signature_v4 import claim_of
from lambda_nb.engine.api.faults import lambda_fault
from lambda_nb.engine.api.lambda_api.invoke import (
    SYNC_LIMIT,
    Execute,
    Resolve,
    new_trace_header,
    throttled_fault,
)
from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply, Send
from lambda_nb.engine.api.wire.prelude import BadPrelude, Prelude
from lambda_nb.engine.control.access.function_urls import FunctionUrl
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.function_urls import cors, event
from lambda_nb.engine.gateways.function_urls import reply as url_reply
from lambda_nb.engine.gateways.shared.addresses import FUNCTION_URL, Address, Addresses
from lambda_nb.engine.gateways.shared.invoke_policies import Policy, PolicyError
from lambda_nb.engine.model import Caller, Invocation, InvocationResult, Resolved, Throttled

log = logging.getLogger(__name__)

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


Find = Callable[[str], "FunctionUrl | None"]
PolicyOf = Callable[[str, "str | None"], "str | None"]


class FunctionUrls:
    """Answers requests to function URLs.

    Parameters
    ----------
    gate
        Checks signatures for the authorisation type AWS_IAM.
    find
        The function URL with an identifier.
    policy
        The resource policy (JSON text) of a function name and qualifier, if there is one.
    resolve, execute
        As for :class:`~lambda_nb.engine.api.lambda_api.invoke.Invoker`.
    """

    def __init__(
        self, gate: Gate, find: Find, policy: PolicyOf, resolve: Resolve, execute: Execute
    ) -> None:
        self._gate = gate
        self._find = find
        self._policy = policy
        self._resolve = resolve
        self._execute = execute

    def knows(self, identifier: str) -> bool:
        """Whether there is a URL with an identifier."""
        return self._find(identifier) is not None

    def access(self, identifier: str) -> tuple[str, str, str | None] | None:
        """Whom a URL lets in: the function's ARN with the URL's qualifier, the authorisation type
        and the resource policy (JSON text), if any. ``None`` if there is no such URL, or no such
        function any more."""
        url = self._find(identifier)
        if url is None:
            return None
        try:
            arn = self._resolve(url.function_name, url.qualifier).invoked_arn
        except AWSError:
            return None
        return arn, url.auth_type, self._policy(url.function_name, url.qualifier)

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        url = self._find(at.identifier)
        if url is None:
            await Reply(404, b'{"Message":null}').send(send)
            return
        cors_headers: list[Header] = []
        if url.cors:
            if request.is_preflight:
                allowed = cors.preflight_headers(url.cors, request.headers)
                await Reply(200, b"", allowed, None).send(send)
                return
            cors_headers = cors.origin_headers(url.cors, request.headers)
        body = await request.body(SYNC_LIMIT, _too_large)
        caller = self._admitted(url, request, body)
        resolved = self._resolved(url)
        trace = request.headers.get("x-amzn-trace-id") or new_trace_header()
        payload = event.event(
            request,
            body,
            identifier=at.identifier,
            path=at.path,
            request_id=request_id,
            trace_header=trace,
            caller=caller,
        )
        invocation = Invocation(
            request_id=request_id,
            payload=payload,
            invoked_arn=resolved.invoked_arn,
            trace_header=trace,
            source="url",
        )
        own: list[Header] = [
            (b"x-amzn-RequestId", request_id.encode()),
            (b"x-amzn-Trace-Id", trace.encode("latin-1")),
            *cors_headers,
        ]
        if url.invoke_mode == "RESPONSE_STREAM":
            stream = _HttpStream(send, own)
            invocation.on_start, invocation.on_chunk = stream.start, stream.chunk
            await stream.complete(await self._run(resolved, invocation))
        else:
            result = await self._run(resolved, invocation)
            await _buffered(result, own).send(send)

    def _admitted(self, url: FunctionUrl, request: HttpRequest, body: bytes) -> Caller | None:
        if url.auth_type == "NONE":
            policy = self._policy(url.function_name, url.qualifier)
            if not lets_everyone(policy, self._resolved(url).invoked_arn):
                raise _forbidden()
            return None
        try:
            claim_of(request.headers, request.query)  # needed even where nobody checks it
            return self._gate.glance(request).admit(hashlib.sha256(body).hexdigest())
        except AWSError as error:
            if error.code == "MissingAuthenticationTokenException":
                raise _forbidden() from error
            raise

    def _resolved(self, url: FunctionUrl) -> Resolved:
        try:
            return self._resolve(url.function_name, url.qualifier)
        except AWSError as error:
            raise _forbidden() if error.status == 404 else error from error

    async def _run(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        try:
            return await self._execute(resolved, invocation)
        except Throttled as throttled:
            raise throttled_fault(throttled) from None


class FunctionUrlDoor:
    """The door of all function URLs: finds the Region that has one.

    Parameters
    ----------
    addresses
        Finds what requests are for.
    of_regions
        The function URLs of each open Region, the home Region's first.
    """

    def __init__(
        self, addresses: Addresses, of_regions: Callable[[], Sequence[FunctionUrls]]
    ) -> None:
        self._addresses = addresses
        self._of_regions = of_regions

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is for a function URL."""
        at = self._addresses.of(request)
        return at is not None and at.kind == FUNCTION_URL

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request; the home Region answers for a URL that nobody has."""
        at = self._addresses.of(request)
        assert at is not None
        home, *others = self._of_regions()
        urls = next((urls for urls in others if urls.knows(at.identifier)), home)
        await urls.answer(at, request, request_id, send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """An error of a function URL; what Lambda calls a service error is a bare 502."""
        if error.status >= 500:
            return url_reply.bad_gateway()
        return lambda_fault(error, request_id)


def _buffered(result: InvocationResult, own: list[Header]) -> Reply:
    if result.function_error is not None:
        reply = url_reply.bad_gateway()
    else:
        try:
            reply = url_reply.reply(result.payload)
        except url_reply.BadShape as bad:
            log.warning("function URL, request %s: %s", result.request_id, bad)
            reply = url_reply.bad_gateway()
    reply.headers = cors.merged(reply.headers, own)
    return reply


class _HttpStream:
    """A streamed reply; a prelude, where there is one, sets its status and headers."""

    def __init__(self, send: Send, own: list[Header]) -> None:
        self._send = send
        self._own = own
        self._content_type = "application/octet-stream"
        self._prelude: Prelude | None = None
        self._started = False

    async def start(self, content_type: str) -> None:
        """Take note of the content type; the head goes out with the first byte."""
        if content_type == url_reply.HTTP_RESPONSE:
            self._prelude = Prelude()
        elif content_type:
            self._content_type = content_type

    async def chunk(self, data: bytes) -> None:
        """Send one chunk on."""
        if self._prelude is not None:
            try:
                taken = self._prelude.take(data)
            except BadPrelude as bad:
                raise url_reply.BadShape(str(bad)) from bad
            if taken is None:
                return
            said, data = taken
            self._prelude = None
            status, headers = url_reply.head(said)
            await self._head(status, headers)
        if not self._started:
            await self._head(200, [])
        if data:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def complete(self, result: InvocationResult) -> None:
        """End the reply."""
        if self._started:
            await self._send({"type": "http.response.body", "body": b""})
            return
        await _buffered(result, self._own).send(self._send)

    async def _head(self, status: int, headers: list[Header]) -> None:
        self._started = True
        headers = cors.merged(headers, self._own)
        if not any(name == b"content-type" for name, _ in headers):
            headers = [(b"content-type", self._content_type.encode("latin-1")), *headers]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


@lru_cache(1024)
def lets_everyone(policy: str | None, arn: str) -> bool:
    """Whether a resource policy lets anybody use a function URL of authorisation type NONE.

    Parameters
    ----------
    policy
        JSON text, or ``None`` for none.
    arn
        The function's, with the URL's qualifier.

    Examples
    --------
    >>> lets_everyone(None, "arn:aws:lambda:us-east-1:000000000000:function:f")
    False
    """
    if policy is None:
        return False
    try:
        compiled = Policy(policy, "lambda:InvokeFunctionUrl", names_callers=True)
    except PolicyError as error:
        log.warning("the resource policy of %s lets nobody in: %s", arn, error)
        return False
    return compiled.decides(arn, {"lambda:functionurlauthtype": "NONE"}) == "allow"


def _forbidden() -> AWSError:
    return AWSError("AccessDeniedException", _FORBIDDEN, 403)


def _too_large(size: int) -> AWSError:
    text = f"Request must be smaller than {SYNC_LIMIT} bytes for the InvokeFunction operation"
    return AWSError("RequestEntityTooLargeException", text, 413)

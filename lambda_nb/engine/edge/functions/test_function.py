"""Answers ``TestFunction`` of CloudFront's API, which moto cannot: it runs the function."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Protocol
from urllib.parse import unquote

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.edge.functions.code import Code, NoCode, Store
from lambda_nb.engine.edge.functions.edge_functions import COULD_NOT_RUN, tried
from lambda_nb.engine.edge.functions.function_logs import within_limit
from lambda_nb.engine.edge.functions.program import Run
from lambda_nb.engine.edge.functions.sources import API, Described
from lambda_nb.engine.edge.triggers.refusals import NAMESPACE, refusal, xml_text
from lambda_nb.engine.errors import AWSError
from lambda_nb.rules.edge.functions import events
from lambda_nb.rules.edge.functions.invalid_values import PREFIX
from lambda_nb.rules.quotas import CF_FUNCTION_EVENT_BYTES

_PATH = re.compile(re.escape(API) + r"/function/([^/]+)/test/?")
_STAGES = ("DEVELOPMENT", "LIVE")
_KINDS = ("viewer-request", "viewer-response")
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>\s*")


class FunctionReader(Protocol):
    """What is asked of the source of functions."""

    async def describe(self, name: str, stage: str) -> Described:
        """What there is to know of a function. Raises ``AWSError``."""

    async def code_at(self, name: str, stage: str) -> Code:
        """Its code. Raises ``AWSError``."""

    async def store(self, arn: str) -> Store:
        """A key value store. Raises ``NoCode``."""


class FunctionTests:
    """Watches the calls to CloudFront, and answers those that test a function.

    Parameters
    ----------
    source
        Functions and key value stores.
    """

    def __init__(self, source: FunctionReader) -> None:
        self._source = source

    async def asked(self, call: WatchedCall) -> Reply | None:
        """The result of a test; ``None`` for any other call. Nothing goes to CloudWatch Logs."""
        found = _PATH.fullmatch(call.path)
        if found is None or call.method != "POST":
            return None
        try:
            return await self._test(unquote(found[1]), call)
        except AWSError as error:
            return refusal(error)

    async def _test(self, name: str, call: WatchedCall) -> Reply:
        stage, event = _read(call.body)
        described = await self._source.describe(name, stage)
        given = call.headers.get("if-match", "")
        if given != described.etag:
            raise AWSError(
                "InvalidIfMatchVersion",
                f"The If-Match version is missing or not valid for the resource: it is {given!r}, "
                f"and {name} at the stage {stage} has {described.etag!r}.",
            )
        kind = _kind(event)
        code = await self._source.code_at(name, stage)
        try:
            run, used = await tried(code, json.dumps(event), kind, self._source.store)
        except NoCode as error:
            raise AWSError("TestFunctionFailed", error.message, 500) from error
        return Reply(200, _result(described.summary, run, used), [], b"text/xml")


def _read(body: bytes) -> tuple[str, dict[str, Any]]:
    """The stage and the event that a call names."""
    from xml.etree import ElementTree  # late: few engines have a function at the edge

    if b"<!DOCTYPE" in body:
        raise AWSError("InvalidArgument", "The request has a document type: leave it out.")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (without entities)
    except ElementTree.ParseError as error:
        raise AWSError("MalformedInput", f"The request is not well-formed XML: {error}.") from error
    told = {part.tag.rpartition("}")[2]: part.text or "" for part in root}
    stage = told.get("Stage") or "DEVELOPMENT"
    if stage not in _STAGES:
        raise AWSError("InvalidArgument", f"Stage is {stage!r}: it must be DEVELOPMENT or LIVE.")
    try:
        raw = base64.b64decode(told.get("EventObject", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AWSError("InvalidArgument", f"EventObject is not base64: {error}.") from error
    most = CF_FUNCTION_EVENT_BYTES.value
    if len(raw) > most:
        raise AWSError(
            "InvalidArgument", f"EventObject has {len(raw)} bytes; at most {most} are allowed."
        )
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AWSError("InvalidArgument", f"EventObject is not JSON: {error}.") from error
    if not isinstance(event, dict):
        raise AWSError("InvalidArgument", "EventObject is not a JSON object.")
    return stage, event


def _kind(event: dict[str, Any]) -> str:
    """The type of an event, checked as far as CloudFront does before it runs the function."""
    context = event.get("context")
    kind = context.get("eventType") if isinstance(context, dict) else None
    if event.get("version") != events.VERSION or kind not in _KINDS:
        raise AWSError(
            "InvalidArgument",
            f"EventObject has version {event.get('version')!r} and context.eventType {kind!r}: it "
            f"needs {events.VERSION!r}, and {' or '.join(_KINDS)}.",
        )
    needed = ("request", "response") if kind == "viewer-response" else ("request",)
    for member in needed:
        if not isinstance(event.get(member), dict):
            raise AWSError("InvalidArgument", f"EventObject has no {member} for a {kind} event.")
    return str(kind)


def _result(summary: bytes, run: Run, used: int) -> bytes:
    """``TestResult``; ``summary`` is the document of ``DescribeFunction``."""
    error = f"{COULD_NOT_RUN} {run.error}" if run.error else ""
    output = ""
    if not run.error and isinstance(run.result, dict):
        name = "response" if "statusCode" in run.result else "request"
        output = json.dumps({name: run.result}, separators=(",", ":"), ensure_ascii=False)
    elif not run.error:
        error = f"{PREFIX}: it must be a request or a response, and is {json.dumps(run.result)}."
    lines = "".join(f"<member>{xml_text(line)}</member>" for line in within_limit(run.lines))
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<TestResult xmlns="{NAMESPACE}">'
    tail = (
        f"<ComputeUtilization>{used}</ComputeUtilization>"
        f"<FunctionExecutionLogs>{lines}</FunctionExecutionLogs>"
        f"<FunctionErrorMessage>{xml_text(error)}</FunctionErrorMessage>"
        f"<FunctionOutput>{xml_text(output)}</FunctionOutput></TestResult>"
    )
    return head.encode() + _DECLARATION.sub(b"", summary) + tail.encode()

"""Functions and key value stores, read by CloudFront's API."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlencode

from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable
from lambda_nb.engine.edge.functions.code import Code, NoCode, Store
from lambda_nb.engine.errors import AWSError

API = "/2020-05-31"
NAMESPACE = "{http://cloudfront.amazonaws.com/doc/2020-05-31/}"
_REGION = "us-east-1"
_STORES = "cloudfront-keyvaluestore"
_PAGE = 50
_TIMEOUT_S = 30.0
_RUNTIME = "cloudfront-js-"


@dataclass(frozen=True, slots=True)
class Described:
    """What ``DescribeFunction`` says: its document, and what the engine reads in it."""

    etag: str
    summary: bytes
    version: str
    store: str


class ApiSource:
    """Reads by the services' REST protocols, as any client does.

    Parameters
    ----------
    services
        Makes the calls.
    revision
        Differs from what it was before if CloudFront or a key value store may have changed: what
        was read is then read again.
    """

    def __init__(self, services: Services, revision: Callable[[], Hashable]) -> None:
        self._services = services
        self.revision = revision

    async def describe(self, name: str, stage: str) -> Described:
        """What there is to know of a function at a stage, ``DEVELOPMENT`` or ``LIVE``.

        Raises
        ------
        AWSError
            As CloudFront says: ``NoSuchFunctionExists`` (404).
        """
        answer = await self._get("cloudfront", f"{_function(name)}/describe?Stage={stage}")
        root = _document(answer.body)
        headers = {key.lower(): value for key, value in answer.headers}
        runtime = _text(root, "Runtime")
        return Described(
            headers.get("etag", ""),
            answer.body,
            runtime.removeprefix(_RUNTIME),
            _text(root, "KeyValueStoreARN"),
        )

    async def code_at(self, name: str, stage: str) -> Code:
        """As :meth:`code`, but raises ``AWSError`` as :meth:`describe` does."""
        described = await self.describe(name, stage)
        answer = await self._get("cloudfront", f"{_function(name)}?Stage={stage}")
        text = answer.body.decode("utf-8", "replace")
        return Code(name, text, described.version, described.store)

    async def code(self, name: str, stage: str) -> Code:
        """The code of a function at a stage.

        Raises
        ------
        NoCode
            There is none.
        """
        try:
            return await self.code_at(name, stage)
        except AWSError as error:
            raise NoCode(f"{name} at the stage {stage} cannot be read: {error.message}") from error

    async def store(self, arn: str) -> Store:
        """A key value store with all its items.

        Raises
        ------
        NoCode
            There is none.
        """
        path = f"/key-value-stores/{quote(arn, safe='')}"
        try:
            about = await self._json(path, {})
            items: dict[str, str] = {}
            asked = {"MaxResults": str(_PAGE)}
            while True:
                page = await self._json(f"{path}/keys", asked)
                items |= {item["Key"]: item["Value"] for item in page.get("Items") or []}
                if not page.get("NextToken"):
                    break
                asked["NextToken"] = page["NextToken"]
        except AWSError as error:
            raise NoCode(f"the key value store {arn} cannot be read: {error.message}") from error
        return Store(arn, items, _moment(about.get("Created")), _moment(about.get("LastModified")))

    async def _json(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        answer = await self._get(_STORES, f"{path}?{urlencode(query)}" if query else path)
        content: dict[str, Any] = json.loads(answer.body)
        return content

    async def _get(self, service: str, target: str) -> Answer:
        try:
            answer = await self._services.get(service, target, _TIMEOUT_S, _REGION)
        except (Unreachable, TooSlow) as error:
            raise AWSError(
                "ServiceUnavailable", f"{service} does not answer: {error}", 503
            ) from error
        if answer.status >= 300:
            raise _refusal(answer)
        return answer


def _function(name: str) -> str:
    return f"{API}/function/{quote(name, safe='')}"


def _document(body: bytes) -> Any:
    from xml.etree import ElementTree  # late: few engines have a function at the edge

    return ElementTree.fromstring(body)  # noqa: S314  (the engine's own service wrote it)


def _text(root: Any, name: str) -> str:
    found = root.find(f".//{NAMESPACE}{name}")
    return "" if found is None else found.text or ""


def _refusal(answer: Answer) -> AWSError:
    """The error in an answer, whichever protocol it came by."""
    text = answer.body.decode("utf-8", "replace")
    if text.startswith("{"):
        told = json.loads(text)
        message = told.get("Message") or told.get("message") or text
        return AWSError(told.get("__type", "Error"), message, answer.status)
    root = _document(answer.body) if text.startswith("<") else None
    said = {} if root is None else {part.tag.rpartition("}")[2]: part.text for part in root.iter()}
    code, message = said.get("Code") or "Error", said.get("Message") or text
    return AWSError(code, message, answer.status)


def _moment(given: object) -> str:
    """A time of the API, seconds of the epoch or ISO 8601, as ``meta()`` gives it."""
    if isinstance(given, int | float):
        moment = datetime.fromtimestamp(given, timezone.utc)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    return given if isinstance(given, str) else ""

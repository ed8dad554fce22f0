"""Operations that need no signature: a user who signs up or logs in has no keys yet.

botocore's service models list them. The engine admits only requests that name the operation in
``X-Amz-Target`` or ``Action``, and nowhere else. It passes them to the service of that operation,
without anything that could name another one: moto also looks for ``Action`` in a JSON body, which
it reads as a form.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from lambda_nb.engine.api.admission.web_pages import refuse_foreign
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError

_LIMIT = 1 << 20
_PASSED = ("host", "content-type", "user-agent", "x-amz-target", "accept")
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/x-amz-json-1.1"
_SCOPE = (
    "AWS4-HMAC-SHA256 Credential=unsigned/20260101/{region}/{service}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class Unsigned:
    """Admits calls of operations that need no signature.

    Parameters
    ----------
    region
        The Region of the services; an unsigned call does not name one.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._reading = asyncio.Lock()

    async def admitted(self, request: HttpRequest) -> tuple[HttpRequest, bytes] | None:
        """The request to pass on, and its body; ``None`` if it should be signed.

        Raises
        ------
        AWSError
            If a web page of another origin makes such a call, or the body is no JSON object.
        """
        headers = request.headers
        target = headers.get("x-amz-target")
        form = headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
        if (
            (request.method, request.path, request.query) != ("POST", "/", "")
            or "authorization" in headers
            or (target is None and not form)
        ):
            return None
        async with self._reading:
            services = await asyncio.to_thread(operations)
        if target is not None and target not in services:
            return None
        body = await request.body(_LIMIT, _too_large)
        service = services.get(_action(body) if target is None else target)
        if service is None:
            return None
        refuse_foreign(headers)
        passed = {name: headers[name] for name in _PASSED if name in headers}
        if target is not None:
            passed["content-type"], body = _JSON, _one_name(body)
        passed["content-length"] = str(len(body))
        passed["authorization"] = _SCOPE.format(region=self._region, service=service)
        return dataclasses.replace(request, headers=passed), body


def _too_large(size: int) -> AWSError:
    text = f"Request must be smaller than {_LIMIT} bytes unless it is signed."
    return AWSError("RequestEntityTooLargeException", text, 413)


def _one_name(body: bytes) -> bytes:
    """A JSON object without an ``&``, behind which a form would have another field."""
    try:
        told = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise AWSError("SerializationException", "The body is no JSON object.", 400)
    return json.dumps(told).replace("&", "\\u0026").encode()


def _action(body: bytes) -> str:
    """The operation and API version that a form names; empty unless it names exactly one."""
    given = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    named = [[value for name, value in given if name == key] for key in ("Action", "Version")]
    return ".".join(values[0] for values in named) if all(len(v) == 1 for v in named) else ""


@cache
def operations() -> Mapping[str, str]:
    """The service of each operation that needs no signature, by its name in a request.

    That is ``X-Amz-Target`` for JSON, ``Action.Version`` for forms. Takes about a second.
    """
    found: dict[str, str] = {}
    for model in _models():
        metadata = model["metadata"]
        for name, operation in model["operations"].items():
            if operation.get("authtype") != "none":
                continue
            service = metadata.get("signingName") or metadata["endpointPrefix"]
            if metadata["protocol"] == "json":
                found[f"{metadata['targetPrefix']}.{name}"] = service
            elif metadata["protocol"] in ("query", "ec2"):
                found[f"{name}.{metadata['apiVersion']}"] = service
    return found


def _models() -> Iterator[dict[str, Any]]:
    """The newest model of each service that has such operations; others are not parsed."""
    from botocore.loaders import Loader

    for service in Path(Loader.BUILTIN_DATA_PATH).iterdir():
        models = sorted(service.glob("*/service-2.json*")) if service.is_dir() else []
        if not models:
            continue
        content = models[-1].read_bytes()
        if models[-1].suffix == ".gz":
            content = gzip.decompress(content)
        if b'"authtype":"none"' in content:
            yield json.loads(content)

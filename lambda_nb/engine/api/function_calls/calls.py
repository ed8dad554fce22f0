"""Keeps each distinct call that functions make with their own credentials.

Taking note of a call costs a few microseconds: the words that tell one call from another are cut
out of its head and the ends of its body. What they mean is found out when somebody asks.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.admission.host_names import path_with_bucket
from lambda_nb.engine.api.admission.signature_v4 import claimed_scope
from lambda_nb.engine.api.function_calls import naming
from lambda_nb.engine.api.function_calls.call import Call
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.settings import names

MOST = 4096
"""Distinct calls that are kept; further ones are counted as ``left_out``."""
_KEY = re.compile(r"Credential=(LNBS\w+)(?:/|%2F)")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_END = 4096
"""Bytes of a body's beginning and end that are searched for what a call names."""
_MOST_HELD = 1 << 16
"""Bytes of a body that are looked at: its beginning."""


class FunctionCalls:
    """The distinct calls of all functions, kept over the engine's restarts.

    Parameters
    ----------
    find
        The credential of an access key.
    file
        Where they are kept, a line each.
    """

    def __init__(self, find: Callable[[str], Credential | None], file: Path) -> None:
        self._find = find
        self._file = file
        self._counts: Counter[Call] = Counter()
        self._left_out = 0
        self._read()

    def begun(self, request: HttpRequest) -> Callable[[], None] | None:
        """Note, once it is answered, what a request calls; None if it is no function's."""
        signed = request.headers.get("authorization") or request.query
        if "=LNBS" not in signed:
            return None
        key = _KEY.search(signed)
        credential = None if key is None else self._find(key[1])
        if credential is None:
            return None
        session = credential.arn.partition(":assumed-role/")[2]
        held: list[bytes] = []
        size = 0
        receive = request.receive

        async def receiving() -> MutableMapping[str, Any]:
            nonlocal size
            message = await receive()
            chunk = message.get("body", b"")
            if size < _MOST_HELD:
                held.append(chunk[: _MOST_HELD - size])
            size += len(chunk)
            return message

        request.receive = receiving
        return lambda: self._note(session, request, b"".join(held))

    def told(self, function: str | None) -> dict[str, Any]:
        """The calls of a function, or of all, as a page shows them."""
        rows: Counter[tuple[str, ...]] = Counter()
        for call, times in self._counts.items():
            role, _, name = call.session.rpartition("/")
            if function is None or name == function:
                for service, operation, resource in naming.meanings(call):
                    rows[name, role, call.region, service, operation, resource] += times
        columns = ("function", "role", "region", "service", "operation", "resource")
        calls = [dict(zip(columns, row, strict=True)) | {"count": n} for row, n in rows.items()]
        return {"calls": calls, "left_out": self._left_out}

    def forgetting(self, delete: Operation) -> Operation:
        """``DeleteFunction``, which forgets the calls of the function.

        Otherwise the next function of that name would be given rights that it does not need. The
        record does not tell Regions apart: functions of one name in several share it, and lose it.
        """

        async def forgetting(request: Request, caller: Caller) -> Response:
            answer = delete(request, caller)
            response = await answer if inspect.isawaitable(answer) else answer
            name = names.parse_function(request["FunctionName"])
            if name.qualifier is None and "Qualifier" not in request:
                self._forget_function(name.name)
            return response

        return forgetting

    def _forget_function(self, name: str) -> None:
        gone = [call for call in self._counts if call.session.rpartition("/")[2] == name]
        if gone:
            for call in gone:
                del self._counts[call]
            with contextlib.suppress(OSError):
                self._rewrite()

    def forget(self) -> None:
        """Forget all calls."""
        self._counts.clear()
        self._left_out = 0
        self._file.unlink(missing_ok=True)

    def _note(self, session: str, request: HttpRequest, body: bytes) -> None:
        region, service = claimed_scope(request.headers, request.query)
        if service is None:
            return
        call = Call(session, region or "", service, *_cut(service, request, body))
        if call not in self._counts:
            if len(self._counts) >= MOST:
                self._left_out += 1
                return
            self._keep(call)
        self._counts[call] += 1

    def _keep(self, call: Call) -> None:
        # They are still told until the engine ends, so a full disk fails nobody's call.
        with contextlib.suppress(OSError), self._file.open("a") as file:
            file.write(json.dumps(call) + "\n")

    def _rewrite(self) -> None:
        """Keep the calls that are known now, and no others."""
        arriving = self._file.with_suffix(".arriving")
        arriving.write_text("".join(json.dumps(call) + "\n" for call in self._counts))
        arriving.replace(self._file)

    def _read(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for line in self._file.read_text().splitlines():
                with contextlib.suppress(ValueError, TypeError):  # cut off by a kill
                    session, region, service, words, resources = json.loads(line)
                    self._counts[Call(session, region, service, tuple(words), tuple(resources))] = 1


def _cut(
    service: str, request: HttpRequest, body: bytes
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words and the resources of a call."""
    pattern = naming.RESOURCES.get(service)
    ends = body if len(body) <= 2 * _END else body[:_END] + body[-_END:]
    found = () if pattern is None else tuple(sorted(set(_text(pattern.findall(ends)))))
    target = request.headers.get("x-amz-target")
    if target is not None:
        operation = target.rpartition(".")[2]
        if service == "dynamodb" and operation.startswith("Batch"):
            found = naming.tables(body) or found
        return (operation,), found
    action = _ACTION.search(ends) or _ACTION.search(request.query.encode())
    if action is not None and service != "s3":
        return (action[1].decode(),), found
    asked = sorted(part.partition("=")[0] for part in request.query.split("&") if part)
    path = request.path
    if service == "s3":
        path = naming.bucket_path(path_with_bucket(path, request.headers.get("host", "")))
        asked = [name for name in asked if name in naming.OF_S3]
        source = request.headers.get("x-amz-copy-source")
        found = () if source is None else (naming.copied_from(source),)
    return (request.method, path, *asked), found


def _text(found: list[bytes]) -> list[str]:
    return [one.decode("utf-8", "replace") for one in found]

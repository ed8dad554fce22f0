"""A fuzzer built on the service model: malformed and boundary requests to every operation.

The engine must answer every request in time and in AWS's shape. It may answer with a 5xx only for
an operation that is not built. What existed before must exist afterwards. A seed determines each
request; a failure shows the seed. ``LAMBDA_NB_FUZZ=50000`` sends that many requests.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import string
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import botocore.session
import pytest
from engine_fixtures import ROLE, Engine, zip_of

COUNT = int(os.environ.get("LAMBDA_NB_FUZZ", "1500"))
LIMIT_S = 30
MODEL = botocore.session.get_session().get_service_model("lambda")
OPERATIONS = [MODEL.operation_model(name) for name in MODEL.operation_names]
# These must still exist at the end: the fuzzer may guess any other name, but not these.
KEPT = "kept-by-the-fuzzer"

WORDS = ["f", "g", "f:1", "f:$LATEST", "$LATEST", "1", "live", "", " ", "ü", "\x00", "a" * 65, "-"]
WORDS += ["arn:aws:lambda:us-east-1:000000000000:function:f", "000000000000:function:f", ROLE]
WORDS += ["arn:aws:lambda:eu-west-1:000000000000:function:f:live", "arn:aws:sqs:us-east-1:0:q"]
WORDS += ["arn:aws:lambda:us-east-1:000000000000:layer:l:1", "l", "../../etc/passwd", "%2e%2e"]
WORDS += ["arn:aws:sqs:us-east-1:000000000000:q", "index.handler", "python3.11", "a" * 300]
NUMBERS = [0, 1, -1, 2, 3, 100, 128, 512, 900, 10240, 2**31 - 1, 2**31, -(2**31), 2**63, 10**30]
ARN = "arn:aws:lambda:us-east-1:000000000000"
# Values that are usually right, by the name of the shape.
GOOD = {
    "Alias": ["live", "next"],
    "Action": ["lambda:InvokeFunction", "lambda:GetLayerVersion"],
    "Arn": ["arn:aws:sqs:us-east-1:000000000000:q"],
    "Description": ["", "words"],
    "DestinationArn": ["arn:aws:sqs:us-east-1:000000000000:q"],
    "EnvironmentVariableName": ["NAME"],
    "EventSourceToken": ["token"],
    "FunctionArn": [f"{ARN}:function:f"],
    "FunctionName": ["f", "g", "h"],
    "FunctionUrlQualifier": ["live"],
    "Handler": ["index.handler"],
    "LayerName": ["l"],
    "LayerPermissionAllowedAction": ["lambda:GetLayerVersion"],
    "LayerPermissionAllowedPrincipal": ["*"],
    "LayerVersionArn": [f"{ARN}:layer:l:1"],
    "NamespacedFunctionName": ["f", "g", "h", "f:live"],
    "NamespacedStatementId": ["s"],
    "NumericLatestPublishedOrAliasQualifier": ["1", "live", "$LATEST"],
    "Principal": ["s3.amazonaws.com", "*", "123456789012"],
    "Qualifier": ["1", "live", "$LATEST"],
    "ReservedFunctionArn": [f"{ARN}:function:f"],
    "RoleArn": [ROLE],
    "StatementId": ["s"],
    "TagKey": ["k"],
    "TagValue": ["v"],
    "TaggableResource": [f"{ARN}:function:f"],
    "Version": ["1", "2", "$LATEST"],
    "VersionWithLatestPublished": ["1", "$LATEST"],
}
CODE = zip_of({"index.py": "def handler(event, context):\n    return event\n"})


class Request:
    """One request, made from its seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._random = random.Random(seed)
        self._odd = self._random.choice([0, 0.01, 0.1])  # how often a value is nonsense
        self.operation = self._random.choice(OPERATIONS)
        self.method = self.operation.http["method"]
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.path, _, query = self.operation.http["requestUri"].partition("?")
        self._query: list[tuple[str, str]] = [tuple(query.split("="))] if query else []  # type: ignore[list-item]
        document = self._fill()
        self.body = self._encoded(document)
        if self._chance(0.03):
            self.method = self._random.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
        self.target = self.path + (f"?{urlencode(self._query)}" if self._query else "")

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _fill(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        shape = self.operation.input_shape
        if shape is None:
            return document
        for name, member in shape.members.items():
            if self._chance(0.02 if name in shape.required_members else 0.7):
                continue
            value = self._value(member)
            wire = member.serialization.get("name", name)
            match member.serialization.get("location"):
                case "uri":
                    text = quote(str(value), safe=self._random.choice(["", ":"]))
                    self.path = self.path.replace(f"{{{wire}}}", text)
                case "querystring":
                    for item in value if isinstance(value, list) else [value]:
                        self._query.append((wire, str(item)))
                case "header":
                    text = "".join(c for c in str(value) if c in string.printable[:95])
                    self.headers[wire] = text.strip()
                case _:
                    document[wire] = value
        return document

    def _encoded(self, document: dict[str, Any]) -> bytes:
        shape = self.operation.input_shape
        if self.method == "GET":
            return b""
        if self._chance(self._odd):
            return self._random.choice(
                [b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"{}", b"[" * 5000, b'{"a":1e999}', b""]
            )
        if shape is not None and shape.serialization.get("payload"):
            return json.dumps(self._anything(2)).encode()
        return json.dumps(document).encode()

    def _value(self, shape: Any, depth: int = 0) -> Any:
        if self._chance(self._odd):
            return self._anything(2)
        if depth > 5:
            return None
        match shape.type_name:
            case "structure":
                return {
                    member.serialization.get("name", name): self._value(member, depth + 1)
                    for name, member in shape.members.items()
                    if self._chance(0.97 if name in shape.required_members else 0.4)
                }
            case "list":
                count = self._random.choice([0, 1, 1, 2, 6])
                return [self._value(shape.member, depth + 1) for _ in range(count)]
            case "map":
                count = self._random.choice([0, 1, 2])
                return {self._word(): self._value(shape.value, depth + 1) for _ in range(count)}
            case "integer" | "long":
                bounds = [shape.metadata.get("min", 1), shape.metadata.get("max", 10)]
                close = [bound + step for bound in bounds for step in (-1, 0, 1)]
                return self._random.choice(NUMBERS if self._chance(self._odd) else close)
            case "double" | "float":
                return self._random.choice([0, 0.5, 1, -1, 1.5, 1e308])
            case "boolean":
                return self._chance(0.5)
            case "blob":
                import base64

                data = self._random.choice([CODE, CODE, b"", b"no zip", CODE[:40]])
                return base64.b64encode(data).decode()
            case "timestamp":
                return self._random.choice([0, 1767323045, -1, 1e18, "2026-01-02T03:04:05Z", "x"])
            case _:
                return self._string(shape)

    def _string(self, shape: Any) -> str:
        if shape.enum and not self._chance(self._odd):
            return str(self._random.choice(shape.enum))
        if shape.name in GOOD and not self._chance(self._odd):
            return self._random.choice(GOOD[shape.name])
        longest = shape.metadata.get("max")
        if longest and longest < 5000 and self._chance(0.1):
            return "a" * (longest + self._random.choice([0, 1]))
        return self._word()

    def _word(self) -> str:
        if self._chance(0.8):
            return self._random.choice(WORDS)
        return "".join(
            self._random.choices(string.printable + "üß€😀", k=self._random.randint(0, 9))
        )

    def _anything(self, depth: int) -> Any:
        kinds: list[Callable[[], Any]] = [
            lambda: None,
            lambda: True,
            lambda: self._random.choice(NUMBERS),
            lambda: 1.5,
            self._word,
        ]
        if depth:
            kinds.append(lambda: [self._anything(depth - 1) for _ in range(2)])
            kinds.append(lambda: {self._word(): self._anything(depth - 1)})
        return self._random.choice(kinds)()


def send(connection: http.client.HTTPConnection, request: Request) -> tuple[int, Any, bytes]:
    connection.request(request.method, request.target, request.body, request.headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def check(request: Request, status: int, headers: Any, body: bytes) -> None:
    what = f"seed {request.seed}: {request.method} {request.target[:200]} {request.body[:300]!r}"
    if status >= 500:
        kind = headers["x-amzn-ErrorType"]
        assert (status, kind) == (501, "NotImplementedException"), (
            f"{what} was answered with {status} {kind} {body[:300]!r}"
        )
    if status >= 400 and request.method != "HEAD":
        assert headers["x-amzn-ErrorType"], what
        error = json.loads(body)
        text = error.get("message", error.get("Message"))
        assert isinstance(text, str), f"{what}: {error}"
        assert text, f"{what}: {error}"
    assert headers["x-amzn-RequestId"], what


@pytest.mark.timeout(60 + COUNT * 0.1)
def test_no_request_breaks_the_engine(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine("--auth", "none")
    engine.create("def handler(event, context):\n    return 'kept'\n", FunctionName=KEPT)
    engine.create("def handler(event, context):\n    return event\n", FunctionName="f")
    first = random.randrange(2**40) if COUNT > 5000 else 0
    print(f"seeds from {first}")
    netloc = urlsplit(engine.url).netloc
    connection = http.client.HTTPConnection(netloc, timeout=LIMIT_S)
    answered: dict[int, int] = {}
    for seed in range(first, first + COUNT):
        request = Request(seed)
        try:
            status, headers, body = send(connection, request)
        except (TimeoutError, http.client.HTTPException, OSError) as error:
            raise AssertionError(
                f"seed {seed}: {request.method} {request.target}: {error!r}"
            ) from error
        check(request, status, headers, body)
        answered[status] = answered.get(status, 0) + 1
    connection.close()
    print(f"answers by status: {dict(sorted(answered.items()))}")
    assert min(answered) < 300, "not one request was right: the fuzzer sees only the surface"
    answer = engine.client().invoke(FunctionName=KEPT)
    assert json.loads(answer["Payload"].read()) == "kept"
    assert "Traceback" not in engine.log_file.read_text()

"""What the query of one rule asks of its account, for one message."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.rules.actions.functions import PRINCIPAL
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.iot.sql import EvaluationError
from lambda_nb.engine.model import Throttled
from lambda_nb.engine.permissions.functions import Call, NotPermitted

FUNCTION_S = 2.0
"""Seconds that ``aws_lambda`` waits for a function (iot-sql-functions, "aws_lambda")."""
_SERVICE_S = 5.0


class SqlView:
    """Implements ``SqlSurroundings`` for one message in one rule.

    Parameters
    ----------
    surroundings
        The engine.
    rule_arn
        Functions' resource policies are asked about it.
    trace
        The message's UUID.
    """

    __slots__ = ("_rule_arn", "_surroundings", "_trace", "account", "region")

    def __init__(self, surroundings: Surroundings, rule_arn: str, trace: str) -> None:
        self._surroundings = surroundings
        self._rule_arn = rule_arn
        self._trace = trace
        self.account = surroundings.account
        self.region = surroundings.region

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def trace_id(self, message: Message) -> str:
        """The message's UUID."""
        return self._trace

    async def invoke(self, function_arn: str, payload: bytes) -> bytes:
        """Call a function; raises ``EvaluationError``."""
        call = Call(
            function=function_arn,
            payload=payload,
            principal=PRINCIPAL,
            source_arn=self._rule_arn,
            request_id=str(uuid.uuid4()),
            source="iot",
        )
        functions = self._surroundings.functions(function_arn)
        try:
            result = await asyncio.wait_for(functions.invoke(call), FUNCTION_S)
        except asyncio.TimeoutError as error:
            raise EvaluationError(
                f"aws_lambda: {function_arn} did not answer within {FUNCTION_S:g} s"
            ) from error
        except (NotPermitted, AWSError, Throttled) as error:
            raise EvaluationError(f"aws_lambda: {error}") from error
        if result.function_error is not None:
            said = result.payload[:300].decode("utf-8", "replace")
            raise EvaluationError(f"aws_lambda: {function_arn} failed: {said}")
        return result.payload

    async def thing_shadow(self, thing: str, role_arn: str, name: str | None) -> bytes | None:
        """A shadow's document."""
        return await self._surroundings.shadow(thing, name)

    async def dynamodb_item(
        self, table: str, key: dict[str, Any], role_arn: str
    ) -> dict[str, Any] | None:
        """An item of a table; raises ``EvaluationError``."""
        asked = {"TableName": table, "Key": {name: _typed(value) for name, value in key.items()}}
        found = await self._json("dynamodb", "GetItem", asked)
        item = found.get("Item")
        return {name: _plain(value) for name, value in item.items()} if item else None

    async def secret(self, secret_id: str, role_arn: str) -> str | bytes | None:
        """A secret's current version; raises ``EvaluationError``."""
        try:
            found = await self._json("secretsmanager", "GetSecretValue", {"SecretId": secret_id})
        except _MissingError:
            return None
        if found.get("SecretString") is not None:
            return str(found["SecretString"])
        return base64.b64decode(found["SecretBinary"])

    async def registry_data(self, api: str, thing: str, role_arn: str) -> dict[str, Any] | None:
        """What the registry answers about a thing; raises ``EvaluationError``."""
        name = quote(thing, safe="")
        target = f"/things/{name}" if api == "DescribeThing" else f"/things/{name}/thing-groups"
        try:
            found: dict[str, Any] = json.loads(await self._get("iot", target))
        except _MissingError:
            return None
        return found

    async def stored_object(self, bucket: str, key: str) -> bytes:
        """An object of S3; raises ``EvaluationError``."""
        return await self._get("s3", f"/{quote(bucket, safe='')}/{quote(key)}")

    async def _json(self, service: str, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._surroundings.services.json(service, operation, asked, _SERVICE_S)
        except (Unreachable, TooSlow) as error:
            raise EvaluationError(f"{service} {operation}: {error}") from error
        found: dict[str, Any] = json.loads(_body(answer, f"{service} {operation}") or b"{}")
        return found

    async def _get(self, service: str, target: str) -> bytes:
        try:
            answer = await self._surroundings.upstream.call_service(
                service, self.region, "GET", target, {}, b"", _SERVICE_S
            )
        except (Unreachable, TooSlow) as error:
            raise EvaluationError(f"{service} {target}: {error}") from error
        return _body(answer, f"{service} {target}")


class _MissingError(EvaluationError):
    """There is no such thing."""


def _body(answer: Answer, what: str) -> bytes:
    if answer.status < 300:
        return answer.body
    said = answer.body[:300].decode("utf-8", "replace")
    kind = _MissingError if "ResourceNotFoundException" in said + str(answer.headers) else None
    raise (kind or EvaluationError)(f"{what}: {answer.status} {said}")


def _typed(value: Any) -> dict[str, str]:
    """A key's value as DynamoDB's API has it."""
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    if isinstance(value, (int, Decimal)):
        return {"N": str(value)}
    return {"S": str(value)}


def _plain(value: dict[str, Any]) -> Any:
    """A value of DynamoDB's API as JSON has it."""
    ((kind, inner),) = value.items()
    if kind == "N":
        number = Decimal(inner)
        return int(number) if number == number.to_integral_value() else number
    if kind == "NS":
        return [_plain({"N": one}) for one in inner]
    if kind == "M":
        return {name: _plain(one) for name, one in inner.items()}
    if kind == "L":
        return [_plain(one) for one in inner]
    if kind == "NULL":
        return None
    return inner

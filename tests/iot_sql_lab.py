"""A world around IoT SQL that answers from dictionaries and writes down what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.iot.message import Message, Properties, Sender
from lambda_nb.engine.iot.sql import NO_MATCH, UNDEFINED, parse, to_payload

NOW_MS = 1481825251155
TRACE = "12345678-1234-1234-1234-123456789012"


class World:
    """``SqlSurroundings`` for tests."""

    account = "123456789012"
    region = "us-east-1"

    def __init__(self) -> None:
        self.functions: dict[str, Callable[[bytes], bytes]] = {}
        self.shadows: dict[tuple[str, str | None], bytes] = {}
        self.items: dict[tuple[str, tuple[tuple[str, Any], ...]], dict[str, Any]] = {}
        self.secrets: dict[str, str | bytes] = {}
        self.things: dict[tuple[str, str], dict[str, Any]] = {}
        self.objects: dict[tuple[str, str], bytes] = {}
        self.asked: list[tuple[Any, ...]] = []

    def now_ms(self) -> int:
        return NOW_MS

    def trace_id(self, message: Message) -> str:
        return TRACE

    async def invoke(self, function_arn: str, payload: bytes) -> bytes:
        self.asked.append(("invoke", function_arn, payload))
        return self.functions[function_arn](payload)

    async def thing_shadow(self, thing: str, role_arn: str, name: str | None) -> bytes | None:
        self.asked.append(("shadow", thing, role_arn, name))
        return self.shadows.get((thing, name))

    async def dynamodb_item(
        self, table: str, key: dict[str, Any], role_arn: str
    ) -> dict[str, Any] | None:
        self.asked.append(("item", table, key, role_arn))
        return self.items.get((table, tuple(key.items())))

    async def secret(self, secret_id: str, role_arn: str) -> str | bytes | None:
        self.asked.append(("secret", secret_id, role_arn))
        return self.secrets.get(secret_id)

    async def registry_data(self, api: str, thing: str, role_arn: str) -> dict[str, Any] | None:
        self.asked.append(("registry", api, thing, role_arn))
        return self.things.get((api, thing))

    async def stored_object(self, bucket: str, key: str) -> bytes:
        self.asked.append(("object", bucket, key))
        return self.objects[bucket, key]


SENDER = Sender("sensor-1", principal="ba67293af50bf250", source_ip="192.158.1.38")


def message(
    payload: Any = None,
    topic: str = "topic/subtopic",
    sender: Sender | None = SENDER,
    properties: Properties | None = None,
) -> Message:
    """A message; what is not bytes is sent as JSON."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode()
    return Message(topic, raw, sender=sender, properties=properties or Properties())


def answer(sql: str, payload: Any = None, version: str = "2016-03-23", **more: Any) -> Any:
    """What a statement that calls nothing outside answers for a payload."""
    return parse(sql, version).evaluate_now(message(payload, **more), World())


def value(expression: str, payload: Any = None, version: str = "2016-03-23", **more: Any) -> Any:
    """What an expression is for a payload."""
    return answer(f"SELECT VALUE {expression} FROM 't'", payload, version, **more)


def sent(sql: str, payload: Any = None, version: str = "2016-03-23", **more: Any) -> str | None:
    """The text that goes out; ``None`` for no match."""
    found = answer(sql, payload, version, **more)
    return None if found is NO_MATCH else to_payload(found).decode()


__all__ = [
    "NOW_MS",
    "NO_MATCH",
    "SENDER",
    "TRACE",
    "UNDEFINED",
    "World",
    "answer",
    "message",
    "sent",
    "value",
]  # fmt: skip

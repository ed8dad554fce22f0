"""The rules engine with everything around it in memory: rules, functions, services."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from iot_topics import MemoryTopics

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Answer, Unreachable
from lambda_nb.engine.iot.message import Message, Sender
from lambda_nb.engine.iot.rules.engine import Rules
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.permissions.functions import Call, Functions

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/rules"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
DEVICE = Sender("sensor-1", "certificate-1", "192.0.2.1")


def rule_arn(name: str) -> str:
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/{name}"


@dataclass(frozen=True)
class Made:
    """A call of a service: its name, the operation, its parameters; or a request by URL."""

    service: str
    operation: str
    parameters: Any
    headers: Mapping[str, str] = field(default_factory=dict)


Reply = Callable[[Made], "Answer | BaseException | None"]


class MemoryUpstream:
    """Answers for every service: IoT has ``rules``, others do what ``reply`` says."""

    own_url = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.rules: dict[str, dict[str, Any]] = {}
        self.destinations: dict[str, dict[str, Any]] = {}
        self.logging: dict[str, Any] | None = None
        self.read: list[str] = []
        self.made: list[Made] = []
        self.reply: Reply = lambda made: None

    async def call_service(
        self,
        service: str,
        region: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> Answer:
        await asyncio.sleep(0)
        if service == "iot":
            return self._iot(target)
        operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
        if operation:
            parameters: Any = json.loads(body)
        elif method == "POST":
            parameters = dict(parse_qsl(body.decode()))
            operation = parameters.pop("Action")
        else:
            operation, parameters = f"{method} {target}", body
        return self._answer(Made(service, operation, parameters, headers))

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        *,
        tls: bool = True,
    ) -> Answer:
        await asyncio.sleep(0)
        return self._answer(Made(url, method, body, dict(headers)))

    def _answer(self, made: Made) -> Answer:
        self.made.append(made)
        answer = self.reply(made)
        if isinstance(answer, BaseException):
            raise answer
        return answer or Answer(200, (), b"{}")

    def _iot(self, target: str) -> Answer:
        self.read.append(target)
        path = urlsplit(target).path
        found: Any = None
        if path == "/rules":
            found = {
                "rules": [
                    {"ruleName": name, "ruleDisabled": rule.get("ruleDisabled", False)}
                    for name, rule in self.rules.items()
                ]
            }
        elif path.startswith("/rules/"):
            name = unquote(path.removeprefix("/rules/"))
            if name in self.rules:
                rule = {"ruleName": name, **self.rules[name]}
                found = {"ruleArn": rule_arn(name), "rule": rule}
        elif path == "/destinations":
            found = {
                "destinationSummaries": [
                    {
                        "arn": arn,
                        "status": one["status"],
                        "httpUrlSummary": {"confirmationUrl": one["url"]},
                    }
                    for arn, one in self.destinations.items()
                ]
            }
        elif path.startswith("/destinations/"):
            arn = unquote(path.removeprefix("/destinations/"))
            one = self.destinations[arn]
            found = {
                "topicRuleDestination": {
                    "arn": arn,
                    "status": one["status"],
                    "httpUrlProperties": {"confirmationUrl": one["url"]},
                    "confirmationToken": one["token"],
                }
            }
        elif path == "/v2LoggingOptions":
            found = self.logging
        elif path == "/v2LoggingLevel":
            found = {"logTargetConfigurations": []}
        if found is None:
            return Answer(404, (), b'{"message": "not there"}')
        return Answer(200, (), json.dumps(found).encode())


class MemoryFunctions:
    """Keeps what is submitted; ``refuse`` may raise for a call."""

    def __init__(self) -> None:
        self.submitted: list[Call] = []
        self.refuse: Callable[[Call], None] = lambda call: None

    async def submit(self, call: Call) -> None:
        self.refuse(call)
        self.submitted.append(call)

    @property
    def events(self) -> list[Any]:
        return [json.loads(call.payload) for call in self.submitted]


class Counted:
    """Keeps metrics and log entries."""

    def __init__(self) -> None:
        self.figures: list[tuple[str, dict[str, str]]] = []
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.revision_number = 0
        self._watchers: list[Callable[[], None]] = []

    def service_figure(
        self,
        namespace: str,
        name: str,
        dimensions: tuple[tuple[str, str], ...],
        unit: str,
        value: float,
    ) -> None:
        assert (namespace, unit, value) == ("AWS/IoT", "Count", 1.0)
        self.figures.append((name, dict(dimensions)))

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        assert re.fullmatch(r"[0-9a-f-]{36}_\d{12}_0", stream)
        self.entries.append((group, json.loads(message)))

    def revision(self, region: str) -> tuple[int, int]:
        return self.revision_number, 0

    def watch(self, region: str, changed: Callable[[], None]) -> None:
        self._watchers.append(changed)

    def changed(self) -> None:
        self.revision_number += 1
        for watcher in self._watchers:
            watcher()


@dataclass
class Lab:
    """A rules engine and what is around it."""

    rules: Rules
    upstream: MemoryUpstream
    functions: MemoryFunctions
    topics: MemoryTopics
    counted: Counted
    shadows: dict[tuple[str, str | None], bytes]

    def create(self, name: str, sql: str, *actions: Mapping[str, Any], **more: Any) -> None:
        """Create or replace a rule."""
        self.upstream.rules[name] = {
            "sql": sql,
            "awsIotSqlVersion": "2016-03-23",
            "actions": list(actions),
            **more,
        }
        self.counted.changed()

    async def say(self, topic: str, document: Any, sender: Sender | None = DEVICE) -> None:
        """Publish a document, or bytes as they are."""
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        await self.topics.publish(Message(topic, payload, 1, sender=sender))

    async def done(self) -> None:
        """Wait until every action is done."""
        await self.until(lambda: not len(self.rules))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = asyncio.get_running_loop().time() + 10
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, "it has not come about"
            await asyncio.sleep(0.005)

    @property
    def made(self) -> list[Made]:
        return self.upstream.made


def surroundings_of(lab: Mapping[str, Any], path: Path) -> Surroundings:
    upstream: Any = lab["upstream"]
    functions: Any = lab["functions"]
    counted: Counted = lab["counted"]

    def functions_of(arn: str) -> Functions:
        found: Functions = functions
        return found

    async def shadow(thing: str, name: str | None) -> bytes | None:
        found: bytes | None = lab["shadows"].get((thing, name))
        return found

    return Surroundings(
        account=ACCOUNT,
        region=REGION,
        journal=path / "rules.sqlite",
        functions=functions_of,
        services=Services(upstream, REGION),
        upstream=upstream,
        keys=Keys("AKIAIOSFODNN7EXAMPLE", "secret"),
        changes=counted,
        topics=lab["topics"],
        shadow=shadow,
        logs=counted,
        figures=counted,
    )


@asynccontextmanager
async def rules_lab(path: Path, **kept: Any) -> AsyncIterator[Lab]:
    """A running rules engine; what is ``kept`` of an earlier one is taken over."""
    parts: dict[str, Any] = {
        "upstream": MemoryUpstream(),
        "functions": MemoryFunctions(),
        "topics": MemoryTopics(),
        "counted": Counted(),
        "shadows": {},
        **kept,
    }
    rules = Rules(surroundings_of(parts, path))
    await rules.start()
    try:
        yield Lab(rules, **parts)
    finally:
        await rules.close()


def refusal(status: int, code: str, message: str) -> Answer:
    """A service's refusal, by AWS's JSON protocol."""
    body = json.dumps({"__type": f"com.amazonaws#{code}", "message": message}).encode()
    return Answer(status, (("x-amzn-RequestId", "request-1"),), body)


def unreachable() -> Unreachable:
    return Unreachable("nobody is there")

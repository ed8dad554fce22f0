"""Pipes of EventBridge for tests: queues, functions, and pipes between them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from engine_fixtures import Ear, Engine

ROLE = "arn:aws:iam::000000000000:role/pipe"


def queue(engine: Engine, suffix: str = "", **attributes: str) -> tuple[str, str]:
    """A new queue: its URL and ARN."""
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("q") + suffix, Attributes=attributes)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(url), str(told["QueueArn"])


def send(engine: Engine, url: str, *bodies: Any, **settings: Any) -> None:
    """Send messages: text, or what is made JSON."""
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        engine.client("sqs").send_message(QueueUrl=url, MessageBody=text, **settings)


def receive(engine: Engine, url: str, most: int = 1) -> list[dict[str, Any]]:
    """Wait for so many messages and delete them."""
    sqs, deadline = engine.client("sqs"), time.monotonic() + 20
    found: list[dict[str, Any]] = []
    while len(found) < most:
        assert time.monotonic() < deadline, found
        told = sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        for message in told.get("Messages", []):
            found.append(message)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def arn_of(engine: Engine, function: str) -> str:
    """The ARN of a function."""
    return f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"


def pipe(engine: Engine, source: str, target: str, **settings: Any) -> str:
    """Create a pipe and wait until it runs."""
    name = engine.name("pipe")
    engine.client("pipes").create_pipe(
        Name=name, Source=source, Target=target, RoleArn=ROLE, **settings
    )
    reach(engine, name, "RUNNING")
    return name


def reach(engine: Engine, name: str, state: str) -> dict[str, Any]:
    """Wait until a pipe has a state; what is said of it then."""

    def reached() -> dict[str, Any] | None:
        told: dict[str, Any] = engine.client("pipes").describe_pipe(Name=name)
        return told if told["CurrentState"] == state else None

    told: dict[str, Any] = until(reached)
    return told


def until(found: Callable[[], Any], within_s: float = 20.0) -> Any:
    """Wait until a function returns something true."""
    deadline = time.monotonic() + within_s
    while not (value := found()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return value


def tell(ear: Ear, then: str = "") -> str:
    """Code of a function that reports its whole event and then runs ``then``."""
    return (
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n{then}"
    )

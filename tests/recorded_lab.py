"""An engine beside an AWS-compatible endpoint that is not ours, and clients of both."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from engine_fixtures import Engine, launch

_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass
class Lab:
    """An engine with ``--auth none --neighbours URL``; ``client`` picks the endpoint by service."""

    engine: Engine
    neighbours_url: str
    region: str = "us-east-1"
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A boto3 client with keys that nobody issued."""
        if service not in self._clients:
            url = self.engine.url if service == "lambda" else self.neighbours_url
            self._clients[service] = boto3.client(
                service,
                endpoint_url=url,
                region_name=self.region,
                config=Config(retries={"total_max_attempts": 1}),
                **_KEYS,
            )
        return self._clients[service]

    def close(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            client.close()

    def with_lambda_s_paths(self, payload: bytes) -> Any:
        """A function's JSON, with its paths replaced by those of isolation level 2 and up."""
        trees = re.escape(str(self.engine.data_dir / "files" / "trees"))
        text = re.sub(trees + "/[0-9a-f]+", "/var/task", payload.decode())
        runtime = str(self.engine.data_dir / "work" / "execution" / "runtime")
        return json.loads(text.replace(runtime, "/var/runtime"))

    def queue(self, name: str | None = None, **attributes: str) -> tuple[str, str]:
        """A new queue: its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name or self.engine.name("q"), Attributes=attributes)
        url = url["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, told["Attributes"]["QueueArn"]

    def receive(self, url: str, count: int = 1, within_s: float = 20.0) -> list[dict[str, Any]]:
        """Receive ``count`` messages of a queue and delete them."""
        sqs = self.client("sqs")
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            answer = sqs.receive_message(
                QueueUrl=url,
                WaitTimeSeconds=1,
                MaxNumberOfMessages=10,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", []):
                found.append(message)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        eventually(enough, within_s)
        return found

    def bodies(self, url: str, count: int = 1, within_s: float = 20.0) -> list[Any]:
        """The bodies of ``count`` messages, as parsed JSON."""
        return [json.loads(message["Body"]) for message in self.receive(url, count, within_s)]

    def log(self, function: str) -> list[str]:
        """The messages of a function's log group that have arrived so far."""
        logs = self.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{function}"
            )
            return [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def events(self, function: str, count: int = 1, within_s: float = 20.0) -> list[Any]:
        """What a function printed as ``EVENT <json>``, read from its log in the neighbours."""
        found: list[Any] = []

        def enough() -> bool:
            found[:] = [
                json.loads(line[6:]) for line in self.log(function) if line.startswith("EVENT ")
            ]
            return len(found) >= count

        eventually(enough, within_s)
        return found

    def mapping(self, name: str, source: str, **settings: Any) -> dict[str, Any]:
        """A new event source mapping, once it is enabled."""
        made: dict[str, Any] = self.client("lambda").create_event_source_mapping(
            FunctionName=name, EventSourceArn=source, **settings
        )
        self.mapping_is(made["UUID"], "Enabled")
        return made

    def mapping_is(self, identifier: str, state: str) -> dict[str, Any]:
        """Wait until a mapping has this state; returns the mapping."""
        get = self.client("lambda").get_event_source_mapping
        found: dict[str, Any] = {}

        def reached() -> bool:
            found.clear()
            found.update(get(UUID=identifier))
            return bool(found["State"] == state)

        eventually(reached, 10)
        return found


def eventually(condition: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.1)


ECHO = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    return event
"""


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A moto server in a process of its own, as another tool would run it."""
    log = tmp_path_factory.mktemp("moto") / "moto.log"
    command = [str(Path(sys.executable).with_name("moto_server")), "-p", "0", "-H", "127.0.0.1"]
    with log.open("w") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
    found: list[str] = []

    def said() -> bool:
        found[:] = re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())
        return bool(found)

    try:
        eventually(said, 60)
        yield found[0]
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def shared_lab(elsewhere: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One engine beside a moto that is not ours, without signatures."""
    engine = launch(
        tmp_path_factory.mktemp("recorded"),
        *("--auth", "none", "--neighbours", elsewhere, "--retry-delay", "1"),
        *("--runtime-fallback", "nearest"),
    )
    running = Lab(engine, elsewhere)
    yield running
    running.close()
    assert engine.stop() == 0, engine.log_file.read_text()


@pytest.fixture(scope="module")
def lab(shared_lab: Lab) -> Iterator[Lab]:
    """The engine; its mappings end with the module, for they would read on for ever."""
    yield shared_lab
    client = shared_lab.client("lambda")
    pages = client.get_paginator("list_event_source_mappings").paginate()
    for mapping in [one for page in pages for one in page["EventSourceMappings"]]:
        if mapping["State"] != "Deleting":
            client.delete_event_source_mapping(UUID=mapping["UUID"])

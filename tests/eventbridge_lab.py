"""What tests of EventBridge need: an HTTP endpoint that records, queues, and events that arrive."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from engine_fixtures import Engine

ROLE = "arn:aws:iam::000000000000:role/eventbridge"


class Request(NamedTuple):
    """One request that an endpoint got."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


Answer = tuple[int, dict[str, str], str]


class Endpoint:
    """An HTTP server on loopback; ``answer`` decides what it says to each request."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda request: (200, {}, "{}")
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                endpoint.requests.append(request)
                status, told, content = endpoint.answer(request)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **told}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content.encode())

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

            def log_message(self, *words: Any) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def until(condition: Callable[[], Any], within_s: float = 30.0) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError("nothing came of it in time")
        time.sleep(0.05)
    return found


class Queue:
    """A queue of SQS."""

    def __init__(self, engine: Engine, *, fifo: bool = False, **options: Any) -> None:
        self._sqs = engine.client("sqs", **options)
        name = engine.name("queue") + (".fifo" if fifo else "")
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        self.url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        region = options.get("region_name", engine.region)
        self.arn = f"arn:aws:sqs:{region}:{engine.account}:{name}"

    def receive(self, count: int = 1, within_s: float = 30.0) -> list[dict[str, Any]]:
        """So many messages, in order of arrival; fails if they do not come."""
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + within_s
        while len(found) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"only {len(found)} messages came: {found}")
            found += self._poll(1)
        return found

    def bodies(self, count: int = 1) -> list[Any]:
        """The bodies of so many messages, as JSON."""
        return [json.loads(message["Body"]) for message in self.receive(count)]

    def is_empty(self) -> bool:
        """Whether nothing more is there now."""
        return not self._poll(0)

    def _poll(self, wait_s: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_s,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            handle = message["ReceiptHandle"]
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
        return messages


def rule(engine: Engine, *targets: dict[str, Any], bus: str = "default", **options: Any) -> str:
    """A rule for events whose source is its name; returns the name."""
    events = engine.client("events", **options)
    name = engine.name("rule")
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": [name]}))
    told = [{"Id": str(number), **target} for number, target in enumerate(targets)]
    assert events.put_targets(Rule=name, EventBusName=bus, Targets=told)["FailedEntryCount"] == 0
    return name


def put(engine: Engine, source: str, detail: Any = None, **entry: Any) -> str:
    """Put one event; returns its id."""
    told = {"Source": source, "DetailType": "t", "Detail": json.dumps(detail or {}), **entry}
    answer = engine.client("events").put_events(Entries=[told])
    assert answer["FailedEntryCount"] == 0, answer
    identifier: str = answer["Entries"][0]["EventId"]
    return identifier


def attributes(message: dict[str, Any]) -> dict[str, str]:
    """The message attributes of a message."""
    return {
        name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()
    }

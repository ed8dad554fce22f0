"""SNS: requests that cannot work, and endpoints that hang, redirect or never end."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine


class Server:
    """An HTTP endpoint: its path says what it does; it keeps when it was asked for what."""

    def __init__(self) -> None:
        self.got: list[tuple[float, str, str]] = []
        self.tokens: dict[str, str] = {}
        self.leave = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kind = self.headers["x-amz-sns-message-type"]
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if kind != "Notification":
                    outer.tokens[self.path] = body["Token"]
                outer.got.append((time.monotonic(), self.path, kind))
                if self.path == "/hang" and kind == "Notification":
                    outer.leave.wait(60)
                redirects = self.path == "/redirect"
                self.send_response(302 if redirects else 200)
                if redirects:
                    self.send_header("Location", f"{outer.url}/elsewhere")
                if self.path == "/endless":
                    self.send_header("Content-Length", str(1 << 40))
                else:
                    self.send_header("Content-Length", "0")
                self.end_headers()
                if self.path == "/endless":
                    outer.leave.wait(60)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def notified(self, path: str) -> list[float]:
        """When messages came to a path."""
        return [at for at, one, kind in self.got if (one, kind) == (path, "Notification")]

    def wait(self, path: str, number: int) -> list[float]:
        deadline = time.monotonic() + 20
        while len(self.notified(path)) < number:
            assert time.monotonic() < deadline, self.got
            time.sleep(0.02)
        return self.notified(path)

    def close(self) -> None:
        self.leave.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def topic_of(engine: Engine) -> str:
    return str(engine.client("sns").create_topic(Name=engine.name("topic"))["TopicArn"])


def subscribed(
    engine: Engine, server: Server, topic: str, path: str, **attributes: str
) -> dict[str, str]:
    """A confirmed subscription, as an argument."""
    sns = engine.client("sns")
    arn = sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=f"{server.url}{path}",
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    deadline = time.monotonic() + 20
    while path not in server.tokens:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    sns.confirm_subscription(TopicArn=topic, Token=server.tokens[path])
    return {"SubscriptionArn": str(arn)}


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_an_endpoint_that_hangs_does_not_stop_the_others(engine: Engine, server: Server) -> None:
    sns = engine.client("sns")
    hanging, quick = topic_of(engine), topic_of(engine)
    subscribed(engine, server, hanging, "/hang")
    subscribed(engine, server, quick, "/quick")
    for _ in range(40):
        sns.publish(TopicArn=hanging, Message="m")
    server.wait("/hang", 1)
    sns.publish(TopicArn=quick, Message="m")
    server.wait("/quick", 1)
    assert len(server.notified("/hang")) <= 8


def test_redirects_are_not_followed_and_answers_not_read(engine: Engine, server: Server) -> None:
    sns, topic = engine.client("sns"), topic_of(engine)
    for path in ("/redirect", "/endless"):
        subscribed(engine, server, topic, path)
    for number in (1, 2, 3):
        sns.publish(TopicArn=topic, Message="m")
        server.wait("/redirect", number)
        server.wait("/endless", number)
    assert server.notified("/elsewhere") == []


def test_an_endpoint_gets_no_more_messages_a_second_than_it_takes(
    engine: Engine, server: Server
) -> None:
    sns, topic = engine.client("sns"), topic_of(engine)
    policy = json.dumps({"throttlePolicy": {"maxReceivesPerSecond": 5}})
    subscribed(engine, server, topic, "/slow", DeliveryPolicy=policy)
    for _ in range(6):
        sns.publish(TopicArn=topic, Message="m")
    came = server.wait("/slow", 6)
    assert came[5] - came[0] > 0.75  # five fifths of a second, but for what the network adds


POLICIES = [
    "{",
    "[1]",
    '{"throttlePolicy": {"maxReceivesPerSecond": 0}}',
    '{"throttlePolicy": 5}',
    '{"healthyRetryPolicy": {"numRetries": "x"}}',
]


@pytest.mark.parametrize("policy", POLICIES)
def test_policies_that_cannot_work_are_refused(engine: Engine, server: Server, policy: str) -> None:
    sns, topic = engine.client("sns"), topic_of(engine)
    of_subscription = subscribed(engine, server, topic, "/quick")
    told = {"AttributeName": "DeliveryPolicy", "AttributeValue": policy}
    put = sns.set_subscription_attributes
    assert refusal(put, **of_subscription, **told) == "InvalidParameter"
    names = {"throttlePolicy": "defaultThrottlePolicy", "healthyRetry": "defaultHealthyRetry"}
    for name, of_topic in names.items():
        policy = policy.replace(name, of_topic)
    policy = policy if policy[1:2] in ("", "1") else f'{{"http": {policy}}}'
    told = {"AttributeName": "DeliveryPolicy", "AttributeValue": policy}
    assert refusal(sns.set_topic_attributes, TopicArn=topic, **told) == "InvalidParameter"
    name = engine.name("topic")
    attributes = {"DeliveryPolicy": policy}
    assert refusal(sns.create_topic, Name=name, Attributes=attributes) == "InvalidParameter"


def test_a_redrive_policy_that_is_no_json_is_refused(engine: Engine, server: Server) -> None:
    told = {"AttributeName": "RedrivePolicy", "AttributeValue": "{"}
    of_subscription = subscribed(engine, server, topic_of(engine), "/quick")
    put = engine.client("sns").set_subscription_attributes
    assert refusal(put, **of_subscription, **told) == "InvalidParameter"


@pytest.mark.parametrize("token", [{}, {"Token": "\u00e9"}])
def test_a_link_with_a_strange_token_is_refused(
    engine: Engine, server: Server, token: dict[str, str]
) -> None:
    topic = topic_of(engine)
    subscribed(engine, server, topic, "/quick")
    asked = urllib.parse.urlencode({"Action": "ConfirmSubscription", "TopicArn": topic, **token})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{engine.url}/?{asked}", timeout=30)
    with caught.value as error:
        assert (error.code, b"Invalid parameter: Token" in error.read()) == (400, True)

"""Topic rules of a real engine: rules, functions, queues, devices and web servers for them."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from engine_fixtures import Engine

PATIENCE_S = 30.0


@contextlib.contextmanager
def device(engine: Engine, client_id: str, directory: Path) -> Iterator[paho.Client]:
    """A device with a certificate of its own, connected over TLS."""
    iot = engine.client("iot")
    made = iot.create_keys_and_certificate(setAsActive=True)
    policy = engine.name("policy")
    allowed = {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iot.create_policy(policyName=policy, policyDocument=document)
    iot.attach_policy(policyName=policy, target=made["certificateArn"])
    (directory / "key.pem").write_text(made["keyPair"]["PrivateKey"])
    (directory / "certificate.pem").write_text(made["certificatePem"])
    host, _, port = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"].partition(
        ":"
    )
    tls = ssl.create_default_context(cafile=engine.status()["certificate"])
    tls.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id)
    client.tls_set_context(tls)
    client.connect(host, int(port))
    client.loop_start()
    until(client.is_connected, "a connection")
    yield client
    client.disconnect()
    client.loop_stop()


def create_rule(engine: Engine, sql: str, *actions: Any, **more: Any) -> str:
    name = engine.name("rule").replace("-", "_")
    payload = {"sql": sql, "awsIotSqlVersion": "2016-03-23", "actions": list(actions), **more}
    engine.client("iot").create_topic_rule(ruleName=name, topicRulePayload=payload)
    return name


def function(engine: Engine, code: str, **settings: Any) -> tuple[str, dict[str, Any]]:
    """A function, and the action that invokes it."""
    name = engine.create(code, **settings)
    arn = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    return name, {"lambda": {"functionArn": arn}}


def let_in(engine: Engine, function_name: str, rule: str) -> None:
    """Allow a rule to invoke a function."""
    engine.client().add_permission(
        FunctionName=function_name,
        StatementId=rule,
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceArn=f"arn:aws:iot:{engine.region}:{engine.account}:rule/{rule}",
    )


def publish(engine: Engine, topic: str, document: Any) -> None:
    payload = json.dumps(document).encode()
    engine.client("iot-data").publish(topic=topic, qos=1, payload=payload)


def queue(engine: Engine) -> str:
    url: str = engine.client("sqs").create_queue(QueueName=engine.name("queue"))["QueueUrl"]
    return url


def received(engine: Engine, url: str, count: int = 1) -> list[Any]:
    """The documents in a queue, once there are so many."""
    found: list[Any] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {found}"
        answer = engine.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        found += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
    return found


def until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)
    return found


class Web:
    """A web server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.slow_s = 0.0
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(web.slow_s)
                headers = {name.lower(): value for name, value in self.headers.items()}
                web.posts.append((self.path, headers, json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def documents(self, path: str) -> list[Any]:
        return [document for at, _, document in list(self.posts) if at == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def confirm(engine: Engine, web: Web) -> str:
    """Make a destination of a web server and confirm it with what it was sent; its ARN."""
    iot = engine.client("iot")
    made = iot.create_topic_rule_destination(
        destinationConfiguration={"httpUrlConfiguration": {"confirmationUrl": web.url}}
    )["topicRuleDestination"]
    assert made["status"] == "IN_PROGRESS"
    path, headers, document = until(lambda: web.posts and web.posts[0], "a confirmation request")
    assert path == f"/?confirmationToken={document['confirmationToken']}"
    assert headers["x-amz-rules-engine-message-type"] == "DestinationConfirmation"
    assert headers["x-amz-rules-engine-destination-arn"] == document["arn"] == made["arn"]
    assert document["messageType"] == "DestinationConfirmation"
    publish(engine, "nobody/listens", {})
    with urllib.request.urlopen(document["enableUrl"], timeout=PATIENCE_S) as reply:
        assert reply.status == 200
    described = iot.get_topic_rule_destination(arn=made["arn"])["topicRuleDestination"]
    assert described["status"] == "ENABLED"
    web.posts.clear()
    arn: str = made["arn"]
    return arn

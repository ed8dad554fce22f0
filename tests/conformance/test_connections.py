"""Clients that misbehave on the connection: the engine carries on."""

from __future__ import annotations

import http.client
import json
import select
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Ear, Engine, launch


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine without authentication, whose log must stay empty."""
    engine = launch(tmp_path_factory.mktemp("quiet"), "--auth", "none")
    yield engine
    assert engine.stop() == 0
    assert engine.log_file.read_text() == ""


def connect(engine: Engine) -> socket.socket:
    parts = urlsplit(engine.url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=20)


def head(name: str, length: int, *more: str) -> bytes:
    lines = [f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1", "Host: localhost"]
    return "\r\n".join([*lines, f"Content-Length: {length}", *more, "", ""]).encode()


def reply(connection: socket.socket) -> tuple[int, bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def works(engine: Engine, name: str) -> bool:
    answer = engine.client().invoke(FunctionName=name, Payload=b"1")
    return json.loads(answer["Payload"].read()) == 1


def reset(connection: socket.socket) -> None:
    """Hang up with a reset, as a process that is killed does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_long_polls_hold_up_no_other_call(quiet: Engine) -> None:
    sqs = quiet.client("sqs")
    url = sqs.create_queue(QueueName="polled")["QueueUrl"]
    asked = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20, "MaxNumberOfMessages": 1}).encode()
    lines = ["POST / HTTP/1.1", "Host: localhost", "X-Amz-Target: AmazonSQS.ReceiveMessage"]
    lines += ["Content-Type: application/x-amz-json-1.0", f"Content-Length: {len(asked)}"]
    lines += ["Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/sqs/aws4_request"]
    polls = [connect(quiet) for _ in range(100)]
    for poll in polls:
        poll.sendall("\r\n".join([*lines, "", ""]).encode() + asked)
    assert sqs.list_queues()["QueueUrls"] == [url]
    assert select.select(polls, [], [], 0)[0] == []
    for number in range(10):
        entries = [{"Id": str(i), "MessageBody": f"{number}{i}"} for i in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    got = []
    for poll in polls:
        status, answer = reply(poll)
        poll.close()
        assert status == 200
        got += [message["Body"] for message in json.loads(answer).get("Messages", [])]
    assert sorted(got) == sorted(f"{number}{i}" for number in range(10) for i in range(10))


@pytest.mark.parametrize("hang_up", [socket.socket.close, reset])
def test_a_client_that_leaves_during_an_invocation(
    quiet: Engine, ear: Ear, hang_up: Callable[[socket.socket], Any]
) -> None:
    code = (
        f"{ear.say}import time\n"
        "def handler(event, context):\n"
        "    if event == 'slow':\n"
        "        say('begun'); time.sleep(1); say('ended')\n"
        "    return event\n"
    )
    name = quiet.create(code, Timeout=20)
    connection = connect(quiet)
    connection.sendall(head(name, 6) + b'"slow"')
    ear.wait(lambda heard: heard == ["begun"])
    hang_up(connection)
    ear.wait(lambda heard: heard == ["begun", "ended"])  # as on AWS, the function runs on
    assert works(quiet, name)


def test_a_client_that_leaves_within_its_request(quiet: Engine) -> None:
    name = quiet.create("def handler(event, context):\n    return event\n")
    for hang_up in (socket.socket.close, reset):
        connection = connect(quiet)
        connection.sendall(head(name, 100) + b'"half')
        hang_up(connection)
    assert works(quiet, name)


def test_requests_sent_in_advance_are_answered_in_order(quiet: Engine) -> None:
    name = quiet.create("def handler(event, context):\n    return event\n")
    with connect(quiet) as connection:
        connection.sendall(b"".join(head(name, 1) + str(n).encode() for n in range(5)))
        answers = []
        received = b""
        while len(answers) < 5:
            received += connection.recv(65536)
            while b"\r\n\r\n" in received:
                _, _, rest = received.partition(b"\r\n\r\n")
                if not rest:
                    break
                answers.append(rest[:1])
                received = rest[1:]
    assert answers == [b"0", b"1", b"2", b"3", b"4"]


def test_a_body_in_chunks(quiet: Engine) -> None:
    name = quiet.create("def handler(event, context):\n    return event\n")
    lines = [f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1", "Host: localhost"]
    start = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode()
    with connect(quiet) as connection:
        connection.sendall(start + b'2\r\n"a\r\n2\r\nb"\r\n0\r\n\r\n')
        assert reply(connection) == (200, b'"ab"')


def test_a_body_in_chunks_that_is_too_large(quiet: Engine) -> None:
    name = quiet.create("def handler(event, context):\n    return event\n")
    lines = [f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1", "Host: localhost"]
    start = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode()
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with connect(quiet) as connection:
        connection.sendall(start + chunk * 7 + b"0\r\n\r\n")
        status, body = reply(connection)
    assert status == 413
    assert json.loads(body)["message"].startswith("Request must be smaller than 6291456 bytes")
    assert works(quiet, name)


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"\0" * 100]
)
def test_what_is_no_http(quiet: Engine, nonsense: bytes) -> None:
    with connect(quiet) as connection:
        connection.sendall(nonsense)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received == b"" or received.startswith(b"HTTP/1.1 400")
    assert quiet.get("/_lambda_nb/health") == b'{"status": "ok"}'


def test_connections_that_are_to_be_closed(quiet: Engine) -> None:
    name = quiet.create("def handler(event, context): return event")
    for first, more in (("HTTP/1.1", "Connection: close"), ("HTTP/1.0", "X: y")):
        with connect(quiet) as connection:
            connection.sendall(head(name, 3, more).replace(b"HTTP/1.1", first.encode()) + b'"a"')
            assert reply(connection) == (200, b'"a"')
            assert connection.recv(1) == b""


@pytest.mark.parametrize("size", [10, 65_536, 3_000_000])
def test_answers_of_every_size(quiet: Engine, size: int) -> None:
    name = quiet.create("def handler(event, context): return 'x' * event")
    with connect(quiet) as connection:
        for _ in range(3):
            event = str(size).encode()
            connection.sendall(head(name, len(event)) + event)
            status, body = reply(connection)
            assert (status, len(body)) == (200, size + 2)


def test_only_the_head_of_an_answer(quiet: Engine) -> None:
    with connect(quiet) as connection:
        connection.sendall(b"HEAD /_lambda_nb/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.sendall(b"GET /_lambda_nb/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        data = b""
        while not data.endswith(b'{"status": "ok"}'):
            part = connection.recv(65536)
            assert part, data
            data += part
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert data.count(b'{"status": "ok"}') == 1

"""Clients call the engine, and try again what is throttled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError

from lambda_nb.engine.stacks.deploying.steps.clients import Clients
from lambda_nb.engine.stacks.records.store import Closed


class Service(ThreadingHTTPServer):
    """Answers with what it was told, one answer after another."""

    daemon_threads = True
    answers: list[tuple[int, bytes]]
    asked: int


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        status, body = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(("127.0.0.1", 0), Handler) as server:
        server.asked = 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def clients(service: Service) -> Iterator[Clients]:
    made = Clients(lambda: f"http://127.0.0.1:{service.server_port}", ("a", "b"), "us-east-1")
    yield made
    made.close()


def failure(code: str) -> bytes:
    return b'{"__type": "%s", "message": "no"}' % code.encode()


@pytest.mark.parametrize("code", ["ThrottlingException", "ServiceUnavailable"])
def test_what_may_pass_is_tried_again(service: Service, clients: Clients, code: str) -> None:
    service.answers = [(400, failure(code)), (400, failure(code)), (200, b'{"TableNames": []}')]
    assert clients("dynamodb").list_tables()["TableNames"] == []
    assert service.asked == 3


@pytest.mark.parametrize("code", ["ValidationException", "LimitExceededException"])
def test_what_is_final_is_not(service: Service, clients: Clients, code: str) -> None:
    service.answers = [(400, failure(code))]
    with pytest.raises(ClientError):
        clients("dynamodb").list_tables()
    assert service.asked == 1


def test_what_never_passes_ends(service: Service, clients: Clients) -> None:
    service.answers = [(400, failure("ThrottlingException"))] * 10
    with pytest.raises(ClientError, match="ThrottlingException"):
        clients("dynamodb").list_tables()
    assert service.asked == 6


def test_a_client_is_made_once_for_each_service_and_region(clients: Clients) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(clients("dynamodb"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert clients("dynamodb", "eu-west-1") is not found[0]
    assert clients("dynamodb", "eu-west-1").meta.region_name == "eu-west-1"


def test_nothing_is_called_any_more_once_they_are_closed(
    service: Service, clients: Clients
) -> None:
    service.answers = [(200, b'{"TableNames": []}')] * 3
    client = clients("dynamodb")
    client.list_tables()
    clients.close()
    with pytest.raises(Closed):
        client.list_tables()
    with pytest.raises(Closed):
        clients("dynamodb").list_tables()
    assert service.asked == 1

"""Responses of REST APIs that are streamed."""

from __future__ import annotations

import http.client
import http.server
import subprocess
import threading
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Engine, needs_program, zip_of
from rest_api_lab import Api

CODE = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.path === "/bare") { stream.write("no prelude"); stream.end(); return; }
  if (event.path === "/bad") { stream.write("{\\0\\0\\0\\0\\0\\0\\0\\0x"); stream.end(); return; }
  if (event.path === "/fail") throw new Error("oh no");
  const head = {statusCode: 206, headers: {"x-one": "1", "Content-Type": "text/plain"},
                multiValueHeaders: {"Set-Cookie": ["a=1", "b=2"]}};
  const out = awslambda.HttpResponseStream.from(stream, head);
  for (const word of ["one ", "two ", "three"]) {
    out.write(word);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  out.end();
});
"""


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    function = engine.create(
        "",
        Code={"ZipFile": zip_of({"index.mjs": CODE})},
        Runtime=f"nodejs{version.stdout[1:].split('.')[0]}.x",
        Timeout=20,
    )
    plain = engine.create("def handler(e, c): return {'statusCode': 201, 'body': 'plain'}")
    api = Api.make(engine)
    for path, name in (("/{proxy+}", function), ("/plain", plain)):
        at = api.method("GET", path)
        uri = api.uri(name).replace("2015-03-31", "2021-11-15")
        uri = uri.replace("/invocations", "/response-streaming-invocations")
        api.client.put_integration(
            **at,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=uri,
            responseTransferMode="STREAM",
        )
        api.permit(name)
    api.deploy()
    return api


@needs_program("node")
def test_a_streamed_response(api: Api) -> None:
    where = urlsplit(api.engine.url)
    connection = http.client.HTTPConnection(where.netloc, timeout=30)
    try:
        connection.request("GET", f"/execute-api/{api.id}/prod/words")
        answer = connection.getresponse()
        assert answer.status == 206
        assert answer.getheader("x-one") == "1"
        assert answer.getheader("content-type") == "text/plain"
        assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert answer.getheader("x-amz-apigw-id")
        assert str(answer.getheader("x-amzn-trace-id")).startswith("Root=1-")
        pieces = []
        while piece := answer.read1():
            pieces.append(piece)
    finally:
        connection.close()
    assert pieces == [b"one ", b"two ", b"three"]  # as they were written, not all at the end


@needs_program("node")
@pytest.mark.parametrize("path", ["/bare", "/bad", "/fail", "/plain"])
def test_streams_without_a_prelude_are_502(api: Api, path: str) -> None:
    got = api.call(path)
    assert (got.status, got.json) == (502, {"message": "Internal server error"})


class _Slowly(http.server.BaseHTTPRequestHandler):
    """Sends one piece, and the next only when told."""

    go_on = threading.Event()

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(203)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"one")
        self.go_on.wait(30)
        self.wfile.write(b"two")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_answers_of_servers_are_streamed(engine: Engine) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slowly) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        api = Api.make(engine)
        api.client.put_integration(
            **api.method("GET", "/"),
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri=f"http://127.0.0.1:{running.server_port}/",
            responseTransferMode="STREAM",
        )
        api.client.put_integration(
            **api.method("GET", "/none"),
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri="http://127.0.0.1:1/",
            responseTransferMode="STREAM",
        )
        api.deploy()
        connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=30)
        try:
            connection.request("GET", f"/execute-api/{api.id}/prod/")
            answer = connection.getresponse()
            assert answer.status == 203
            assert answer.getheader("content-type") == "text/event-stream"
            assert answer.read1() == b"one"
            _Slowly.go_on.set()
            assert answer.read() == b"two"
        finally:
            connection.close()
            running.shutdown()
            thread.join()
        assert api.call("/none").status == 504

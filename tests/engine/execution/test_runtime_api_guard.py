"""A Runtime API serves the processes of its own environment, and nobody else on the machine."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from engine_fixtures import Engine

from lambda_nb.engine.execution.runtime_api import peers
from lambda_nb.engine.execution.runtime_api.listener import RuntimeAPI

PREFIX = "/2018-06-01/runtime"
CALL = """
import http.client, os, subprocess, sys

def call(address, method, path):
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request(method, path, b"{}")
    reply = connection.getresponse()
    return [reply.status, reply.read().decode()]
"""
CODE = (
    CALL
    + """
ANSWER = "/2018-06-01/runtime/invocation/not-mine/response"
STRAY = '''
import os, sys
if os.fork():
    os._exit(0)
while os.getppid() == int(sys.argv[2]):
    pass
import http.client
connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
connection.request("POST", "%s", b"{}")
print(connection.getresponse().status)
''' % ANSWER

def handler(event, context):
    own = os.environ["AWS_LAMBDA_RUNTIME_API"]
    if event == "where":
        return own
    if event == "self":
        return call(own, "POST", ANSWER)[0]
    if event == "child":
        code = "import sys; sys.path.insert(0, sys.argv[1]); from index import *; "
        code += "print(call(sys.argv[2], 'POST', ANSWER)[0])"
        task = os.environ["LAMBDA_TASK_ROOT"]
        return int(subprocess.check_output([sys.executable, "-c", code, task, own]))
    if event == "stray":
        return int(subprocess.check_output([sys.executable, "-c", STRAY, own, str(os.getpid())]))
    return [call(event, *request) for request in (
        ("GET", "/2018-06-01/runtime/invocation/next"), ("POST", ANSWER),
        ("POST", "/2020-01-01/extension/register"), ("GET", "/"),
    )]
"""
)


def ask(address: str, method: str, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request(method, PREFIX + path, b"{}")
    reply = connection.getresponse()
    answer = json.loads(reply.read())
    connection.close()
    return reply.status, answer


def invoke(engine: Engine, name: str, event: Any) -> Any:
    reply = engine.client().invoke(FunctionName=name, Payload=json.dumps(event))
    answer = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, answer
    return answer


@pytest.fixture(scope="module")
def victim(engine: Engine) -> Iterator[tuple[str, str]]:
    """A function with one environment, and the address of its Runtime API."""
    name = engine.create(CODE)
    yield name, invoke(engine, name, "where")
    assert invoke(engine, name, "where")  # it still works after all attempts


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/invocation/next"),
        ("POST", "/invocation/some-id/response"),
        ("POST", "/init/error"),
        ("GET", "/restore/next"),
    ],
)
def test_another_process_is_refused(victim: tuple[str, str], method: str, path: str) -> None:
    status, answer = ask(victim[1], method, path)
    assert (status, answer["errorType"]) == (403, "AccessDenied")
    assert "its own execution environment" in answer["errorMessage"]


def test_another_user_is_refused(victim: tuple[str, str]) -> None:
    if os.getuid() or shutil.which("setpriv") is None:
        pytest.skip("only root with setpriv (util-linux) can become another user")
    code = (
        "import socket, sys; host, port = sys.argv[1].split(':'); "
        "s = socket.create_connection((host, int(port))); "
        f"s.sendall(b'GET {PREFIX}/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); "
        "print(s.makefile().readline())"
    )
    python = os.path.realpath(shutil.which("python3", path="/usr/bin:/bin") or sys.executable)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*user, python, "-c", "0"], capture_output=True, check=False).returncode:
        pytest.skip(f"nobody may not run {python}")
    said = subprocess.check_output([*user, python, "-c", code, victim[1]], text=True, timeout=30)
    assert said.startswith("HTTP/1.1 403 ")


def test_another_environment_is_refused(engine: Engine, victim: tuple[str, str]) -> None:
    thief = engine.create(CODE)
    answers = invoke(engine, thief, victim[1])
    assert [status for status, _ in answers] == [403] * 4
    said = f"called the Runtime API on port {victim[1].partition(':')[2]} "
    assert engine.log_file.read_text().count(said) == 1  # once, however often it is tried


@pytest.mark.parametrize("who", ["self", "child", "stray"])
def test_who_belongs_to_the_environment_is_heard(
    engine: Engine, victim: tuple[str, str], who: str
) -> None:
    """Another connection of the runtime, its child, and an orphaned grandchild."""
    assert invoke(engine, victim[0], who) == 400  # the request id is wrong; 403 is for strangers


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, Any, Any]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
        with ours, theirs:
            yield ours, theirs.getpeername(), theirs.getsockname()


@pytest.mark.parametrize("netlink", [True, False])
def test_the_other_end_of_a_connection(
    connection: tuple[socket.socket, Any, Any], netlink: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, theirs, ours = connection
    if not netlink:
        monkeypatch.setattr(peers, "_netlink", lambda: None)
    elif peers._netlink() is None:
        pytest.skip("this kernel answers no NETLINK_SOCK_DIAG")
    found = peers.peer(theirs, ours)
    assert found == peers.Peer(os.getuid(), os.stat(end.fileno()).st_ino)
    assert peers.held_by(found, [os.getpid()])
    assert not peers.held_by(found, [os.getppid()])
    assert not peers.held_by(found, [])
    end.shutdown(socket.SHUT_RDWR)
    end.close()
    assert peers.peer(theirs, ours) is None


async def test_who_is_not_known_yet_waits_and_is_asked_about_again() -> None:
    known: list[bool | None] = [None]

    class Told:
        asked = 0

        def asked_next(self) -> None:
            self.asked += 1

    told: Any = Told()
    api = RuntimeAPI(told, lambda _: known[0])
    await api.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"GET {PREFIX}/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    assert told.asked == 0
    known[0] = True
    api.settle()
    assert told.asked == 1
    api.deliver("id", "attempt", [], b"event")
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()
    api.close()


async def test_where_the_system_does_not_tell_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def untold(*_: Any) -> None:
        raise peers.PeersUnknownError("/proc/net/tcp: No such file or directory")

    monkeypatch.setattr(peers, "peer", untold)
    api = RuntimeAPI(Any, lambda _: False)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        assert api.admits(("127.0.0.1", 1), ("127.0.0.1", 2)) is True
        assert api.admits(("127.0.0.1", 1), ("127.0.0.1", 2)) is True
    assert caplog.text.count("does not tell who calls") == 1

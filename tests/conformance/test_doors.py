"""An attacker tries every socket that listens: what does each answer to a stranger?

The engine's port checks signatures and names. The Runtime API of each environment serves only its
own processes. The neighbours' Unix socket serves only the engine. No other socket listens.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from engine_fixtures import ROLE, Engine, launch, zip_of

_LISTENING = "0A"
_ACCEPTS = 0x10000  # __SO_ACCEPTCON
NODE = "exports.handler = async () => process.env.AWS_LAMBDA_RUNTIME_API;\n"
PYTHON = """
import os, socket

def handler(event, context):
    if event is None:
        return os.environ["AWS_LAMBDA_RUNTIME_API"]
    heard = []
    for path in event:
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(10)
            try:
                end.connect(path)
                end.sendall(b"GET / HTTP/1.0\\r\\nHost: s3.localhost\\r\\n\\r\\n")
                heard.append(end.recv(100).decode())
            except OSError:
                heard.append("")
    return heard
"""
KNOCK = """
import socket, sys
for word in sys.argv[2:]:
    family = socket.AF_UNIX if "/" in word else socket.AF_INET
    with socket.socket(family) as end:
        end.settimeout(10)
        try:
            end.connect(word if "/" in word else ("127.0.0.1", int(word)))
            end.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
            print(end.recv(1000).split(b"\\r\\n")[0].decode())
        except OSError as error:
            print(type(error).__name__)
"""


class House(NamedTuple):
    """An engine with functions that ran, and every socket on which a process of it listens."""

    engine: Engine
    function: str
    runtimes: set[int]  # ports of the Runtime APIs, as functions know them
    ports: dict[int, psutil.Process]
    paths: dict[str, psutil.Process]

    @property
    def front(self) -> int:
        """The engine's own port."""
        return int(urlsplit(self.engine.url).port or 0)


def listening(process: psutil.Process) -> tuple[set[int], set[str]]:
    """The TCP ports and Unix paths of a process, as the kernel lists them."""
    root = Path(f"/proc/{process.pid}")
    held = set()
    for fd in (root / "fd").iterdir():
        try:
            held.add(os.readlink(fd))
        except FileNotFoundError:
            continue
    ports, paths = set(), set()
    for name in ("tcp", "tcp6"):
        listing = root / "net" / name
        for line in listing.read_text().splitlines()[1:] if listing.exists() else []:
            (
                _,
                local,
                _,
                state,
                *_,
            ) = words = line.split()
            if state == _LISTENING and f"socket:[{words[9]}]" in held:
                assert local.startswith("0100007F:"), f"{process} listens beyond loopback: {line}"
                ports.add(int(local.partition(":")[2], 16))
    for line in (root / "net" / "unix").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[3], 16) & _ACCEPTS and f"socket:[{words[6]}]" in held:
            paths.add(words[7] if len(words) > 7 else "")
    return ports, paths


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    engine = launch(tmp_path_factory.mktemp("house"))
    python = engine.create(PYTHON)
    names = [python]
    if shutil.which("node"):
        version = subprocess.check_output(["node", "--version"], text=True)[1:].partition(".")[0]
        names.append(engine.name())
        engine.client().create_function(
            FunctionName=names[1],
            Runtime=f"nodejs{version}.x",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": zip_of({"index.js": NODE})},
        )
        engine.wait(names[1])
    runtimes = set()
    for name in names:
        reply = engine.client().invoke(FunctionName=name, Payload=b"null")
        runtimes.add(int(json.loads(reply["Payload"].read()).rpartition(":")[2]))
    engine.client("s3").create_bucket(Bucket=f"bucket-{uuid.uuid4()}")
    ports: dict[int, psutil.Process] = {}
    paths: dict[str, psutil.Process] = {}
    root = psutil.Process(engine.process.pid)
    for process in [*root.children(recursive=True), root]:
        try:
            found = listening(process)
        except (FileNotFoundError, ProcessLookupError):
            continue
        ports.update(dict.fromkeys(found[0], process))
        paths.update(dict.fromkeys(found[1], process))
    yield House(engine, python, runtimes, ports, paths)
    assert engine.client().invoke(FunctionName=python, Payload=b"null")["StatusCode"] == 200
    assert engine.stop() == 0


def ask(port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, b"{}" if method == "POST" else None, headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def test_nothing_listens_that_is_not_known(house: House) -> None:
    """The engine itself holds every port: the front and the Runtime APIs."""
    assert {process.pid for process in house.ports.values()} == {house.engine.process.pid}
    assert house.runtimes | {house.front} <= set(house.ports)
    neighbours = house.engine.status()["neighbours"].removeprefix("unix:")
    assert set(house.paths) == {neighbours}
    directory = os.stat(os.path.dirname(neighbours))
    assert (stat.S_IMODE(directory.st_mode), directory.st_uid) == (0o700, os.getuid())
    for port in set(house.ports) - {house.front}:
        status, body = ask(port, "GET", "/", {})
        assert (status, json.loads(body)["errorType"]) == (403, "AccessDenied"), port


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2018-06-01/runtime/invocation/next"),
        ("POST", "/2018-06-01/runtime/invocation/x/response"),
        ("POST", "/2018-06-01/runtime/invocation/x/error"),
        ("POST", "/2018-06-01/runtime/init/error"),
        ("POST", "/2020-01-01/extension/register"),
        ("GET", "/2020-01-01/extension/event/next"),
        ("PUT", "/2022-07-01/telemetry"),
        ("GET", "/2015-03-31/functions/"),
        ("POST", "/2015-03-31/functions/f/invocations"),
        ("GET", "/_lambda_nb/status"),
        ("GET", "/moto-api/data.json"),
        ("POST", "/moto-api/reset"),
        ("GET", "/bucket/key"),
        ("PUT", "/bucket"),
        ("OPTIONS", "/?Action=ListQueues"),
    ],
)
def test_a_stranger_is_refused_at_every_port(house: House, method: str, path: str) -> None:
    for port in house.ports:
        for headers in ({}, {"X-Amz-Target": "AmazonSQS.ListQueues"}, {"Host": "evil.example"}):
            assert ask(port, method, path, headers)[0] == 403, (port, headers)
        page = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert ask(port, method, path, page)[0] == 403, port


def test_health_tells_a_stranger_nothing_and_a_page_not_even_that(house: House) -> None:
    health = "/_lambda_nb/health"
    assert ask(house.front, "GET", health, {}) == (200, '{"status": "ok"}')
    assert ask(house.front, "GET", health, {"Host": "evil.example"})[0] == 403
    assert ask(house.front, "GET", health, {"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_a_function_does_not_reach_the_neighbours_side_door(house: House) -> None:
    reply = house.engine.client().invoke(
        FunctionName=house.function, Payload=json.dumps(list(house.paths))
    )
    assert json.loads(reply["Payload"].read()) == [""] * len(house.paths)


def test_another_user_is_refused_everywhere(house: House) -> None:
    if os.getuid() or shutil.which("setpriv") is None:
        pytest.skip("only root with setpriv (util-linux) can become another user")
    python = os.path.realpath(shutil.which("python3", path="/usr/bin:/bin") or sys.executable)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c"]
    if subprocess.run([*user, "0"], capture_output=True, check=False).returncode:
        pytest.skip(f"nobody may not run {python}")
    question = r"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n"
    doors = [*map(str, house.ports), *house.paths]
    said = subprocess.check_output([*user, KNOCK, question, *doors], text=True, timeout=60)
    answers = dict(zip(doors, said.splitlines(), strict=True))
    for door, answer in answers.items():
        refused = (
            answer in ("PermissionError", "") if "/" in door else answer.startswith("HTTP/1.1 403 ")
        )
        assert refused, (door, answer)


@pytest.mark.parametrize("last", ["HTTP/1.1\r\nConnection: close", "HTTP/1.0"])
@pytest.mark.parametrize("path", ["/_lambda_nb/health", "/2015-03-31/functions/", "/bucket/key"])
def test_the_front_closes_when_it_is_asked_to_and_only_then(
    house: House, path: str, last: str
) -> None:
    """A client may read to the end of the stream."""
    with socket.create_connection(("127.0.0.1", house.front), timeout=20) as end:
        end.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = end.recv(65536)
        end.sendall(f"GET {path} {last}\r\nHost: localhost\r\n\r\n".encode())
        while chunk := end.recv(65536):
            answer += chunk
    assert answer.count(b"HTTP/1.1 ") == 2

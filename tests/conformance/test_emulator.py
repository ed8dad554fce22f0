"""AWS's runtime interface emulator and ours, side by side: what a custom runtime sees.

The emulator's binary is inside the aws-sam-cli wheel. One small runtime runs under both and makes
the same calls, good and bad. Its next response contains the answers that it got.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine, zip_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the emulator is for x86_64"),
]

RUNTIME = f"""#!{os.path.realpath(sys.executable)}
import http.client, json, os, sys

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
BASE = "/2018-06-01/runtime"
seen = []


def call(method, path, body=None, headers={{}}):
    connection.request(method, BASE + path, body, headers)
    reply = connection.getresponse()
    return reply, reply.read()


def note(name, reply, body):
    kind = (reply.getheader("Content-Type") or "").split(";")[0]
    try:
        body = json.loads(body)
        body.pop("errorMessage", None)
    except ValueError:
        body = "text" if body else ""
    seen.append([name, reply.status, kind, body])


while True:
    reply, event = call("GET", "/invocation/next")
    request = reply.getheader("Lambda-Runtime-Aws-Request-Id")
    asked = json.loads(event)
    what = asked["do"]
    if what == "headers":
        names = sorted(n.lower() for n, _ in reply.getheaders() if n.lower().startswith("lambda-"))
        told = {{"names": names, "type": reply.getheader("Content-Type"), "event": asked}}
        call("POST", f"/invocation/{{request}}/response", json.dumps(told))
    elif what == "calls":
        note("unknown id", *call("POST", "/invocation/nobody/response", "1"))
        note("response", *call("POST", f"/invocation/{{request}}/response", '"done"'))
        note("again", *call("POST", f"/invocation/{{request}}/response", '"twice"'))
        note("error after", *call("POST", f"/invocation/{{request}}/error", "{{}}"))
        note("path", *call("GET", "/invocation/nothing"))
    elif what == "seen":
        call("POST", f"/invocation/{{request}}/response", json.dumps(seen))
    elif what == "error":
        told = {{"errorType": "Shop.Closed", "errorMessage": "closed", "stackTrace": []}}
        body = json.dumps(told)
        headers = {{"Lambda-Runtime-Function-Error-Type": "Shop.Closed"}}
        note("error", *call("POST", f"/invocation/{{request}}/error", body, headers))
    elif what == "bytes":
        call("POST", f"/invocation/{{request}}/response", b"\\xff\\x00not json")
    elif what == "exit":
        sys.exit(3)
"""


class Emulator:
    """AWS's emulator with the runtime above."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"

    def invoke(self, event: Any) -> bytes:
        """The body of the answer."""
        request = urllib.request.Request(self.url, json.dumps(event).encode())
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                answer: bytes = reply.read()
        except urllib.error.HTTPError as error:
            answer = error.read()
        return answer


class Ours:
    """Our engine with the same runtime."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = engine.name("wire")
        engine.client().create_function(
            FunctionName=self.name,
            Runtime="provided.al2023",
            Handler="x",
            Role=ROLE,
            Timeout=10,
            Code={"ZipFile": _executable()},
        )
        engine.wait(self.name)

    def invoke(self, event: Any) -> bytes:
        """The body of the answer."""
        answer = self.engine.client().invoke(
            FunctionName=self.name, Payload=json.dumps(event).encode()
        )
        body: bytes = answer["Payload"].read()
        return body


def _executable() -> bytes:
    import io

    buffer = io.BytesIO(zip_of({}))
    with zipfile.ZipFile(buffer, "a") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, RUNTIME)
    return buffer.getvalue()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _binary() -> Path:
    folder = Path(sys.prefix) / "share" / "lambda-nb-tests" / "emulator"
    target = folder / "aws-lambda-rie"
    if not target.exists():
        wheel_folder = folder / str(os.getpid())
        wheel_folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "aws-sam-cli"]
        done = subprocess.run(
            [*command, "--dest", str(wheel_folder)], capture_output=True, text=True, check=False
        )
        wheels = list(wheel_folder.glob("aws_sam_cli-*.whl"))
        if done.returncode or not wheels:
            pytest.skip(f"pip could not download aws-sam-cli: {done.stderr[-300:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            data = wheel.read("samcli/local/rapid/aws-lambda-rie-x86_64")
        written = target.with_suffix(f".{os.getpid()}")  # another worker may do the same
        written.write_bytes(data)
        written.chmod(0o755)
        written.replace(target)
    return target


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """A fresh emulator."""
    bootstrap = tmp_path / "bootstrap"
    bootstrap.write_text(RUNTIME)
    bootstrap.chmod(0o755)
    port = _free_port()
    command = [
        str(_binary()),
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{_free_port()}",
        str(bootstrap),
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield Emulator(port)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


@pytest.fixture
def both(emulator: Emulator, engine: Engine) -> tuple[Emulator, Ours]:
    """AWS's emulator and our engine."""
    return emulator, Ours(engine)


def test_next_brings_the_same_headers_and_the_event_as_it_was(both: tuple[Emulator, Ours]) -> None:
    theirs, ours = (json.loads(side.invoke({"do": "headers", "n": [1, "é"]})) for side in both)
    assert ours["event"] == theirs["event"] == {"do": "headers", "n": [1, "é"]}
    assert ours["type"] == theirs["type"]
    # Invocation-Id is newer than the emulator; the others must all be there.
    assert (
        set(theirs["names"])
        <= set(ours["names"])
        <= {
            *theirs["names"],
            "lambda-runtime-invocation-id",
            "lambda-runtime-trace-id",
        }
    )


def test_good_and_bad_calls_are_answered_alike(both: tuple[Emulator, Ours]) -> None:
    told = []
    for side in both:
        assert side.invoke({"do": "calls"}) == b'"done"'
        told.append(json.loads(side.invoke({"do": "seen"})))
    theirs, ours = told
    assert ours == theirs


def test_an_error_reaches_the_caller_as_it_was_posted(both: tuple[Emulator, Ours]) -> None:
    answers = [json.loads(side.invoke({"do": "error"})) for side in both]
    assert answers[0] == answers[1]
    assert answers[1]["errorType"] == "Shop.Closed"
    theirs, ours = (json.loads(side.invoke({"do": "seen"})) for side in both)
    assert ours == theirs


def test_bytes_pass_through_unparsed(both: tuple[Emulator, Ours]) -> None:
    theirs, ours = (side.invoke({"do": "bytes"}) for side in both)
    assert ours == theirs == b"\xff\x00not json"


def test_a_runtime_that_exits(both: tuple[Emulator, Ours]) -> None:
    theirs, ours = (json.loads(side.invoke({"do": "exit"})) for side in both)
    assert ours["errorType"] == theirs["errorType"] == "Runtime.ExitError"
    assert ours["errorMessage"].endswith("exit status 3")
    assert theirs["errorMessage"].endswith("exit status 3")
    assert json.loads(both[1].invoke({"do": "seen"})) == []

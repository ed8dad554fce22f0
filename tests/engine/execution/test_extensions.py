"""External and internal extensions, and what the Telemetry API sends them."""

from __future__ import annotations

import json
import socket
import uuid
from pathlib import Path
from typing import Any

import pytest
from execution_lab import Lab, MakeLab, error, lab, make_lab, until

from lambda_nb.engine.execution.failures import Failures
from lambda_nb.engine.execution.runtimes import interpreters

__all__ = ["lab", "make_lab"]

# Writes everything it receives to the file named by $OUT, one JSON object per line.
AGENT = """#!PYTHON
import http.client, http.server, json, os, sys, threading, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    api.request(method, path, None if body is None else json.dumps(body), headers)
    reply = api.getresponse()
    return reply, reply.read()
def note(what):
    with open(os.environ["OUT"], "a") as out:
        out.write(json.dumps(what) + "\\n")
reply, body = call(
    "POST", "/2020-01-01/extension/register", {"events": ["INVOKE", "SHUTDOWN"]},
    Lambda_Extension_Name=os.path.basename(sys.argv[0]),
    Lambda_Extension_Accept_Feature="accountId",
)
me = reply.getheader("Lambda-Extension-Identifier")
hidden = [name for name in os.environ if name.startswith(("_HANDLER", "_LAMBDA_NB"))]
note({"registered": json.loads(body), "hidden": hidden})
if os.environ.get("PORT"):
    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                note({"telemetry": event})
            self.send_response(200)
            self.end_headers()
        def log_message(self, *arguments): pass
    server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _, body = call(
        "PUT", "/2022-07-01/telemetry",
        {"schemaVersion": "2022-12-13", "types": ["platform", "function", "extension"],
         "buffering": {"timeoutMs": 25},
         "destination": {"protocol": "HTTP",
                         "URI": f"http://sandbox.localdomain:{os.environ['PORT']}"}},
        Lambda_Extension_Identifier=me,
    )
    note({"subscribed": body.decode()})
print("the agent says hello", flush=True)
while True:
    _, body = call("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)
    event = json.loads(body)
    note({"event": event})
    if event["eventType"] == "SHUTDOWN":
        sys.exit(0)
    time.sleep(float(os.environ.get("SLOW", "0")))
    if os.environ.get("CRASH"):
        sys.exit(3)
"""


def layer(lab: Lab, source: str = AGENT) -> tuple[Path, ...]:
    folder = lab.folder / "layer" / "extensions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agent").write_text(source.replace("PYTHON", interpreters.own_python(), 1))
    (folder / "agent").chmod(0o755)
    return (folder.parent,)


def agent_function(lab: Lab, **environment: str) -> tuple[Any, Path]:
    # Every isolation level lets the agent write to /tmp; below level 2 other tests see it too.
    out = f"/tmp/notes-{uuid.uuid4()}"
    function = lab.function(
        "import os\ndef handler(event, context):\n"
        "    print('the function says hello')\n"
        "    return open(os.environ['OUT']).read() if event else None\n",
        layer_dirs=layer(lab),
        environment={"OUT": out, **environment},
        timeout_s=10,
    )
    return function, lab.folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def notes(payload: bytes) -> list[dict[str, Any]]:
    """What the agent had written when its file was read; the last line may be incomplete."""
    lines = json.loads(payload).splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.mark.parametrize("debug", ["0", "1"])
async def test_an_external_extension_sees_every_invocation(make_lab: MakeLab, debug: str) -> None:
    lab = await make_lab(failures=Failures())
    function, _ = agent_function(lab, LAMBDA_NB_DEBUG=debug)
    first = await lab.invoke(function)
    second = await lab.invoke(function, True)
    assert (first.function_error, second.function_error) == (None, None)
    told = notes(second.payload)
    assert told[0] == {
        "registered": {
            "functionName": function.name,
            "functionVersion": "$LATEST",
            "handler": "app.handler",
            "accountId": "000000000000",
        },
        "hidden": [],
    }
    event = told[1]["event"]
    assert event["eventType"] == "INVOKE"
    assert event["requestId"] == first.request_id
    assert event["invokedFunctionArn"] == function.arn
    assert event["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert event["tracing"]["value"].endswith(";Sampled=0")
    assert "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n" in lab.sink.text
    assert "the agent says hello\n" in lab.sink.text


async def test_an_invocation_lasts_until_the_extension_is_done(lab: Lab) -> None:
    function, _ = agent_function(lab, SLOW="0.3")
    result = await lab.invoke(function)
    assert result.duration_ms >= 300


async def test_a_crashed_extension_fails_the_invocation(lab: Lab) -> None:
    function, _ = agent_function(lab, CRASH="yes", SLOW="0.05")
    failure = error(await lab.invoke(function))
    assert failure["errorType"] == "Extension.Crash"
    assert failure["errorMessage"].endswith("agent exited with error: exit status 3")
    assert error(await lab.invoke(function))["errorType"] == "Extension.Crash"


async def test_an_extension_that_never_registers_fails_the_init_phase(lab: Lab) -> None:
    function = lab.function(
        "def handler(event, context):\n    return 1",
        layer_dirs=layer(lab, "#!/bin/sh\nexit 4\n"),
    )
    failure = error(await lab.invoke(function))
    assert failure["errorType"] == "Extension.Crash"
    assert "INIT_REPORT Init Duration" in lab.sink.text
    assert "Error Type: Extension.Crash" in lab.sink.text


async def test_shutdown_reaches_the_extension(lab: Lab, tmp_path: Path) -> None:
    out = Path("/dev/shm") / f"lambda-nb-{tmp_path.name}-{id(lab)}"
    try:
        function, _ = agent_function(lab, OUT=str(out))
        await lab.invoke(function)
        lab.executor.hooks.deleted(function.name, None)
        await until(lambda: '"SHUTDOWN"' in out.read_text())
        last = json.loads(out.read_text().splitlines()[-1])["event"]
        assert last["shutdownReason"] == "SPINDOWN"
        assert last["deadlineMs"] > 0
    finally:
        out.unlink(missing_ok=True)


async def test_telemetry(lab: Lab) -> None:
    function, _ = agent_function(lab, PORT=str(free_port()), SLOW="0.2")
    first = await lab.invoke(function)
    await lab.invoke(function)  # the rest of the first invocation's telemetry comes at the thaw
    told = notes((await lab.invoke(function, True)).payload)
    assert {"subscribed": '"OK"'} in told
    events = [note["telemetry"] for note in told if "telemetry" in note]
    kinds = [event["type"] for event in events]
    for kind in (
        "platform.initStart",
        "platform.telemetrySubscription",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ):
        assert kind in kinds
    assert {e["record"] for e in events if e["type"] == "function"} == {"the function says hello\n"}
    assert [e["record"] for e in events if e["type"] == "extension"] == ["the agent says hello\n"]
    report = next(e["record"] for e in events if e["type"] == "platform.report")
    assert report["requestId"] == first.request_id
    assert report["metrics"]["initDurationMs"] > 0
    assert "TELEMETRY\tName: agent\tState: Subscribed\t" in lab.sink.text


async def test_an_internal_extension(lab: Lab) -> None:
    function = lab.function(
        "import http.client, json, os, threading\n"
        "seen, ready = [], threading.Event()\n"
        "def run():\n"
        "    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
        "    path = '/2020-01-01/extension/'\n"
        "    api.request('POST', path + 'register', '{\"events\": [\"INVOKE\"]}',\n"
        "                {'Lambda-Extension-Name': 'inside'})\n"
        "    reply = api.getresponse(); reply.read()\n"
        "    me = {'Lambda-Extension-Identifier': reply.getheader('Lambda-Extension-Identifier')}\n"
        "    ready.set()\n"
        "    while True:\n"
        "        api.request('GET', path + 'event/next', headers=me)\n"
        "        seen.append(json.loads(api.getresponse().read())['requestId'])\n"
        "threading.Thread(target=run, daemon=True).start()\n"
        "ready.wait(5)\n"
        "def handler(event, context):\n    return seen\n",
        timeout_s=10,
    )
    first = await lab.invoke(function)
    second = await lab.invoke(function)
    assert first.request_id in json.loads(second.payload)

"""A trial invocation before the real one, in a process that waits to become an environment.

A fork shares its parent's memory until it writes, and Python writes (reference counts) to whatever
it uses. So the kernel copies a few hundred pages before the first response: most of a cold start.
A process forked ahead of need runs one invocation first, with an event and a Runtime API of its
own. So it has its own copies of those pages by the time it is needed.
"""

from __future__ import annotations

import os
import socket

from lambda_runtime import main
from lambda_runtime.client import RuntimeClient
from lambda_runtime.logs import FunctionLog
from lambda_runtime.marshal import Encoder

_HANDLER = """
import json, os

def handler(event, context):
    return {"event": event, "left": context.get_remaining_time_in_millis()}
"""
_BODY = b'{"key": "value", "numbers": [1, 2.5, null]}'
_EVENT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 1\r\n"
    b"Lambda-Runtime-Invocation-Id: 1\r\nLambda-Runtime-Deadline-Ms: 1\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn\r\nLambda-Runtime-Trace-Id: trace\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


def rehearse() -> None:
    """Load a handler and run it for one event. Leaves no state of the trial behind."""
    names: dict[str, object] = {}
    exec(compile(_HANDLER, "rehearsal", "exec"), names)  # noqa: S102
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        client = RuntimeClient(f"127.0.0.1:{listener.getsockname()[1]}")
        runtime_api, _ = listener.accept()
        with runtime_api, client.socket:
            runtime_api.sendall(_EVENT)
            headers, body = client.next()
            handler: main.Handler = names["handler"]
            main.serve(client, FunctionLog(), Encoder(), handler, headers, body)
    os.environ.pop("_X_AMZN_TRACE_ID", None)

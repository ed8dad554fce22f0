"""Holds a runtime before it loads the function, until a request needs it."""

from __future__ import annotations

import json
import os
import socket
import time
from importlib.machinery import PathFinder


def wait(channel: socket.socket) -> None:
    """Wait for the message to continue, which has the environment variables that have changed.

    Meanwhile the handler's module is located; no code of the function runs. Ends the process when
    it is not needed any more.
    """
    module = os.environ["_HANDLER"].rsplit(".", 1)[0].replace("/", ".")
    PathFinder.find_spec(module.partition(".")[0])
    with channel:
        changed = channel.recv(1 << 20)
    if not changed:
        os._exit(0)
    os.environ.update(json.loads(changed))
    if "TZ" in os.environ:
        time.tzset()

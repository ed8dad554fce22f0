"""Whether this environment's engine keeps the frames of failures; if so, they are sent to it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_runtime.client import RuntimeClient

VARIABLE = "_LAMBDA_NB_KEEP_FRAMES"
_INIT_S = 10.0
_asked = [False]


def begin() -> None:
    """Read the engine's wish, and hide it from the function."""
    _asked[0] = os.environ.pop(VARIABLE, "") == "1"


def send(client: RuntimeClient, error: BaseException, deadline_ms: float | None = None) -> None:
    """Send the frames of an error, if they are asked for; ``deadline_ms`` of the invocation."""
    if not _asked[0]:
        return
    # Loaded with the first failure: functions that do not fail start without it.
    from lambda_runtime import frames

    left_s = _INIT_S if deadline_ms is None else deadline_ms / 1000 - time.time()
    frames.send(client, error, left_s)

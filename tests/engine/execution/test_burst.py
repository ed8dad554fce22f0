"""Many environments that start at the same moment all get through their init phase at once."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CODE = """
import time

def handler(event, context):
    time.sleep(0.5)
    return context.log_stream_name
"""


def test_no_environment_of_a_burst_loses_its_init(engine: Any) -> None:
    """An init that ran into its limit is repeated by the invocation, and then its REPORT has no
    Init Duration: so each environment must have reported one."""
    name = engine.create(CODE, Timeout=30)
    client = engine.client()

    def invoke(_: int) -> tuple[str, bool]:
        answer = client.invoke(FunctionName=name, LogType="Tail")
        tail = base64.b64decode(answer["LogResult"]).decode()
        return json.load(answer["Payload"]), "Init Duration" in tail

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(invoke, range(60)))
    environments = {environment for environment, _ in answers}
    assert len(environments) >= 30  # most found no idle environment
    assert {environment for environment, first in answers if first} == environments

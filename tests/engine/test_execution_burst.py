"""Many environments that start at the same moment all get through their init phase at once."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CODE = "import time\ndef handler(event, context):\n    time.sleep(0.5)\n"


def test_no_environment_of_a_burst_loses_its_init(engine: Any) -> None:
    """A suppressed init (the first ran into its limit) leaves no Init Duration in the REPORT."""
    name = engine.create(CODE, Timeout=30)
    client = engine.client()

    def invoke(_: int) -> str:
        answer = client.invoke(FunctionName=name, LogType="Tail")
        return base64.b64decode(answer["LogResult"]).decode()

    with ThreadPoolExecutor(60) as pool:
        tails = list(pool.map(invoke, range(60)))
    starts = [tail for tail in tails if "Init Duration" in tail]
    served = {tail.split("RequestId: ")[1].split()[0] for tail in tails}
    assert len(served) == 60
    assert len(starts) >= 30  # most found no idle environment
    assert not [tail for tail in tails if "INIT_REPORT" in tail]

"""A trace of a real run: the engine's own log, and the lines that it writes as AWS does."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from lambda_nb.traces import Trace

CODE = textwrap.dedent(
    """
    import time

    def handler(event, context):
        print("REPORT of my own")
        time.sleep(event["seconds"])
        if event.get("fail"):
            raise ValueError("as asked")
        return event
    """
)


def test_what_ran_is_what_the_trace_says(engine: Any) -> None:
    name = engine.create(CODE, handler="index.handler", MemorySize=256)
    events = [{"seconds": 0.02 + 0.002 * i, "fail": i == 5} for i in range(30)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda event: engine.client().invoke(FunctionName=name, Payload=json.dumps(event)),
                events,
            )
        )
    ids = [answer["ResponseMetadata"]["RequestId"] for answer in answers]

    exact = Trace.from_logs(name, client=engine.client("logs"), expect=len(events))
    frame = exact.to_pandas().set_index("request_id").loc[ids]
    assert (frame["duration"] >= [event["seconds"] for event in events]).all()
    assert frame["memory"].eq(256).all()
    assert frame["status"].tolist() == ["error" if event["fail"] else "success" for event in events]
    assert (frame["finish"] - frame["arrival"] >= frame["duration"]).all()
    assert frame["init"].notna().equals(frame["start"] == "cold")
    cold = Counter(frame["start"])["cold"]
    assert cold == frame["environment"].nunique()
    assert np.all(np.diff(exact.numbers("arrival")) > 0)
    served = frame.sort_values(["environment", "arrival"])
    following = served.groupby("environment", observed=True)["arrival"].shift(-1)
    assert not (served["finish"] > following).any(), "an environment serves one request at a time"

    lines = Trace.from_logs(f"/aws/lambda/{name}", client=engine.client("logs"), expect=len(events))
    other = lines.to_pandas().set_index("request_id").loc[ids]
    assert (other["start"].astype(str) == frame["start"].astype(str)).all()
    assert (other["environment"].astype(str) == frame["environment"].astype(str)).all()
    assert np.allclose(other["billed"], frame["billed"], atol=1e-9)
    assert np.allclose(other["duration"], frame["duration"], atol=1e-5), "two decimals of a ms"

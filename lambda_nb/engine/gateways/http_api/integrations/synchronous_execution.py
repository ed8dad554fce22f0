"""StartSyncExecution for services that do not have it: start an execution and wait for its end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow

_SERVICE = "stepfunctions"
_FIRST_WAIT_S = 0.005
_LONGEST_WAIT_S = 0.25
_MEMBERS = (
    "executionArn",
    "stateMachineArn",
    "name",
    "startDate",
    "stopDate",
    "status",
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "error",
    "cause",
)


async def run(
    services: Services, parameters: Mapping[str, Any], timeout_s: float, region: str | None
) -> Answer:
    """Run a state machine and wait for its end.

    Parameters
    ----------
    parameters
        Those of StartSyncExecution.
    timeout_s
        Seconds that it may take.

    Returns
    -------
    Answer
        As StartSyncExecution answers.

    Raises
    ------
    TooSlow
        It did not end in time.
    Unreachable
        The service does not answer.
    """
    ends = time.monotonic() + timeout_s
    answer = await services.json(_SERVICE, "StartSyncExecution", parameters, timeout_s, region)
    if answer.status < 500:
        return answer
    # The embedded service starts executions, but does not wait for them.
    started = await services.json(_SERVICE, "StartExecution", parameters, timeout_s, region)
    if started.status != 200:
        return started
    execution = {"executionArn": json.loads(started.body)["executionArn"]}
    wait_s = _FIRST_WAIT_S
    while (left_s := ends - time.monotonic()) > 0:
        shown = await services.json(_SERVICE, "DescribeExecution", execution, left_s, region)
        if shown.status != 200:
            return shown
        told = json.loads(shown.body)
        if told["status"] != "RUNNING":
            body = {member: told[member] for member in _MEMBERS if told.get(member) is not None}
            return Answer(200, shown.headers, json.dumps(body).encode())
        await asyncio.sleep(min(wait_s, left_s))
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
    raise TooSlow(f"{execution['executionArn']} did not end within {timeout_s:g} s")

"""Tells EventBridge when an execution of a Standard state machine begins and ends."""

from __future__ import annotations

import logging
import sys
import uuid
from datetime import datetime, timezone
from typing import Any

log = logging.getLogger(__name__)

MOST_DATA_BYTES = 248 * 1024
"""Input and output that are longer together are not in the event (Step Functions Developer Guide,
eventbridge-integration)."""


def tell(execution: Any, output: str | None = None) -> None:
    """Pass an execution's status to the rules of its default event bus.

    Parameters
    ----------
    execution
        moto's execution.
    output
        Its output, JSON text; ``None`` if it has none.
    """
    found = sys.modules.get("moto.events.models")
    if found is None:  # nobody has used EventBridge
        return
    backend: Any = found.events_backends[execution.account_id][execution.region_name]
    rules = list(backend.event_buses["default"].rules.values())
    if not rules:
        return
    event = _event(execution, output)
    for rule in rules:
        try:
            rule.send_to_targets(event, transform_input=False)
        except Exception as error:
            log.warning("Step Functions could not pass an event to rule %s: %r", rule.arn, error)


def _event(execution: Any, output: str | None) -> dict[str, Any]:
    told: str = execution.execution_input
    included = len(told.encode()) + len((output or "").encode()) <= MOST_DATA_BYTES
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "region": execution.region_name,
        "resources": [execution.execution_arn],
        "detail": {
            "executionArn": execution.execution_arn,
            "stateMachineArn": execution.machine_arn,
            "name": execution.name,
            "status": execution.status,
            "startDate": _milliseconds(execution.start_date),
            "stopDate": _milliseconds(execution.stop_date),
            "input": told if included else None,
            "output": output if included else None,
            "inputDetails": {"included": included},
            "outputDetails": None if output is None else {"included": included},
            "stateMachineVersionArn": execution.version_arn,
            "stateMachineAliasArn": execution.alias_arn,
            "redriveCount": 0,
            "redriveDate": None,
            "redriveStatus": None,
            "redriveStatusReason": None,
            "error": execution.error,
            "cause": execution.cause,
        },
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)

"""What CloudFormation tells the default event bus: entries of EventBridge's ``PutEvents``.

Their members are those of CloudFormation's user guide, "CloudFormation events detail reference".
"""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.stacks.records.event_rows import DriftDetection, Event

_STACK, _RESOURCE, _DRIFT = (
    f"CloudFormation {what} Status Change" for what in ("Stack", "Resource", "Drift Detection")
)
_UNKNOWN_COUNT = -1
"""The number of drifted resources while it is not known."""


def of_event(event: Event) -> dict[str, Any]:
    """The entry for an event of a stack or of one of its resources."""
    detail: dict[str, Any] = {
        "stack-id": event.stack_id,
        "status-details": {"status": event.status, "status-reason": event.reason or ""},
        "client-request-token": event.token or "",
    }
    if event.physical_id == event.stack_id:
        return _entry(_STACK, event.stack_id, event.time, detail)
    detail["logical-resource-id"] = event.logical_id
    detail["physical-resource-id"] = event.physical_id
    detail["resource-type"] = event.type
    return _entry(_RESOURCE, event.stack_id, event.time, detail)


def of_detection(detection: DriftDetection) -> dict[str, Any]:
    """The entry for a detection of drift that began or ended."""
    ended = detection.status != "DETECTION_IN_PROGRESS"
    detail = {
        "stack-id": detection.stack_id,
        "stack-drift-detection-id": detection.id,
        "status-details": {
            "stack-drift-status": detection.drift_status,
            "detection-status": detection.status,
        },
        "drift-detection-details": {
            "drifted-stack-resource-count": detection.drifted if ended else _UNKNOWN_COUNT
        },
        "client-request-token": "",
    }
    return _entry(_DRIFT, detection.stack_id, detection.time, detail)


def _entry(kind: str, stack_id: str, moment: float, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "Source": "aws.cloudformation",
        "DetailType": kind,
        "Resources": [stack_id],
        "Time": moment,
        "Detail": json.dumps(detail),
    }

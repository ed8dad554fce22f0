"""Operations on drift: what differs from what was deployed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import lookup, paging, shown
from lambda_nb.engine.stacks.records.rows import Stack
from lambda_nb.engine.stacks.records.store import Store

_Asked = Mapping[str, Any]
_COMPARABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
)
"""Statuses in which AWS looks for drift (User Guide, "Detect drift on an entire CloudFormation
stack"; 2026)."""


class Drift:
    """Finds and tells drift.

    Parameters
    ----------
    store
        The records.
    stacks
        Finds it.
    """

    def __init__(self, store: Store, stacks: Stacks) -> None:
        self._store = store
        self._stacks = stacks

    def operations(self) -> dict[str, Callable[[_Asked], dict[str, Any]]]:
        """The handlers by the operations' names."""
        return {
            "DetectStackDrift": self.detect,
            "DetectStackResourceDrift": self.detect_resource,
            "DescribeStackDriftDetectionStatus": self.status,
            "DescribeStackResourceDrifts": self.describe,
        }

    def detect(self, asked: _Asked) -> dict[str, Any]:
        """Begin to look for drift in a stack."""
        stack = lookup.living(self._store, asked["StackName"])
        _check_status(stack)
        begun = self._stacks.detect_drift(stack, asked.get("LogicalResourceIds", ()))
        return {"StackDriftDetectionId": begun.id}

    def detect_resource(self, asked: _Asked) -> dict[str, Any]:
        """Look for drift of one resource."""
        stack = lookup.living(self._store, asked["StackName"])
        _check_status(stack)
        logical_id = asked["LogicalResourceId"]
        lookup.resource(self._store, stack, logical_id)
        self._stacks.detect_resource_drift(stack, logical_id)
        row = lookup.resource(self._store, stack, logical_id)
        return {"StackResourceDrift": shown.resource_drift(row)}

    def status(self, asked: _Asked) -> dict[str, Any]:
        """How far a detection of drift is."""
        wanted = asked["StackDriftDetectionId"]
        found = self._store.find_detection(wanted)
        if found is None:
            raise validation_error(f"Drift detection operation [{wanted}] does not exist")
        return {
            "StackId": found.stack_id,
            "StackDriftDetectionId": found.id,
            "StackDriftStatus": found.drift_status,
            "DetectionStatus": found.status,
            "DetectionStatusReason": found.reason,
            "DriftedStackResourceCount": found.drifted,
            "Timestamp": shown.moment(found.time),
        }

    def describe(self, asked: _Asked) -> dict[str, Any]:
        """What was found of the resources that were looked at."""
        stack = lookup.stack(self._store, asked["StackName"])
        wanted = asked.get("StackResourceDriftStatusFilters")
        rows = [
            shown.resource_drift(row)
            for row in self._store.resources(stack.id).values()
            if row.drift_checked is not None and (not wanted or row.drift_status in wanted)
        ]
        return paging.paged(rows, asked, "StackResourceDrifts")


def _check_status(stack: Stack) -> None:
    if stack.status not in _COMPARABLE:
        raise validation_error(
            f"Drift detection cannot be performed on stack [{stack.id}] while it is in "
            f"[{stack.status}] state"
        )

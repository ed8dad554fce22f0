"""Detections of drift: they compare all resources of a stack, in a thread."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterable

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying import drift
from lambda_nb.engine.stacks.deploying.operations import resumption
from lambda_nb.engine.stacks.deploying.operations.run import Parts, Run
from lambda_nb.engine.stacks.model import Properties, validation_error
from lambda_nb.engine.stacks.records.event_rows import DriftDetection
from lambda_nb.engine.stacks.records.hiding import hidden
from lambda_nb.engine.stacks.records.rows import Stack, StackResource
from lambda_nb.engine.stacks.records.store import Closed

_FOUND = ("actual", "differences")


class Detections:
    """Detects drift. What an earlier engine was about to detect has failed.

    Parameters
    ----------
    parts
        What operations share.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        for left in self._store.detections():
            if left.status == "DETECTION_IN_PROGRESS":
                why = resumption.REASON.strip()
                failed = dataclasses.replace(left, status="DETECTION_FAILED", reason=why)
                parts.journal.detection(failed)

    def begin(self, stack: Stack, logical_ids: Iterable[str] = ()) -> DriftDetection:
        """Begin to compare a stack's resources with what was deployed.

        Parameters
        ----------
        stack
            The stack.
        logical_ids
            Only these; all if there are none.
        """
        detection = DriftDetection(uuid4(), stack.id, "DETECTION_IN_PROGRESS", time.time())
        self._parts.journal.detection(detection)
        wanted = frozenset(logical_ids)
        threading.Thread(
            target=self._detect, args=(detection, wanted), name="stack drift", daemon=True
        ).start()
        return detection

    def check(self, stack: Stack, logical_id: str) -> None:
        """Compare one resource with what was deployed.

        Raises
        ------
        AWSError
            ``ValidationError``: there is no such resource.
        """
        row = self._store.resource(stack.id, logical_id)
        if row is None:
            raise validation_error(f"Resource {logical_id} does not exist for stack {stack.name}")
        run = Run(self._parts, stack.id)
        context = run.recording().context_without_record(logical_id, uuid4())
        found = drift.checked(row, self._parts.type_of(row.held.type), context)
        secrets = frozenset(row.held.secrets)
        found = {**found, **hidden({name: found[name] for name in _FOUND}, secrets)}
        self._store.change_resource(stack.id, logical_id, **found)

    def resource_now(self, row: StackResource) -> Properties | None:
        """A resource's properties as they are now, as :meth:`ResourceType.read` tells them."""
        recording = Run(self._parts, row.stack_id).recording()
        context = recording.context_without_record(row.logical_id, uuid4())
        return self._parts.type_of(row.held.type).read(context, row.held.made, row.held.properties)

    def _detect(self, detection: DriftDetection, wanted: frozenset[str]) -> None:
        now = time.time()
        why = []
        try:
            stack = self._store.stack(detection.stack_id)
            for name in self._store.resources(stack.id):
                if wanted and name not in wanted:
                    continue
                try:
                    self.check(stack, name)
                except Closed:
                    raise
                except Exception as error:  # the others are still compared
                    why.append(f"{name}: {error}")
            status, drifted = drift.total(self._store.resources(stack.id))
            self._store.change_stack(stack.id, drift_status=status, drift_checked=now)
            self._parts.journal.detection(
                DriftDetection(
                    detection.id,
                    stack.id,
                    "DETECTION_FAILED" if why else "DETECTION_COMPLETE",
                    now,
                    "; ".join(why) or None,
                    status,
                    drifted,
                )
            )
        except Closed:
            pass

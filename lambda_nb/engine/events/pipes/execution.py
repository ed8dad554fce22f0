"""Takes each batch of a pipe through its stages, and tells the poller how it ended."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.events.pipes.enrichments import Enrichment
from lambda_nb.engine.events.pipes.journal import Journal
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import StageError, Surroundings
from lambda_nb.engine.events.pipes.targets import Delivery, Target
from lambda_nb.engine.events.polled.mapping import Outcome
from lambda_nb.engine.model import InvocationResult
from lambda_nb.rules.events.pipes import templates

log = logging.getLogger(__name__)


class Executions:
    """Runs the stages of one pipe; implements :class:`~lambda_nb.engine.events.polled.mapping.Run`.

    Parameters
    ----------
    pipe
        The pipe.
    around
        What pipes need.
    journal
        Takes note of each step.
    """

    def __init__(self, pipe: Pipe, around: Surroundings, journal: Journal) -> None:
        self._pipe = pipe
        self._journal = journal
        self._enrichment = Enrichment(pipe, around) if pipe.enrichment else None
        self._target = Target(pipe, around)

    async def __call__(
        self, arn: str, event: Mapping[str, Any], source: str, trace: str | None = None
    ) -> Outcome:
        """Take one batch through the stages."""
        execution = str(uuid.uuid4())
        records: list[Any] = list(event["Records"])
        journal, began = self._journal, time.monotonic()
        journal.step(execution, "EXECUTION_STARTED", payload=records)
        journal.figure("Invocations", 1)
        journal.figure("EventCount", len(records))
        journal.figure("EventSize", len(json.dumps(records).encode()), "Bytes")
        try:
            failed = await self._staged(execution, records, trace)
        except StageError as error:
            journal.figure("ExecutionThrottled" if error.status == 429 else "ExecutionFailed", 1)
            journal.step(execution, "EXECUTION_FAILED", payload=records, error=error)
            return Outcome(execution, None, error.internal, str(error))
        except Exception as error:  # as for a secret without a password: the source must go on
            log.exception("pipe %s: a batch failed", self._pipe.name)
            reason = StageError(repr(error), status=500)
            journal.figure("ExecutionFailed", 1)
            journal.step(execution, "EXECUTION_FAILED", payload=records, error=reason)
            return Outcome(execution, None, False, repr(error))
        finally:
            journal.figure("Duration", (time.monotonic() - began) * 1000, "Milliseconds")
        journal.figure("ExecutionFailed", 0)
        kind = "EXECUTION_PARTIALLY_FAILED" if failed else "EXECUTION_SUCCEEDED"
        journal.figure("ExecutionPartiallyFailed", 1 if failed else 0)
        journal.step(execution, kind, payload=records)
        items = [{"itemIdentifier": identifier} for identifier in failed]
        payload = json.dumps({"batchItemFailures": items}).encode()
        return Outcome(execution, InvocationResult(execution, payload, ""))

    async def _staged(self, execution: str, records: Sequence[Any], trace: str | None) -> list[str]:
        """Run enrichment and target; returns the poller's identifiers of failed records."""
        events: Sequence[Any] = records
        if self._enrichment is not None:
            events = await self._enriched(execution, records, trace)
            if not events:
                self._journal.step(execution, "TARGET_STAGE_SKIPPED")
                return []
        template = self._pipe.target_parameters.get("InputTemplate")
        delivery = Delivery(self._transformed(template, events), events, execution, trace)
        self._journal.step(execution, "TARGET_STAGE_ENTERED", payload=delivery.inputs)
        self._journal.step(execution, "TARGET_INVOCATION_STARTED")
        began = time.monotonic()
        try:
            failed = await self._target.deliver(delivery)
        except StageError as error:
            self._journal.figure("TargetStageFailed", 1)
            self._journal.step(execution, "TARGET_INVOCATION_FAILED", error=error)
            self._journal.step(execution, "TARGET_STAGE_FAILED", error=error)
            raise
        finally:
            taken_ms = (time.monotonic() - began) * 1000
            self._journal.figure("TargetStageDuration", taken_ms, "Milliseconds")
        self._journal.figure("TargetStageFailed", 0)
        self._journal.figure("TargetStagePartiallyFailed", 1 if failed else 0)
        end = "PARTIALLY_FAILED" if failed else "SUCCEEDED"
        self._journal.step(execution, f"TARGET_INVOCATION_{end}")
        self._journal.step(execution, f"TARGET_STAGE_{end}")
        return _among(records, events, failed)

    async def _enriched(
        self, execution: str, records: Sequence[Any], trace: str | None
    ) -> list[Any]:
        assert self._enrichment is not None
        template = self._pipe.enrichment_parameters.get("InputTemplate")
        inputs = self._transformed(template, records)
        self._journal.step(execution, "ENRICHMENT_STAGE_ENTERED", payload=inputs)
        self._journal.step(execution, "ENRICHMENT_INVOCATION_STARTED")
        began = time.monotonic()
        try:
            events = await self._enrichment.ask(inputs, records, execution, trace)
        except StageError as error:
            self._journal.figure("EnrichmentStageFailed", 1)
            self._journal.step(execution, "ENRICHMENT_INVOCATION_FAILED", error=error)
            self._journal.step(execution, "ENRICHMENT_STAGE_FAILED", error=error)
            raise
        finally:
            taken_ms = (time.monotonic() - began) * 1000
            self._journal.figure("EnrichmentStageDuration", taken_ms, "Milliseconds")
        self._journal.figure("EnrichmentStageFailed", 0)
        self._journal.step(execution, "ENRICHMENT_INVOCATION_SUCCEEDED")
        self._journal.step(execution, "ENRICHMENT_STAGE_SUCCEEDED", payload=events)
        return events

    def _transformed(self, template: str | None, events: Sequence[Any]) -> list[Any]:
        if not template:
            return list(events)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        variables = {**self._pipe.variables, "aws.pipes.event.ingestion-time": now}
        return [templates.render(template, event, variables) for event in events]


def _among(
    records: Sequence[Any], events: Sequence[Any], failed: Sequence[str] | Sequence[int]
) -> list[str]:
    """The poller's identifiers of failed events; all of the batch if one of them is unknown.

    Records of Kafka have none, and what a function says of them counts for nothing (User Guide,
    eb-pipes-batching-concurrency).

    Raises
    ------
    StageError
        A target did not take all of Kafka's records.
    """
    if not failed:
        return []
    if not _shown(records[0]):
        if isinstance(failed[0], int):
            raise StageError(f"the target did not take {len(failed)} of {len(events)} events")
        return []
    known = {_shown(record): _identifier(record) for record in records}
    names = [_shown(events[one]) if isinstance(one, int) else one for one in failed]
    if any(name not in known for name in names):
        return list(known.values())
    return [known[name] for name in names]


def _shown(record: Any) -> str:
    """What a target calls a record: a message's id, or the id of a stream's event."""
    if not isinstance(record, dict):
        return ""
    return str(record.get("messageId") or record.get("eventID") or "")


def _identifier(record: Mapping[str, Any]) -> str:
    """What the poller calls a record: a message's id, or its sequence number."""
    inner = record.get("dynamodb") or record
    return str(record.get("messageId") or inner.get("SequenceNumber") or inner["sequenceNumber"])

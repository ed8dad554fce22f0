"""What a pipe writes of its executions: log records, and figures for CloudWatch.

Sources: EventBridge User Guide, eb-pipes-logs, eb-pipes-logs-schema, eb-pipes-monitoring (2026).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.events.pipes import callees
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import StageError, Surroundings

log = logging.getLogger(__name__)

NAMESPACE = "AWS/EventBridge/Pipes"
_LEVELS = ("OFF", "ERROR", "INFO", "TRACE")
_LEVEL_OF = {
    "EXECUTION_STARTED": "INFO",
    "EXECUTION_SUCCEEDED": "INFO",
    "EXECUTION_FAILED": "ERROR",
    "EXECUTION_PARTIALLY_FAILED": "ERROR",
    "EXECUTION_THROTTLED": "ERROR",
    "ENRICHMENT_STAGE_ENTERED": "INFO",
    "ENRICHMENT_STAGE_SUCCEEDED": "INFO",
    "ENRICHMENT_STAGE_FAILED": "ERROR",
    "ENRICHMENT_INVOCATION_STARTED": "TRACE",
    "ENRICHMENT_INVOCATION_SUCCEEDED": "TRACE",
    "ENRICHMENT_INVOCATION_FAILED": "ERROR",
    "TARGET_STAGE_ENTERED": "INFO",
    "TARGET_STAGE_SUCCEEDED": "INFO",
    "TARGET_STAGE_SKIPPED": "INFO",
    "TARGET_STAGE_FAILED": "ERROR",
    "TARGET_STAGE_PARTIALLY_FAILED": "ERROR",
    "TARGET_INVOCATION_STARTED": "TRACE",
    "TARGET_INVOCATION_SUCCEEDED": "TRACE",
    "TARGET_INVOCATION_FAILED": "ERROR",
    "TARGET_INVOCATION_PARTIALLY_FAILED": "ERROR",
}
_MOST_DATA = 900
_SOON_S = 0.5


class Journal:
    """Writes log records and figures of one pipe, a moment later and in batches.

    It also is the tally of the pipe's poller, which counts nothing of its own.

    Parameters
    ----------
    pipe
        The pipe.
    around
        What pipes need.
    """

    def __init__(self, pipe: Pipe, around: Surroundings) -> None:
        self._pipe = pipe
        self._around = around
        told: Mapping[str, Any] = pipe.told.get("LogConfiguration") or {}
        self._level = str(told.get("Level") or "OFF")
        self._with_data = "ALL" in (told.get("IncludeExecutionData") or ())
        self._told = told
        self._stream = f"{pipe.name}-{uuid.uuid4().hex[:8]}"
        self._lines: list[dict[str, Any]] = []
        self._figures: list[dict[str, Any]] = []
        self._task: asyncio.Task[None] | None = None
        self._prepared = False

    def add(self, name: str, events: int) -> None:
        """Count nothing."""

    def polled(self, events: int, let_through: int) -> None:
        """Count nothing."""

    def invoked(self, events: int, failed: int, *, ran: bool) -> None:
        """Count nothing."""

    def given_up(self, events: int, *, delivered: bool) -> None:
        """Count nothing, but say in the engine's log that records are gone."""
        where = "are in its dead-letter queue" if delivered else "are dropped"
        log.warning("pipe %s: %d records were given up and %s", self._pipe.name, events, where)

    def iterator_age(self, arrived_s: float) -> None:
        """Count nothing."""

    def offset_lag(self, records: int) -> None:
        """Count nothing."""

    def figure(self, name: str, value: float, unit: str = "Count") -> None:
        """Take note of a figure of the pipe."""
        self._figures.append(
            {
                "MetricName": name,
                "Dimensions": [{"Name": "PipeName", "Value": self._pipe.name}],
                "Timestamp": time.time(),
                "Value": value,
                "Unit": unit,
            }
        )
        self._write_soon()

    def step(
        self, execution: str, kind: str, *, payload: Any = None, error: StageError | None = None
    ) -> None:
        """Take note of a step of an execution, if the pipe's log level has it."""
        if error is not None:
            log.info("pipe %s: %s: %s", self._pipe.name, kind, error)
        if _LEVELS.index(_LEVEL_OF[kind]) > _LEVELS.index(self._level):
            return
        now_ms = int(time.time() * 1000)
        record: dict[str, Any] = {
            "resourceArn": self._pipe.arn,
            "timestamp": now_ms,
            "executionId": execution,
            "messageType": kind,
            "logLevel": self._level,
        }
        if self._with_data and payload is not None:
            record["payload"] = json.dumps(payload)
        if error is not None:
            record["error"] = {"httpStatusCode": error.status, "message": str(error)}
        self._lines.append({"timestamp": now_ms, "message": json.dumps(record)})
        self._write_soon()

    async def close(self) -> None:
        """Write what waits."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    def _write_soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(_SOON_S)
        await self._write()

    async def _write(self) -> None:
        figures, self._figures = self._figures, []
        lines, self._lines = self._lines, []
        try:
            for i in range(0, len(figures), _MOST_DATA):
                told = {"Namespace": NAMESPACE, "MetricData": figures[i : i + _MOST_DATA]}
                await callees.call_client(self._around, "cloudwatch", "put_metric_data", told)
            if lines:
                await self._write_lines(lines)
        except StageError as error:
            log.warning("pipe %s: figures or log records are lost: %s", self._pipe.name, error)

    async def _write_lines(self, lines: list[dict[str, Any]]) -> None:
        group_arn = (self._told.get("CloudwatchLogsLogDestination") or {}).get("LogGroupArn")
        if group_arn:
            where = {
                "logGroupName": group_arn.split(":")[6],
                "logStreamName": self._stream,
            }
            if not self._prepared:
                await callees.call_client(self._around, "logs", "create_log_stream", where)
                self._prepared = True
            told = {**where, "logEvents": lines}
            await callees.call_client(self._around, "logs", "put_log_events", told)
        text = "".join(f"{line['message']}\n" for line in lines).encode()
        stream_arn = (self._told.get("FirehoseLogDestination") or {}).get("DeliveryStreamArn")
        if stream_arn:
            told = {"DeliveryStreamName": stream_arn.rpartition("/")[2], "Record": {"Data": text}}
            await callees.call_client(self._around, "firehose", "put_record", told)
        bucket = self._told.get("S3LogDestination") or {}
        if bucket:
            day = time.strftime("%Y/%m/%d", time.gmtime())
            prefix = f"{bucket['Prefix'].rstrip('/')}/" if bucket.get("Prefix") else ""
            key = f"{prefix}{self._pipe.name}/{day}/{time.time_ns()}.json"
            told = {"Bucket": bucket["BucketName"], "Key": key, "Body": text}
            await callees.call_client(self._around, "s3", "put_object", told)

"""Real-time logs: records of chosen fields in a Kinesis data stream."""

from __future__ import annotations

import base64
import logging
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from lambda_nb.engine.aws_calls.json_calls import CallError
from lambda_nb.engine.edge.logs.values import realtime_values
from lambda_nb.engine.edge.model import Visit
from lambda_nb.engine.edge.settings import Distribution, RealtimeLog
from lambda_nb.engine.notices import Notice
from lambda_nb.rules.edge.log_fields import realtime_line, realtime_order

log = logging.getLogger(__name__)

RECORDS_A_CALL = 500
"""PutRecords takes no more (Kinesis API reference, 2026)."""

Sampled = tuple[Distribution, RealtimeLog, Visit]


class Call(Protocol):
    """Makes calls to Kinesis, as ``engine.aws_calls.json_calls.Calls`` does."""

    def __call__(
        self, service: str, region: str, operation: str, request: Mapping[str, Any]
    ) -> Awaitable[dict[str, Any]]:
        """Make one call."""


class RealtimeLogs:
    """Puts records of real-time logs into their streams.

    The role of a configuration is not asked: on this machine the engine itself writes.

    Parameters
    ----------
    call
        Makes calls to Kinesis.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._notices: dict[tuple[str, str], Notice] = {}

    async def write(self, entries: list[Sampled]) -> None:
        """Put a record for each visit and take it out of ``entries``.

        A stream that refuses records costs them, and it is said in the engine's log.

        Raises
        ------
        CallError
            With the code ``Unreachable``: Kinesis cannot be reached now. The entries that are left
            may be written later.
        """
        while entries:
            streams: dict[str, list[dict[str, str]]] = defaultdict(list)
            for distribution, told, visit in entries[:RECORDS_A_CALL]:
                fields = realtime_order(told.fields)
                line = realtime_line(realtime_values(distribution, visit), fields)
                record = {
                    "Data": base64.b64encode(line.encode("ascii")).decode(),
                    "PartitionKey": visit.viewer.request_id or "-",
                }
                streams[told.stream_arn].append(record)
            for arn, records in streams.items():
                await self._put(arn, records)
            del entries[:RECORDS_A_CALL]

    async def _put(self, arn: str, records: Sequence[Mapping[str, str]]) -> None:
        region = arn.split(":")[3] if arn.count(":") >= 5 else ""
        request = {"StreamARN": arn, "Records": records}
        try:
            answer = await self._call("kinesis", region or "us-east-1", "PutRecords", request)
        except CallError as error:
            if error.code == "Unreachable":
                raise
            self._warn(arn, f"{error.code}: {error.message}")
            return
        if answer.get("FailedRecordCount"):
            codes = {each.get("ErrorCode") for each in answer["Records"]} - {None}
            self._warn(arn, f"the stream refused records: {', '.join(sorted(map(str, codes)))}")

    def _warn(self, arn: str, why: str) -> None:
        text = f"real-time log records to {arn} are lost: {why}"
        self._notices.setdefault((arn, why), Notice(log, text)).warn()

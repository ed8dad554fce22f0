"""What CloudFront Functions print, in CloudWatch Logs.

CloudFront Developer Guide, edge-functions-logs and cloudfront-function-restrictions, 2026: one
group a function in us-east-1, whatever location ran it; streams named ``YYYY/M/D/UUID``; nothing
for a call that printed nothing; each line begins with the request's id; 10 KB a call.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from lambda_nb.engine.model import LogSink
from lambda_nb.rules.quotas import CF_FUNCTION_LOG_BYTES


class FunctionLogs:
    """Sends the lines.

    Parameters
    ----------
    sink
        Of us-east-1.
    """

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self._streams: dict[str, str] = {}

    def put(
        self, function: str, distribution: str, request_id: str, lines: Sequence[str], now_s: float
    ) -> None:
        """Log what one call printed. ``now_s`` is the time of the epoch."""
        if not lines:
            return
        group, stream = f"/aws/cloudfront/function/{function}", self._stream(function, now_s)
        at = int(now_s * 1000)
        told = [f"START DistributionID: {distribution}", *within_limit(lines), "END"]
        for line in told:
            self._sink.put(group, stream, at, f"{request_id} {line}")

    def _stream(self, function: str, now_s: float) -> str:
        """A function's stream of a day."""
        day = time.gmtime(now_s)
        prefix = f"{day.tm_year}/{day.tm_mon}/{day.tm_mday}/"
        stream = self._streams.get(function, "")
        if not stream.startswith(prefix):
            stream = self._streams[function] = f"{prefix}{uuid.uuid4()}"
        return stream


def within_limit(lines: Sequence[str]) -> list[str]:
    """As much of a call's lines as is kept."""
    left = CF_FUNCTION_LOG_BYTES.value
    kept = []
    for line in lines:
        raw = line.encode("utf-8", "replace")
        if left <= 0:
            break
        kept.append(line if len(raw) <= left else raw[:left].decode("utf-8", "ignore"))
        left -= len(raw)
    return kept

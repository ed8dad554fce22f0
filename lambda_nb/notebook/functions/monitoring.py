"""Read a function's logs and metrics from CloudWatch through boto3."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import UsageError, aws_errors

if TYPE_CHECKING:
    import pandas as pd

_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
METRICS = {
    "Invocations": "Sum",
    "Errors": "Sum",
    "Throttles": "Sum",
    "Duration": "Average",
    "ConcurrentExecutions": "Maximum",
}
"""Lambda's metrics and the most useful statistic of each; Duration is in milliseconds."""


@dataclass(frozen=True)
class LogEvent:
    """One event of a function's log; ``stream`` is the execution environment that wrote it."""

    time: datetime
    stream: str
    message: str


class Logs(list[LogEvent]):
    """Log events in order of time; displayed as text.

    Parameters
    ----------
    hint
        Where to look if there are none.
    """

    def __init__(self, function: str, events: Sequence[LogEvent], hint: str = "") -> None:
        super().__init__(events)
        self.function = function
        self.hint = hint

    @property
    def text(self) -> str:
        """The messages, one per line."""
        return "\n".join(event.message.rstrip("\n") for event in self)

    def tell_of(self, request_id: str) -> bool:
        """Whether they have the REPORT of this request (true if ``request_id`` is empty)."""
        return not request_id or any(
            request_id in event.message and "report" in event.message.lower() for event in self
        )

    def grep(self, pattern: str) -> Logs:
        """Only the events that match a regular expression."""
        found = re.compile(pattern)
        return Logs(self.function, [event for event in self if found.search(event.message)])

    def __repr__(self) -> str:
        nothing = f"no log of {self.function} in this time"
        return self.text or "; ".join(filter(None, [nothing, self.hint]))

    def _repr_html_(self) -> str:
        if not self:
            return display.card(display.line(display.dim(repr(self))))
        return display.card("<pre>", *(log_line(event) for event in self), "</pre>")


def log_line(event: LogEvent) -> str:
    """One event as HTML: Lambda's own lines are dim, errors are highlighted."""
    time = event.time.astimezone().strftime("%H:%M:%S.%f")[:-3]
    message = html.escape(event.message.rstrip("\n"))
    platform = event.message.startswith(("START ", "END ", "REPORT ", "INIT_"))
    if platform:
        message = f'<span class="lnb-dim">{message}</span>'
    elif "[ERROR]" in event.message:
        message = f'<span class="lnb-error">{message}</span>'
    return f'<span class="lnb-dim">{time}</span>  {message}\n'


def read_logs(client: Any, function: str, group: str, last: str, limit: int) -> Logs:
    """The last ``limit`` events of a log group within the time given (``"15min"``, ``"2h"``)."""
    begin = datetime.now(timezone.utc) - ago(last)
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=int(begin.timestamp() * 1000)
    )
    events: list[LogEvent] = []
    with aws_errors():
        try:
            for page in pages:
                events += [log_event(event) for event in page["events"]]
        except client.exceptions.ResourceNotFoundException:
            return Logs(function, [])
    return Logs(function, sorted(events, key=lambda event: event.time)[-limit:])


def log_event(event: dict[str, Any]) -> LogEvent:
    """Make a log event from one of ``FilterLogEvents``."""
    time = datetime.fromtimestamp(event["timestamp"] / 1000, timezone.utc)
    # Python's runtime joins the lines of one event with carriage returns.
    return LogEvent(time, event["logStreamName"], event["message"].replace("\r", "\n"))


def read_metrics(client: Any, function: str, last: str, period: int) -> pd.DataFrame:
    """Lambda's metrics for a function, one row per period (s) that has data."""
    import pandas as pd

    end = datetime.now(timezone.utc) + timedelta(seconds=period)
    queries = [
        {
            "Id": name.lower(),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": name,
                    "Dimensions": [{"Name": "FunctionName", "Value": function}],
                },
                "Period": period,
                "Stat": statistic,
            },
        }
        for name, statistic in METRICS.items()
    ]
    with aws_errors():
        told = client.get_metric_data(
            MetricDataQueries=queries, StartTime=end - ago(last), EndTime=end
        )["MetricDataResults"]
    of = {result["Id"]: pd.Series(result["Values"], result["Timestamps"]) for result in told}
    frame = pd.DataFrame({name: of.get(name.lower(), pd.Series(dtype=float)) for name in METRICS})
    frame.index = pd.to_datetime(frame.index, utc=True).rename("time")
    known: pd.DataFrame = frame.sort_index().dropna(how="all")
    return known


def ago(text: str) -> timedelta:
    """``"15min"`` as a span of time.

    Raises
    ------
    UsageError
        The text is not a number followed by s, min, h or d.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)", text)
    if match is None:
        raise UsageError(f"{text!r} is no span of time; write 30s, 15min, 2h or 7d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})

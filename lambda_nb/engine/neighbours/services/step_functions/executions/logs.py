"""What executions write to CloudWatch Logs, by the logging configuration of their state machine."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

_DATA = ("input", "inputDetails", "output", "outputDetails", "parameters")
"""What ``includeExecutionData: false`` leaves out."""
_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionSucceeded", "ExecutionTimedOut")


class _Configuration(NamedTuple):
    """What moto's interpreter asks of a logging session."""

    include_execution_data: bool


class ExecutionLog:
    """The log of one execution; replaces moto's logging session.

    Parameters
    ----------
    execution_arn
        The execution.
    machine_name
        The name of its state machine; the log stream is called after it.
    group
        Account, Region and name of the log group.
    configuration
        The state machine's ``loggingConfiguration``.
    """

    def __init__(
        self,
        execution_arn: str,
        machine_name: str,
        group: tuple[str, str, str],
        configuration: Mapping[str, Any],
    ) -> None:
        self.execution_arn = execution_arn
        # The interpreter would drop less than AWS does: it happens below.
        self.configuration = _Configuration(include_execution_data=True)
        self._with_data = bool(configuration.get("includeExecutionData"))
        self._level = configuration["level"]
        self._group = group
        now = datetime.now(timezone.utc)
        self._stream = f"states/{machine_name}/{now:%Y-%m-%d-%H-%M}/{uuid.uuid4().hex[:8]}"
        self._lock = threading.Lock()
        self._ended = False

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Whether events of a type are logged."""
        from moto.stepfunctions.parser.asl.eval.event.logging import is_logging_enabled_for

        return bool(is_logging_enabled_for(self._level, history_event_type))

    def publish_history_log(self, history_log: Mapping[str, Any]) -> None:
        """Write one event of the history.

        Parameters
        ----------
        history_log
            As moto makes it: ``event_timestamp`` is text.
        """
        kind = getattr(history_log["type"], "value", history_log["type"])
        with self._lock:
            if self._ended:  # a thread that did not see the execution's end
                return
            self._ended = kind in _ENDS
        told = datetime.fromisoformat(str(history_log["event_timestamp"]).replace("Z", "+00:00"))
        at = int(told.timestamp() * 1000)
        details = dict(history_log.get("details") or {})
        if not self._with_data:
            details = {name: value for name, value in details.items() if name not in _DATA}
        message = {
            "id": history_log["id"],
            "type": kind,
            "details": details,
            "redrive_count": "0",
            "previous_event_id": history_log["previous_event_id"],
            "event_timestamp": str(at),
            "execution_arn": self.execution_arn,
        }
        try:
            self._put(at, json.dumps(message, default=str))
        except Exception as error:  # as on AWS, an execution does not fail by its log
            log.warning("the log of %s cannot be written: %r", self.execution_arn, error)

    def _put(self, at: int, message: str) -> None:
        from moto.logs.models import logs_backends

        account, region, name = self._group
        backend: Any = logs_backends[account][region]
        with self._lock:
            if self._stream not in backend.groups[name].streams:
                backend.create_log_stream(name, self._stream)
        backend.put_log_events(name, self._stream, [{"timestamp": at, "message": message}])


def of_execution(execution_arn: str, machine: Any) -> ExecutionLog | None:
    """The log of a new execution; none if its state machine logs nothing."""
    configuration = machine.loggingConfiguration or {}
    if configuration.get("level", "OFF") == "OFF":
        return None
    group = log_group(configuration)
    return (
        None if group is None else ExecutionLog(execution_arn, machine.name, group, configuration)
    )


def log_group(configuration: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Account, Region and name of the log group of a logging configuration."""
    destinations = configuration.get("destinations") or []
    arn = (destinations[0].get("cloudWatchLogsLogGroup") or {}) if destinations else {}
    parts = str(arn.get("logGroupArn", "")).split(":", 6)
    if len(parts) != 7 or parts[2] != "logs" or parts[5] != "log-group":
        return None
    return parts[4], parts[3], parts[6].removesuffix(":*")


def check(configuration: Mapping[str, Any] | None) -> None:
    """Refuse a logging configuration that cannot work.

    Raises
    ------
    AWSError
        ``InvalidLoggingConfiguration``.
    """
    if not configuration or configuration.get("level", "OFF") == "OFF":
        return
    if len(configuration.get("destinations") or []) != 1:
        raise _refused("Must specify exactly one Log Destination.")
    group = log_group(configuration)
    if group is None:
        told = configuration["destinations"][0]
        raise _refused(f"{json.dumps(told)} has no ARN of a log group.")
    from moto.logs.models import logs_backends

    account, region, name = group
    if name not in logs_backends[account][region].groups:
        raise _refused(f"The log group {name} does not exist; create it first.")


def _refused(reason: str) -> Exception:
    from moto.core.exceptions import AWSError

    text = f"Invalid Logging Configuration: {reason}"
    return AWSError(text, exception_type="InvalidLoggingConfiguration", status=400)

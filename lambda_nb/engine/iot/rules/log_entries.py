"""AWS IoT's log in CloudWatch Logs, and who wants how much of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.iot.rules.actions.action import Origin
from lambda_nb.engine.model import LogSink

GROUP = "AWSIotLogsV2"

_LEVELS = {"DISABLED": 0, "ERROR": 1, "WARN": 2, "INFO": 3, "DEBUG": 4}
_NOBODY = "N/A"
_COMPACT = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Levels:
    """What is logged (configure-logging).

    Attributes
    ----------
    default : str
        The account's level; ``DISABLED`` for no log at all.
    events : mapping
        Level and log group by type of event, where they differ; either may be ``None``.
    targets : mapping
        Level by type and name of a target, such as ``("CLIENT_ID", "sensor-1")``. It overrides the
        others.
    """

    default: str = "DISABLED"
    events: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    targets: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def off(self) -> bool:
        """Whether nothing is ever logged."""
        return self.default == "DISABLED" and not self.events and not self.targets

    def group(self, level: str, event: str, origin: Origin) -> str | None:
        """The log group of an entry; ``None`` if it is not wanted."""
        wanted, group = self.events.get(event, (None, None))
        limit = self._of_target(origin) or wanted or self.default
        return (group or GROUP) if _LEVELS[level] <= _LEVELS.get(limit, 0) else None

    def _of_target(self, origin: Origin) -> str | None:
        sender = origin.message.sender
        if sender is None or not self.targets:
            return None
        for target in (
            ("CLIENT_ID", sender.client_id),
            ("PRINCIPAL_ID", sender.principal),
            ("SOURCE_IP", sender.source_ip),
        ):
            if target in self.targets:
                return self.targets[target]
        return None


def levels_of(options: Mapping[str, Any], targets: Mapping[str, Any]) -> Levels:
    """The levels in what GetV2LoggingOptions and ListV2LoggingLevels answer.

    Examples
    --------
    >>> levels_of({"defaultLogLevel": "INFO", "disableAllLogs": True}, {}).off
    True
    """
    if options.get("disableAllLogs"):
        return Levels()
    default = options.get("defaultLogLevel") or "DISABLED"
    named = {}
    for one in targets.get("logTargetConfigurations") or ():
        target = one["logTarget"]
        if target["targetType"] == "DEFAULT":
            default = one["logLevel"]
        else:
            named[target["targetType"], target.get("targetName", "")] = one["logLevel"]
    events = {
        one["eventType"]: (one.get("logLevel"), one.get("logDestination"))
        for one in options.get("eventConfigurations") or ()
    }
    return Levels(default, events, named)


class RuleLog:
    """Writes the entries of the rules engine.

    Parameters
    ----------
    logs
        Takes them.
    account
        Whose log it is.
    """

    def __init__(self, logs: LogSink, account: str) -> None:
        self._logs = logs
        self._account = account
        self._stream = f"{uuid.uuid4()}_{account}_0"
        self.levels = Levels()

    def matched(self, origin: Origin) -> None:
        """A message is one of a rule's topic filter."""
        self._write("INFO", "RuleMatch", origin, {})

    def starting(self, origin: Origin, action: str) -> None:
        """An action is about to begin."""
        self._write("DEBUG", "StartingRuleExecution", origin, {"ruleAction": action})

    def executed(
        self, origin: Origin, action: str, resources: Mapping[str, str], why: str | None = None
    ) -> None:
        """An action is done; or has failed, and ``why``."""
        told: dict[str, Any] = {"ruleAction": action, "resources": dict(resources)}
        if why is not None:
            told["details"] = why
        self._write("INFO" if why is None else "ERROR", "RuleExecution", origin, told)

    def function_failed(self, origin: Origin, why: str) -> None:
        """A call that a query makes to the world outside has failed."""
        self._write("ERROR", "FunctionExecution", origin, {"details": why})

    def not_found(self, origin: Origin) -> None:
        """Basic Ingest names a rule that is not there, or not enabled."""
        told = {"reason": "RuleNotFound", "details": f"Rule {origin.rule} not found"}
        self._write("ERROR", "RuleNotFound", origin, told)

    def _write(self, level: str, event: str, origin: Origin, told: Mapping[str, Any]) -> None:
        if self.levels.off:
            return
        group = self.levels.group(level, event, origin)
        if group is None:
            return
        now_ms = time.time_ns() // 1_000_000
        sender = origin.message.sender
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now_ms // 1000))
        entry = {
            "timestamp": f"{moment}.{now_ms % 1000:03d}",
            "logLevel": level,
            "traceId": origin.trace,
            "accountId": self._account,
            "status": "Failure" if level == "ERROR" else "Success",
            "eventType": event,
            "clientId": sender.client_id if sender else _NOBODY,
            "topicName": origin.topic,
            "ruleName": origin.rule,
            **told,
            "principalId": (sender.principal if sender else "") or _NOBODY,
        }
        self._logs.put(group, self._stream, now_ms, _COMPACT(entry))

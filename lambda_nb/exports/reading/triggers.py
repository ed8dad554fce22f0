"""What invokes functions: sources that Lambda polls, rules, schedules, and what is pushed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lambda_nb.exports.picture import Function, Trigger
from lambda_nb.exports.reading.asking import differing, pages
from lambda_nb.exports.reading.identifiers import Identifiers, pascal
from lambda_nb.exports.reading.pushes import Pushes
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.exports.reading.texts import Texts
from lambda_nb.projects.endpoint import Clients

_OF_MAPPINGS: dict[str, dict[str, Any]] = {
    "sqs": {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "ScalingConfig": {}},
    "stream": {
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "StartingPosition": None,
        "ParallelizationFactor": 1,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "BisectBatchOnFunctionError": False,
        "TumblingWindowInSeconds": 0,
    },
}
"""Defaults of event source mappings (AWS Lambda API reference, CreateEventSourceMapping)."""
_MAPPINGS = ("ProvisionedPollerConfig", "MetricsConfig", "LoggingConfig", "KMSKeyArn")
_TARGETS = ("RetryPolicy", "DeadLetterConfig")
_RETRIES = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
"""Defaults of EventBridge Scheduler (API reference, RetryPolicy)."""
_POLLED = {"sqs": "sqs", "dynamodb": "dynamodb", "kinesis": "kinesis"}


class Triggers:
    """Finds what invokes functions.

    Parameters
    ----------
    clients
        Of the endpoint.
    resources, texts
        Of the application; what invokes a function is entered into ``resources``.
    identifiers
        Gives triggers their ids.
    """

    def __init__(
        self, clients: Clients, resources: Resources, texts: Texts, identifiers: Identifiers
    ) -> None:
        self._clients = clients
        self._resources = resources
        self._texts = texts
        self._identifiers = identifiers
        self.notes: list[str] = []
        self._pushes = Pushes(clients, resources, identifiers, self.notes)

    def read(self, function: Function, arn: str) -> None:
        """Enter what invokes a function into it."""
        qualified = [arn] if function.alias is None else [arn, f"{arn}:{function.alias.name}"]
        for made in (
            *self._mappings(function, qualified),
            *self._pushes.of(function, qualified),
            *self._rules(qualified),
            *self._schedules(qualified),
        ):
            function.triggers.append(made)

    def _new(self, kind: str, name: str, source: str = "", **settings: Any) -> Trigger:
        return Trigger(kind, self._identifiers.new(name), source, settings)

    def _mappings(self, function: Function, arns: list[str]) -> Iterator[Trigger]:
        seen = set()
        for arn in arns:
            for told in pages(
                self._clients.client(),
                "list_event_source_mappings",
                "EventSourceMappings",
                FunctionName=arn,
            ):
                if told["UUID"] in seen:
                    continue
                seen.add(told["UUID"])
                source = told.get("EventSourceArn", "")
                service = source.split(":")[2] if source else "kafka"
                resource = self._resources.by_arn(source) if source else None
                if service not in _POLLED or resource is None:
                    self.notes.append(
                        f"{function.name}: the event source mapping of {source or 'Kafka'} is not "
                        "exported; add it to the project by hand"
                    )
                    continue
                self._of_these(f"{function.name}: of the event source mapping", told, _MAPPINGS)
                yield self._new(
                    _POLLED[service],
                    f"{function.name}-{resource.settings['OriginalName']}",
                    resource.id,
                    **self._of_mapping(service, told),
                )

    def _of_mapping(self, service: str, told: dict[str, Any]) -> dict[str, Any]:
        defaults = _OF_MAPPINGS["sqs" if service == "sqs" else "stream"]
        settings = differing(told, defaults)
        if settings.get("StartingPosition") == "AT_TIMESTAMP":
            settings["StartingPosition"] = "TRIM_HORIZON"  # the exported stream is a new one
        if told.get("FilterCriteria", {}).get("Filters"):
            settings["Filters"] = [one["Pattern"] for one in told["FilterCriteria"]["Filters"]]
        if told.get("FunctionResponseTypes"):
            settings["FunctionResponseTypes"] = list(told["FunctionResponseTypes"])
        failed = told.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if failed:
            settings["OnFailure"] = self._texts.of_arn(failed)
        if told.get("State") in ("Disabled", "Disabling"):
            settings["Enabled"] = False
        return settings

    def _rules(self, arns: list[str]) -> Iterator[Trigger]:
        events = self._clients.client("events")
        buses = [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]
        for bus in buses:
            for arn in arns:
                told = events.list_rule_names_by_target(TargetArn=arn, EventBusName=bus)
                for name in told["RuleNames"]:
                    yield from self._of_rule(events, arn, bus, name)

    def _of_rule(self, events: Any, arn: str, bus: str, name: str) -> Iterator[Trigger]:
        rule = events.describe_rule(Name=name, EventBusName=bus)
        resource = None if bus == "default" else self._resources.named("bus", bus)
        targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        others = sorted(one["Arn"] for one in targets if ":lambda:" not in one["Arn"])
        if others:
            self.notes.append(f"the rule {name}: what else it calls: {', '.join(others)}")
        for target in targets:
            if target["Arn"] != arn:
                continue
            self._of_these(f"the rule {name}: of its target", target, _TARGETS)
            settings = {key: target[key] for key in ("Input", "InputPath") if target.get(key)}
            if rule.get("State") == "DISABLED":
                settings["Enabled"] = False
            if target.get("InputTransformer"):
                settings["InputTransformer"] = dict(target["InputTransformer"])
            if rule.get("EventPattern"):
                settings["EventPattern"] = json.loads(rule["EventPattern"])
            if rule.get("ScheduleExpression"):
                settings["ScheduleExpression"] = rule["ScheduleExpression"]
            base = pascal(name.removeprefix("lambda-nb-"))
            identifier = f"{base}-{'Schedule' if 'ScheduleExpression' in settings else 'Events'}"
            yield self._new("rule", identifier, resource.id if resource else "", **settings)

    def _schedules(self, arns: list[str]) -> Iterator[Trigger]:
        scheduler = self._clients.client("scheduler")
        for one in pages(scheduler, "list_schedules", "Schedules"):
            if one.get("Target", {}).get("Arn") not in arns:
                continue
            told = scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"])
            self._of_schedule(told)
            settings = {"ScheduleExpression": told["ScheduleExpression"]}
            settings |= differing(told, {"ScheduleExpressionTimezone": "UTC", "Description": ""})
            if told.get("State") == "DISABLED":
                settings["Enabled"] = False
            if told["Target"].get("Input") not in (None, "", "{}"):
                settings["Input"] = told["Target"]["Input"]
            window = told.get("FlexibleTimeWindow", {})
            if window.get("Mode") == "FLEXIBLE":
                settings["MaximumWindowInMinutes"] = window["MaximumWindowInMinutes"]
            yield self._new("schedule", f"{one['Name']}-schedule", **settings)

    def _of_schedule(self, told: dict[str, Any]) -> None:
        """Say what a schedule has beside its times and its input."""
        where = f"the schedule {told['Name']}: its"
        self._of_these(where, told, ("StartDate", "EndDate", "KmsKeyArn"))
        self._of_these(where, told["Target"], ("DeadLetterConfig",))
        retries = told["Target"].get("RetryPolicy", {})
        if differing(retries, _RETRIES):
            self.notes.append(f"{where} RetryPolicy")
        if told.get("ActionAfterCompletion", "NONE") != "NONE":
            self.notes.append(f"{where} ActionAfterCompletion")
        if told.get("GroupName", "default") != "default":
            self.notes.append(f"{where} group {told['GroupName']}")

    def _of_these(self, where: str, told: dict[str, Any], keys: tuple[str, ...]) -> None:
        """Say which of these settings are there, and are not exported."""
        there = [key for key in keys if told.get(key)]
        if there:
            self.notes.append(f"{where} {', '.join(there)}")

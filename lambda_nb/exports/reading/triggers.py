"""What invokes functions: sources that Lambda polls, and services that call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lambda_nb.exports.picture import Function, Trigger
from lambda_nb.exports.reading.asking import Clients, differing, found, pages
from lambda_nb.exports.reading.identifiers import Identifiers, pascal
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.exports.reading.texts import Texts

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

    def read(self, function: Function, arn: str) -> None:
        """Enter what invokes a function into it."""
        qualified = [arn] if function.alias is None else [arn, f"{arn}:{function.alias.name}"]
        for made in (
            *self._mappings(function, qualified),
            *self._notifications(function, qualified),
            *self._subscriptions(qualified),
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
                yield self._new(
                    _POLLED[service],
                    f"{function.name}-{resource.settings['OriginalName']}",
                    resource.id,
                    **self._of_mapping(service, told),
                )

    def _of_mapping(self, service: str, told: dict[str, Any]) -> dict[str, Any]:
        defaults = _OF_MAPPINGS["sqs" if service == "sqs" else "stream"]
        settings = differing(told, defaults)
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

    def _statements(self, arns: list[str]) -> Iterator[tuple[str, str]]:
        """Who may invoke a function, and for what, by its resource policy."""
        for arn in arns:
            base, _, qualifier = arn.partition(":function:")[2].partition(":")
            named = {"FunctionName": base} | ({"Qualifier": qualifier} if qualifier else {})
            told = found(self._clients.client().get_policy, **named)
            if told is None:
                continue
            for statement in json.loads(told["Policy"])["Statement"]:
                principal = statement.get("Principal")
                service = principal.get("Service", "") if isinstance(principal, dict) else ""
                condition = statement.get("Condition", {})
                like = {**condition.get("ArnLike", {}), **condition.get("ArnEquals", {})}
                yield str(service), str(like.get("AWS:SourceArn") or like.get("aws:SourceArn", ""))

    def _notifications(self, function: Function, arns: list[str]) -> Iterator[Trigger]:
        for service, source in sorted(set(self._statements(arns))):
            if service == "s3.amazonaws.com":
                yield from self._of_bucket(function, arns, source)
            elif service.startswith("logs.") and ":log-group:" in source:
                yield from self._of_log_group(function, arns, source)
            elif service == "iot.amazonaws.com" and ":rule/" in source:
                yield from self._of_topic_rule(function, arns, source.rpartition("/")[2])
            elif service in _BY_HAND:
                self.notes.append(
                    f"{function.name}: {_BY_HAND[service]} {source} invokes it; that is not "
                    "exported"
                )

    def _of_bucket(self, function: Function, arns: list[str], source: str) -> Iterator[Trigger]:
        bucket = self._resources.by_arn(source)
        if bucket is None:
            return
        name = bucket.settings["OriginalName"]
        told = self._clients.client("s3").get_bucket_notification_configuration(Bucket=name)
        for one in told.get("LambdaFunctionConfigurations", ()):
            if one["LambdaFunctionArn"] not in arns:
                continue
            rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", ())
            filters = {rule["Name"].lower(): rule["Value"] for rule in rules if rule["Value"]}
            identifier = f"{function.name}-{name}"
            yield self._new("s3", identifier, bucket.id, Events=list(one["Events"]), Filter=filters)

    def _of_log_group(self, function: Function, arns: list[str], source: str) -> Iterator[Trigger]:
        group = self._resources.by_arn(source)
        if group is None:
            return
        name = group.settings["OriginalName"]
        logs = self._clients.client("logs")
        for one in pages(
            logs, "describe_subscription_filters", "subscriptionFilters", logGroupName=name
        ):
            if one["destinationArn"] in arns:
                pattern = one.get("filterPattern", "")
                identifier = f"{function.name}-{name.rpartition('/')[2]}"
                yield self._new("logs", identifier, group.id, FilterPattern=pattern)

    def _of_topic_rule(self, function: Function, arns: list[str], name: str) -> Iterator[Trigger]:
        told = found(self._clients.client("iot").get_topic_rule, ruleName=name)
        if told is None:
            return
        rule = told["rule"]
        calls = [one["lambda"]["functionArn"] for one in rule["actions"] if "lambda" in one]
        if set(calls) & set(arns):
            settings = {"Sql": rule["sql"]} | differing(rule, {"awsIotSqlVersion": "2015-10-08"})
            yield self._new("iot", f"{function.name}-topic", **settings)

    def _subscriptions(self, arns: list[str]) -> Iterator[Trigger]:
        sns = self._clients.client("sns")
        for one in pages(sns, "list_subscriptions", "Subscriptions"):
            topic = one["TopicArn"]
            if one["Endpoint"] not in arns or not one["SubscriptionArn"].startswith("arn:"):
                continue
            resource = self._resources.by_arn(topic)
            if resource is None:
                continue
            told = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])
            attributes = told["Attributes"]
            settings: dict[str, Any] = {}
            if attributes.get("FilterPolicy") not in (None, "", "{}"):
                settings["FilterPolicy"] = json.loads(attributes["FilterPolicy"])
                if attributes.get("FilterPolicyScope") == "MessageBody":
                    settings["FilterPolicyScope"] = "MessageBody"
            name = one["Endpoint"].split(":")[6]
            yield self._new(
                "sns", f"{name}-{resource.settings['OriginalName']}", resource.id, **settings
            )

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
        for target in targets:
            if target["Arn"] != arn:
                continue
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


_BY_HAND = {
    "cognito-idp.amazonaws.com": "the user pool",
    "lambda.alarms.cloudwatch.amazonaws.com": "the alarm",
    "elasticloadbalancing.amazonaws.com": "the target group",
    "secretsmanager.amazonaws.com": "the secret",
    "config.amazonaws.com": "the Config rule",
}
"""Services whose configuration is not exported."""

"""What services push to functions: notifications of buckets, topics, logs, AWS IoT rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lambda_nb.exports.picture import Function, Trigger
from lambda_nb.exports.reading.asking import differing, found, pages
from lambda_nb.exports.reading.identifiers import Identifiers
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.projects.endpoint import Clients


class Pushes:
    """Finds who calls functions, by their resource policies and by topics' subscriptions.

    Parameters
    ----------
    clients
        Of the endpoint.
    resources
        Where the sources are entered.
    identifiers
        Gives triggers their ids.
    notes
        Where it is told what is not exported.
    """

    def __init__(
        self, clients: Clients, resources: Resources, identifiers: Identifiers, notes: list[str]
    ) -> None:
        self._clients = clients
        self._resources = resources
        self._identifiers = identifiers
        self._notes = notes

    def of(self, function: Function, arns: list[str]) -> Iterator[Trigger]:
        """What is pushed to a function, or to its alias."""
        yield from self._by_permission(function, arns)
        yield from self._subscriptions(arns)

    def _new(self, kind: str, name: str, source: str = "", **settings: Any) -> Trigger:
        return Trigger(kind, self._identifiers.new(name), source, settings)

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
                if not isinstance(principal, dict):  # everybody, by the function's URL
                    continue
                service = principal.get("Service") or principal.get("AWS", "")
                condition = statement.get("Condition", {})
                like = {**condition.get("ArnLike", {}), **condition.get("ArnEquals", {})}
                yield str(service), str(like.get("AWS:SourceArn") or like.get("aws:SourceArn", ""))

    def _by_permission(self, function: Function, arns: list[str]) -> Iterator[Trigger]:
        statements = set(self._statements(arns))
        yield from self._of_buckets(function, arns, statements)
        for service, source in sorted(statements):
            if service == "s3.amazonaws.com":
                continue
            if service.startswith("logs.") and ":log-group:" in source:
                yield from self._of_log_group(function, arns, source)
            elif service == "iot.amazonaws.com" and ":rule/" in source:
                yield from self._of_topic_rule(function, arns, source.rpartition("/")[2])
            elif service not in _FOUND_OTHERWISE:
                what = _BY_HAND.get(service, service)
                self._notes.append(
                    f"{function.name}: {f'{what} {source}'.rstrip()} may invoke it; that is not "
                    "exported"
                )

    def _of_buckets(
        self, function: Function, arns: list[str], statements: set[tuple[str, str]]
    ) -> Iterator[Trigger]:
        sources = {source for service, source in statements if service == "s3.amazonaws.com"}
        names = {source.rpartition(":")[2] for source in sources}
        if "" in names or "*" in names:  # SAM permits all buckets of the account
            names = {one["Name"] for one in self._clients.client("s3").list_buckets()["Buckets"]}
        for name in sorted(names):
            yield from self._of_bucket(function, arns, name)

    def _of_bucket(self, function: Function, arns: list[str], name: str) -> Iterator[Trigger]:
        s3 = self._clients.client("s3")
        told = found(s3.get_bucket_notification_configuration, Bucket=name) or {}
        for one in told.get("LambdaFunctionConfigurations", ()):
            if one["LambdaFunctionArn"] not in arns:
                continue
            bucket = self._resources.named("bucket", name)
            if bucket is None:
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
            others = [next(iter(one)) for one in rule["actions"] if "lambda" not in one]
            others += ["the error action"] if rule.get("errorAction") else []
            if others:
                self._notes.append(
                    f"{function.name}: of the AWS IoT rule {name} only the call of the function is "
                    f"exported, not {', '.join(others)}"
                )
            if rule.get("ruleDisabled"):
                self._notes.append(
                    f"{function.name}: the AWS IoT rule {name} is disabled here, and is enabled "
                    "in the export"
                )
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
            if attributes.get("RedrivePolicy"):
                self._notes.append(f"{name}: the dead letters of its subscription to {topic}")
            yield self._new(
                "sns", f"{name}-{resource.settings['OriginalName']}", resource.id, **settings
            )


_FOUND_OTHERWISE = {f"{name}.amazonaws.com" for name in ("sns", "events", "apigateway")}
"""Services whose own settings lead to functions."""
_BY_HAND = {
    "cognito-idp.amazonaws.com": "the user pool",
    "lambda.alarms.cloudwatch.amazonaws.com": "the alarm",
    "elasticloadbalancing.amazonaws.com": "the target group",
    "secretsmanager.amazonaws.com": "the secret",
    "config.amazonaws.com": "the Config rule",
}
"""What is not exported of services, in words."""

"""``AWS::Logs::*``."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from engine_fixtures import Ear, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.monitoring.log_filters import (
    MetricFilter,
    QueryDefinition,
    SubscriptionFilter,
)
from lambda_nb.engine.stacks.types.monitoring.log_groups import (
    LogGroup,
    LogStream,
    ResourcePolicy,
)

SOURCE = """
import base64, gzip, json
def handler(event, context):
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    if data["messageType"] == "DATA_MESSAGE":
        for one in data["logEvents"]:
            say(one["message"])
"""


def group_of(engine: Engine, name: str) -> dict[str, Any]:
    groups = engine.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    (found,) = [one for one in groups if one["logGroupName"] == name]
    return dict(found)


def test_a_log_group(engine: Engine) -> None:
    lab, calls = Lab(engine, tags={"team": "a"}), engine.client("logs")
    tags = [{"Key": "x", "Value": "1"}]
    group = lab.create(LogGroup(), {"RetentionInDays": "7", "Tags": tags})
    assert group_of(engine, group.ref)["retentionInDays"] == 7
    assert group_of(engine, group.ref)["arn"] == group.attribute("Arn")
    read = group.type.read
    assert read(lab.context(), group.made, group.properties) == group.properties
    calls.put_retention_policy(logGroupName=group.ref, retentionInDays=30)
    now = read(lab.context(), group.made, group.properties)
    assert now is not None
    assert now["RetentionInDays"] == 30
    group = lab.update(group, {"RetentionInDays": 14})
    assert group_of(engine, group.ref)["retentionInDays"] == 14
    group = lab.update(group, {})
    assert "retentionInDays" not in group_of(engine, group.ref)
    with pytest.raises(Refused, match="class of a log group cannot be changed"):
        lab.update(group, {"LogGroupClass": "INFREQUENT_ACCESS"})
    arn = group.attribute("Arn").removesuffix(":*")
    kept = calls.list_tags_for_resource(resourceArn=arn)["tags"]
    assert kept["team"] == "a"
    assert "x" not in kept

    stream = lab.create(LogStream(), {"LogGroupName": group.ref}, "Stream")
    (told,) = calls.describe_log_streams(logGroupName=group.ref)["logStreams"]
    assert told["logStreamName"] == stream.ref
    lab.delete(stream)
    lab.delete(group)
    assert read(lab.context(), group.made, group.properties) is None


def test_a_group_that_is_there_is_not_taken_over(engine: Engine) -> None:
    lab = Lab(engine)
    group = lab.create(LogGroup(), {})
    code, _ = error_of(lambda: lab.create(LogGroup(), {"LogGroupName": group.ref}))
    assert code == "ResourceAlreadyExistsException"
    with pytest.raises(Refused, match="'soon', not a number"):
        lab.create(LogGroup(), {"RetentionInDays": "soon"})
    with pytest.raises(Refused, match="property DataProtectionPolicy of AWS::Logs::LogGroup"):
        lab.create(LogGroup(), {"DataProtectionPolicy": {}})


def test_log_events_go_to_a_function(engine: Engine, ear: Ear) -> None:
    lab, calls = Lab(engine), engine.client("logs")
    name = engine.create(ear.say + SOURCE)
    function = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    group = lab.create(LogGroup(), {}, "Group")
    engine.client().add_permission(
        FunctionName=name,
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
        SourceArn=group.attribute("Arn"),
    )
    place = {"LogGroupName": group.ref, "DestinationArn": function}
    chosen = lab.create(SubscriptionFilter(), {**place, "FilterPattern": "ERROR"}, "Filter")
    calls.create_log_stream(logGroupName=group.ref, logStreamName="s")

    def write(text: str) -> None:
        event = {"timestamp": int(time.time() * 1000), "message": text}
        calls.put_log_events(logGroupName=group.ref, logStreamName="s", logEvents=[event])

    write("fine")
    write("ERROR one")
    ear.wait(lambda heard: "ERROR one" in heard)
    chosen = lab.update(chosen, {**place, "FilterPattern": "WARN"})
    write("ERROR two")
    write("WARN three")
    ear.wait(lambda heard: "WARN three" in heard)
    assert "fine" not in ear.heard
    assert "ERROR two" not in ear.heard
    lab.delete(chosen)
    assert calls.describe_subscription_filters(logGroupName=group.ref)["subscriptionFilters"] == []


def test_metrics_queries_and_policies(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("logs")
    group = lab.create(LogGroup(), {}, "Group")
    metric = {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "$.a"}
    place = {"LogGroupName": group.ref, "FilterPattern": "{ $.a > 0 }"}
    counted = lab.create(MetricFilter(), {**place, "MetricTransformations": [metric]}, "Filter")
    by = {**metric, "Dimensions": [{"Key": "who", "Value": "$.who"}]}
    counted = lab.update(counted, {**place, "MetricTransformations": [by]})
    (told,) = calls.describe_metric_filters(logGroupName=group.ref)["metricFilters"]
    assert told["metricTransformations"][0]["dimensions"] == {"who": "$.who"}
    lab.delete(counted)

    query = lab.create(QueryDefinition(), {"Name": engine.name("q"), "QueryString": "fields a"})
    query = lab.update(query, {**query.properties, "QueryString": "fields b"})
    known = calls.describe_query_definitions()["queryDefinitions"]
    (found,) = [one for one in known if one["queryDefinitionId"] == query.ref]
    assert found["queryString"] == "fields b"
    lab.delete(query)

    policy = {"PolicyName": engine.name("p"), "PolicyDocument": json.dumps({"Statement": []})}
    made = lab.create(ResourcePolicy(), policy)
    policies = calls.describe_resource_policies()["resourcePolicies"]
    assert made.ref in {one["policyName"] for one in policies}
    lab.delete(made)

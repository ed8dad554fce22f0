"""``AWS::CloudWatch::*``, ``AWS::ApplicationAutoScaling::*`` and ``AWS::ResourceGroups::Group``."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import ROLE, Engine
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.data.tables import Table
from lambda_nb.engine.stacks.types.monitoring.alarms import Alarm, CompositeAlarm, Dashboard
from lambda_nb.engine.stacks.types.monitoring.groups import Group
from lambda_nb.engine.stacks.types.monitoring.scaling import ScalableTarget, ScalingPolicy

OF_ERRORS = {
    "Namespace": "tests",
    "MetricName": "errors",
    "Statistic": "Sum",
    "Period": "60",
    "EvaluationPeriods": 1,
    "Threshold": "1",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


def test_alarms(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("cloudwatch")
    dimensions = [{"Name": "a", "Value": "b"}]
    alarm = lab.create(
        Alarm(), {**OF_ERRORS, "Dimensions": dimensions, "AlarmDescription": "d"}, "Alarm"
    )
    alarm = lab.update(alarm, {**OF_ERRORS, "TreatMissingData": "breaching"})
    (told,) = calls.describe_alarms(AlarmNames=[alarm.ref])["MetricAlarms"]
    assert told["AlarmArn"] == alarm.attribute("Arn")
    assert told["TreatMissingData"] == "breaching"
    assert not told.get("Dimensions")
    assert not told.get("AlarmDescription")

    both = lab.create(CompositeAlarm(), {"AlarmRule": f"ALARM({alarm.ref})"}, "Both")
    both = lab.update(both, {"AlarmRule": f"OK({alarm.ref})"})
    (told,) = calls.describe_alarms(AlarmNames=[both.ref], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]
    assert told["AlarmRule"] == f"OK({alarm.ref})"
    lab.delete(both)
    lab.delete(alarm)
    assert calls.describe_alarms(AlarmNames=[alarm.ref])["MetricAlarms"] == []


def test_dashboards(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("cloudwatch")
    dashboard = lab.create(Dashboard(), {"DashboardBody": '{"widgets": []}'})
    widget = {"type": "text", "properties": {"markdown": "a"}}
    dashboard = lab.update(dashboard, {"DashboardBody": {"widgets": [widget]}})
    body = calls.get_dashboard(DashboardName=dashboard.ref)["DashboardBody"]
    assert json.loads(body) == {"widgets": [widget]}
    lab.delete(dashboard)


def test_scaling(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("application-autoscaling")
    table = lab.create(
        Table(),
        {
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": "1", "WriteCapacityUnits": "1"},
        },
        "Table",
        without=("StreamArn",),
    )
    properties = {
        "ResourceId": f"table/{table.ref}",
        "ServiceNamespace": "dynamodb",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": "1",
        "MaxCapacity": 5,
        "RoleARN": ROLE,
    }
    action = {"ScheduledActionName": "n", "Schedule": "rate(1 hour)"}
    target = lab.create(ScalableTarget(), {**properties, "ScheduledActions": [action]}, "Target")
    target = lab.update(target, {**properties, "MaxCapacity": 7})
    (told,) = calls.describe_scalable_targets(
        ServiceNamespace="dynamodb", ResourceIds=[properties["ResourceId"]]
    )["ScalableTargets"]
    assert (told["MinCapacity"], told["MaxCapacity"]) == (1, 7)
    scheduled = calls.describe_scheduled_actions(
        ServiceNamespace="dynamodb", ResourceId=properties["ResourceId"]
    )
    assert scheduled["ScheduledActions"] == []

    measure = {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
    tracking = {"TargetValue": 50, "PredefinedMetricSpecification": measure}
    rule = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
    policy = lab.create(
        ScalingPolicy(),
        {
            **rule,
            "ScalingTargetId": target.ref,
            "TargetTrackingScalingPolicyConfiguration": tracking,
        },
        "Policy",
    )
    (told,) = calls.describe_scaling_policies(
        ServiceNamespace="dynamodb", ResourceId=properties["ResourceId"]
    )["ScalingPolicies"]
    assert told["PolicyARN"] == policy.ref
    lab.delete(policy)
    lab.delete(target)
    with pytest.raises(Refused, match="is not what Ref of a ScalableTarget gives"):
        lab.create(ScalingPolicy(), {**rule, "ScalingTargetId": "x"})


def test_a_group_of_the_stacks_own_resources(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("resource-groups")
    name = engine.name("group")
    group = lab.create(
        Group(), {"Name": name, "ResourceQuery": {"Type": "CLOUDFORMATION_STACK_1_0"}}
    )
    query = calls.get_group_query(GroupName=name)["GroupQuery"]["ResourceQuery"]
    assert json.loads(query["Query"])["StackIdentifier"] == group.context.stack_id
    by_tags = {"TagFilters": [{"Key": "a", "Values": ["b"]}]}
    group = lab.update(
        group, {"Name": name, "ResourceQuery": {"Type": "TAG_FILTERS_1_0", "Query": by_tags}}
    )
    query = calls.get_group_query(GroupName=name)["GroupQuery"]["ResourceQuery"]
    assert json.loads(query["Query"])["TagFilters"] == by_tags["TagFilters"]
    lab.delete(group)

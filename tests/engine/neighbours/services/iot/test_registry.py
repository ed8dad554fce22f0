"""Things, types, groups, attachments, rules and settings, as people and Terraform use them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from engine_fixtures import Engine
from iot_certificates import Maker, request
from moto.iot.responses import IoTResponse

from lambda_nb.engine.neighbours.services.iot import operations

SQS = {"sqs": {"queueUrl": "http://q", "roleArn": "arn:aws:iam::000000000000:role/r"}}


@pytest.fixture(scope="module")
def iot(engine: Engine) -> Any:
    return engine.client("iot")


def test_a_thing_has_versions_and_few_attributes_without_a_type(engine: Engine, iot: Any) -> None:
    name = engine.name("thing")
    made = iot.create_thing(thingName=name, attributePayload={"attributes": {"a": "1"}})
    same = iot.create_thing(thingName=name, attributePayload={"attributes": {"a": "1"}})
    assert same["thingId"] == made["thingId"]
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        iot.create_thing(thingName=name)
    many = {"attributes": {str(number): "x" for number in range(4)}}
    with pytest.raises(iot.exceptions.InvalidRequestException, match="at most 3"):
        iot.update_thing(thingName=name, attributePayload=many)
    iot.update_thing(thingName=name, attributePayload={"attributes": {"b": "2"}, "merge": True})
    told = iot.describe_thing(thingName=name)
    assert (told["version"], told["attributes"]) == (2, {"a": "1", "b": "2"})
    with pytest.raises(iot.exceptions.VersionConflictException):
        iot.delete_thing(thingName=name, expectedVersion=1)
    group = engine.name("group")
    iot.create_thing_group(thingGroupName=group)
    iot.add_thing_to_thing_group(thingGroupName=group, thingName=name)
    iot.delete_thing(thingName=name, expectedVersion=2)
    assert iot.list_things_in_thing_group(thingGroupName=group)["things"] == []
    iot.delete_thing(thingName=name)


def test_a_type_goes_when_it_is_deprecated_and_has_no_things(engine: Engine, iot: Any) -> None:
    kind, thing = engine.name("type"), engine.name("thing")
    made = iot.create_thing_type(thingTypeName=kind, tags=[{"Key": "a", "Value": "b"}])
    iot.create_thing(thingName=thing, thingTypeName=kind)
    with pytest.raises(iot.exceptions.InvalidRequestException, match="not deprecated"):
        iot.delete_thing_type(thingTypeName=kind)
    iot.deprecate_thing_type(thingTypeName=kind)
    told = iot.describe_thing_type(thingTypeName=kind)["thingTypeMetadata"]
    assert told["deprecated"] is True
    assert told["deprecationDate"]
    with pytest.raises(iot.exceptions.InvalidRequestException, match="still has things"):
        iot.delete_thing_type(thingTypeName=kind)
    iot.update_thing(thingName=thing, removeThingType=True)
    iot.delete_thing_type(thingTypeName=kind)
    assert iot.list_tags_for_resource(resourceArn=made["thingTypeArn"])["tags"] == []


def test_a_group_without_its_parent_is_refused(engine: Engine, iot: Any) -> None:
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.create_thing_group(thingGroupName=engine.name("group"), parentGroupName="no-such")
    with pytest.raises(ClientError, match="does not implement the operation CreateDynamicThing"):
        iot.create_dynamic_thing_group(thingGroupName="dynamic", queryString="*")


def test_an_exclusive_attachment_is_the_only_one(engine: Engine, iot: Any) -> None:
    one, another = engine.name("thing"), engine.name("thing")
    for name in (one, another):
        iot.create_thing(thingName=name)
    principal = iot.create_keys_and_certificate(setAsActive=True)["certificateArn"]
    iot.attach_thing_principal(
        thingName=one, principal=principal, thingPrincipalType="EXCLUSIVE_THING"
    )
    with pytest.raises(iot.exceptions.InvalidRequestException, match="exclusive"):
        iot.attach_thing_principal(thingName=another, principal=principal)
    things = iot.list_principal_things_v2(principal=principal)["principalThingObjects"]
    assert things == [{"thingName": one, "thingPrincipalType": "EXCLUSIVE_THING"}]
    iot.detach_thing_principal(thingName=one, principal=principal)
    iot.attach_thing_principal(thingName=another, principal=principal)
    listed = iot.list_thing_principals_v2(thingName=another)["thingPrincipalObjects"]
    assert listed == [{"principal": principal, "thingPrincipalType": "NON_EXCLUSIVE_THING"}]


def test_a_rule_is_kept_as_it_was_given(engine: Engine, iot: Any) -> None:
    name = engine.name("rule").replace("-", "_")
    payload = {
        "sql": "SELECT * FROM 'a/+/b'",
        "description": "It tells",
        "actions": [{"republish": {"roleArn": "arn:aws:iam::0:role/r", "topic": "b", "qos": 1}}],
        "errorAction": SQS,
        "awsIotSqlVersion": "2016-03-23",
    }
    iot.create_topic_rule(ruleName=name, topicRulePayload=payload, tags="a=b&c=d%20e")
    with pytest.raises(iot.exceptions.ResourceAlreadyExistsException):
        iot.create_topic_rule(ruleName=name, topicRulePayload=payload)
    told = iot.get_topic_rule(ruleName=name)
    rule = told["rule"]
    assert {field: rule[field] for field in payload} == payload
    tags = iot.list_tags_for_resource(resourceArn=told["ruleArn"])["tags"]
    assert tags == [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d e"}]
    iot.untag_resource(resourceArn=told["ruleArn"], tagKeys=["a"])
    assert len(iot.list_tags_for_resource(resourceArn=told["ruleArn"])["tags"]) == 1
    iot.disable_topic_rule(ruleName=name)
    assert iot.get_topic_rule(ruleName=name)["rule"]["ruleDisabled"] is True
    listed = iot.list_topic_rules(topic="a/+/b", ruleDisabled=True)["rules"]
    assert [one["ruleName"] for one in listed] == [name]
    changed = {"sql": "SELECT a FROM 'c'", "actions": [SQS]}
    iot.replace_topic_rule(ruleName=name, topicRulePayload=changed)
    replaced = iot.get_topic_rule(ruleName=name)["rule"]
    assert replaced["sql"] == changed["sql"]
    assert "errorAction" not in replaced
    assert replaced["createdAt"] == rule["createdAt"]
    iot.delete_topic_rule(ruleName=name)
    with pytest.raises(iot.exceptions.UnauthorizedException):
        iot.get_topic_rule(ruleName=name)


def test_a_destination_waits_for_its_confirmation(engine: Engine, iot: Any) -> None:
    url = f"http://127.0.0.1:9/{engine.name('url')}"
    wanted = {"httpUrlConfiguration": {"confirmationUrl": url}}
    made = iot.create_topic_rule_destination(destinationConfiguration=wanted)
    arn = made["topicRuleDestination"]["arn"]
    assert made["topicRuleDestination"]["status"] == "IN_PROGRESS"
    with pytest.raises(iot.exceptions.ConflictingResourceUpdateException):
        iot.create_topic_rule_destination(destinationConfiguration=wanted)
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.confirm_topic_rule_destination(confirmationToken="a guess")
    iot.update_topic_rule_destination(arn=arn, status="DISABLED")
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.update_topic_rule_destination(arn=arn, status="ERROR")
    (summary,) = [
        one
        for one in iot.list_topic_rule_destinations()["destinationSummaries"]
        if one["arn"] == arn
    ]
    assert (summary["status"], summary["httpUrlSummary"]["confirmationUrl"]) == ("DISABLED", url)
    iot.delete_topic_rule_destination(arn=arn)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.get_topic_rule_destination(arn=arn)
    vpc = {"subnetIds": ["s"], "vpcId": "v", "roleArn": "arn:aws:iam::000000000000:role/r"}
    with pytest.raises(iot.exceptions.InvalidRequestException, match="no VPCs"):
        iot.create_topic_rule_destination(destinationConfiguration={"vpcConfiguration": vpc})


def test_a_thing_is_registered_by_a_template(engine: Engine, iot: Any) -> None:
    maker, policy, group = Maker(), engine.name("policy"), engine.name("group")
    document = '{"Statement": {"Effect": "Allow", "Action": "iot:*", "Resource": "*"}}'
    iot.create_policy(policyName=policy, policyDocument=document)
    iot.create_thing_group(thingGroupName=group)
    body = {
        "Parameters": {
            "Serial": {"Type": "String"},
            "Pem": {"Type": "String"},
            "Kind": {"Type": "String", "Default": "warm"},
        },
        "Mappings": {"Rooms": {"warm": {"name": "kitchen"}}},
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {
                    "ThingName": {"Fn::Join": ["-", [engine.name("t"), {"Ref": "Serial"}]]},
                    "AttributePayload": {
                        "room": {"Fn::FindInMap": ["Rooms", {"Ref": "Kind"}, "name"]},
                        "label": {"Fn::Sub": "no-${Serial}"},
                        "end": {"Fn::Select": ["1", {"Fn::Split": ["-", "a-b"]}]},
                    },
                    "ThingGroups": [group],
                },
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificatePem": {"Ref": "Pem"}, "Status": "ACTIVE"},
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
        },
    }
    given = {"Serial": "7", "Pem": maker.certificate("sensor")}
    made = iot.register_thing(templateBody=json.dumps(body), parameters=given)["resourceArns"]
    thing = made["thing"].rpartition("/")[2]
    attributes = iot.describe_thing(thingName=thing)["attributes"]
    assert attributes == {"room": "kitchen", "label": "no-7", "end": "b"}
    assert iot.list_thing_principals(thingName=thing)["principals"] == [made["certificate"]]
    attached = iot.list_attached_policies(target=made["certificate"])["policies"]
    assert [one["policyName"] for one in attached] == [policy]
    groups = iot.list_thing_groups_for_thing(thingName=thing)["thingGroups"]
    assert [one["groupName"] for one in groups] == [group]
    with pytest.raises(iot.exceptions.InvalidRequestException, match="parameter Serial"):
        iot.register_thing(templateBody=json.dumps(body), parameters={})


def test_a_template_has_versions(engine: Engine, iot: Any) -> None:
    name = engine.name("template")
    body = json.dumps(
        {"Resources": {"t": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "x"}}}}
    )
    role = "arn:aws:iam::000000000000:role/r"
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.create_provisioning_template(
            templateName=name, templateBody="{}", provisioningRoleArn=role
        )
    iot.create_provisioning_template(templateName=name, templateBody=body, provisioningRoleArn=role)
    made = iot.create_provisioning_template_version(
        templateName=name, templateBody=body, setAsDefault=True
    )
    assert (made["versionId"], made["isDefaultVersion"]) == (2, True)
    told = iot.describe_provisioning_template(templateName=name)
    assert (told["defaultVersionId"], told["enabled"]) == (2, False)
    with pytest.raises(iot.exceptions.DeleteConflictException):
        iot.delete_provisioning_template(templateName=name)
    iot.delete_provisioning_template_version(templateName=name, versionId=1)
    iot.delete_provisioning_template(templateName=name)
    listed = iot.list_provisioning_templates()["templates"]
    assert name not in [one["templateName"] for one in listed]


def test_an_authorizer_goes_when_it_is_inactive_and_not_the_default(
    engine: Engine, iot: Any
) -> None:
    name = engine.name("authorizer")
    function = "arn:aws:lambda:us-east-1:000000000000:function:f"
    with pytest.raises(iot.exceptions.InvalidRequestException, match="tokenKeyName"):
        iot.create_authorizer(authorizerName=name, authorizerFunctionArn=function)
    with pytest.raises(iot.exceptions.InvalidRequestException, match="public key first"):
        iot.create_authorizer(
            authorizerName=name,
            authorizerFunctionArn=function,
            tokenKeyName="token",
            tokenSigningPublicKeys={"first": "no key"},
        )
    iot.create_authorizer(
        authorizerName=name, authorizerFunctionArn=function, signingDisabled=True, status="ACTIVE"
    )
    with pytest.raises(iot.exceptions.DeleteConflictException, match="INACTIVE"):
        iot.delete_authorizer(authorizerName=name)
    iot.update_authorizer(authorizerName=name, status="INACTIVE")
    told = iot.describe_authorizer(authorizerName=name)["authorizerDescription"]
    assert (told["status"], told["signingDisabled"]) == ("INACTIVE", True)
    iot.delete_authorizer(authorizerName=name)
    listed = iot.list_authorizers()["authorizers"]
    assert name not in [one["authorizerName"] for one in listed]


def test_every_endpoint_is_the_engines(engine: Engine, iot: Any) -> None:
    address = engine.url.removeprefix("http://")
    for kind in ("iot:CredentialProvider", "iot:Data", "iot:Data-ATS", "iot:Jobs"):
        assert iot.describe_endpoint(endpointType=kind)["endpointAddress"] == address
    assert iot.describe_endpoint()["endpointAddress"] == address
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.describe_endpoint(endpointType="iot:Mail")


def test_the_index_is_searched_once_it_is_switched_on(engine: Engine) -> None:
    iot = engine.client("iot", region_name="eu-central-1")
    iot.create_thing(thingName="sensor", attributePayload={"attributes": {"room": "kitchen"}})
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.search_index(queryString="thingName:sen*")
    iot.update_indexing_configuration(thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"})
    (found,) = iot.search_index(queryString="thingName:sen* AND attributes.room:kitchen")["things"]
    assert (found["thingName"], found["attributes"]) == ("sensor", {"room": "kitchen"})
    assert "connectivity" not in found
    assert iot.list_indices()["indexNames"] == ["AWS_Things"]
    with pytest.raises(iot.exceptions.InvalidQueryException):
        iot.search_index(queryString="shadow.reported.on:true")


def test_settings_of_logs_and_events_are_kept(engine: Engine) -> None:
    iot = engine.client("iot", region_name="eu-central-1")
    with pytest.raises(iot.exceptions.NotConfiguredException):
        iot.get_v2_logging_options()
    role = "arn:aws:iam::000000000000:role/r"
    iot.set_v2_logging_options(roleArn=role, defaultLogLevel="ERROR")
    told = iot.get_v2_logging_options()
    assert (told["roleArn"], told["defaultLogLevel"], told["disableAllLogs"]) == (
        role,
        "ERROR",
        False,
    )
    target = {"targetType": "THING_GROUP", "targetName": "g"}
    iot.set_v2_logging_level(logTarget=target, logLevel="DEBUG")
    levels = iot.list_v2_logging_levels()["logTargetConfigurations"]
    assert levels == [{"logTarget": target, "logLevel": "DEBUG"}]
    iot.delete_v2_logging_level(targetType="THING_GROUP", targetName="g")
    assert iot.list_v2_logging_levels()["logTargetConfigurations"] == []
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True}})
    events = iot.describe_event_configurations()["eventConfigurations"]
    assert [kind for kind, told in events.items() if told["Enabled"]] == ["THING"]


def test_what_nobody_has_is_refused_with_its_name(iot: Any) -> None:
    with pytest.raises(ClientError) as error:
        iot.list_security_profiles()
    told = error.value.response
    assert told["Error"]["Code"] == "NotImplementedException"
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "ListSecurityProfiles" in told["Error"]["Message"]


def test_many_devices_enrol_at_the_same_time(engine: Engine) -> None:
    """Sixteen threads; moto alone cannot change and read its dictionaries at once."""
    pool = Config(retries={"total_max_attempts": 1}, max_pool_connections=16)
    iot, prefix = engine.client("iot", config=pool), engine.name("crowd")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*",
                "Resource": "*"}]}  # fmt: skip
    iot.create_policy(policyName=prefix, policyDocument=json.dumps(document))
    asked = request(prefix, ec.generate_private_key(ec.SECP256R1()))

    def enrol(number: int) -> str:
        name = f"{prefix}-{number}"
        iot.create_thing(thingName=name)
        made = iot.create_certificate_from_csr(certificateSigningRequest=asked, setAsActive=True)
        arn = str(made["certificateArn"])
        iot.attach_policy(policyName=prefix, target=arn)
        iot.attach_thing_principal(thingName=name, principal=arn)
        assert iot.list_principal_things(principal=arn)["things"] == [name]
        return arn

    with ThreadPoolExecutor(16) as threads:
        arns = set(threads.map(enrol, range(200)))
    assert len(arns) == 200
    targets = iot.list_targets_for_policy(policyName=prefix, pageSize=250)["targets"]
    assert set(targets) == arns


def test_a_call_waits_for_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most, drawn = 0, 0, []

    def dispatch(self: Any, request: Any) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.01)
        now -= 1

    monkeypatch.setattr(IoTResponse, "_dispatch", dispatch)
    operations.one_at_a_time({("POST", "/keys-and-certificate"): lambda: drawn.append(now)})
    calls = [SimpleNamespace(method="POST", path="/keys-and-certificate")] * 8
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda call: IoTResponse._dispatch(None, call), calls))
    assert (most, len(drawn)) == (1, 8)

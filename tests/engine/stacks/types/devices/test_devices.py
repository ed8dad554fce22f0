"""``AWS::IoT::*``."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import ROLE, Engine, error_of
from iot_certificates import Maker
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.devices.admission import (
    Authorizer,
    DomainConfiguration,
    ProvisioningTemplate,
    RoleAlias,
)
from lambda_nb.engine.stacks.types.devices.certificates import (
    Certificate,
    Policy,
    PolicyPrincipalAttachment,
    ThingPrincipalAttachment,
)
from lambda_nb.engine.stacks.types.devices.things import Thing, ThingGroup, ThingType
from lambda_nb.engine.stacks.types.devices.topic_rules import TopicRule, TopicRuleDestination
from lambda_nb.engine.stacks.types.messaging.queues import Queue

TAGS = [{"Key": "x", "Value": "1"}]
CONTROLS = {"Version": "2012-10-17"}


def policy_for(topic: str) -> dict[str, object]:
    allowed = {"Effect": "Allow", "Action": "iot:Publish", "Resource": f"*topic/{topic}"}
    return {**CONTROLS, "Statement": [allowed]}


def test_a_topic_rule_sends_what_its_statement_chooses(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sqs")
    queue = lab.create(Queue(), {})
    action = {"Sqs": {"QueueUrl": queue.ref, "RoleArn": ROLE, "UseBase64": "false"}}
    topic = engine.name("topic")

    def payload(condition: str) -> dict[str, object]:
        sql = f"SELECT n FROM '{topic}' WHERE {condition}"
        return {"TopicRulePayload": {"Sql": sql, "Actions": [action]}, "Tags": TAGS}

    rule = lab.create(TopicRule(), payload("n > 5"), "Rule")
    assert "-" not in rule.ref

    def publish(number: int) -> None:
        engine.client("iot-data", endpoint_url=engine.url).publish(
            topic=topic, qos=1, payload=json.dumps({"n": number})
        )

    def received() -> object:
        (message,) = calls.receive_message(QueueUrl=queue.ref, WaitTimeSeconds=10)["Messages"]
        calls.delete_message(QueueUrl=queue.ref, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])

    publish(1)
    publish(6)
    assert received() == {"n": 6}
    rule = lab.update(rule, payload("n < 5"))
    publish(7)
    publish(2)
    assert received() == {"n": 2}
    lab.delete(rule)
    assert rule.ref not in {
        one["ruleName"] for one in engine.client("iot").list_topic_rules()["rules"]
    }


def test_things_and_what_they_belong_to(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("iot")
    thing = lab.create(Thing(), {"AttributePayload": {"Attributes": {"a": "1", "b": "2"}}})
    thing = lab.update(thing, {"AttributePayload": {"Attributes": {"a": "3"}}})
    assert calls.describe_thing(thingName=thing.ref)["attributes"] == {"a": "3"}

    kind = {"ThingTypeProperties": {"ThingTypeDescription": "d"}, "Tags": TAGS}
    made = lab.create(ThingType(), kind, "Type")
    made = lab.update(made, {**kind, "DeprecateThingType": True})
    told = calls.describe_thing_type(thingTypeName=made.ref)
    assert told["thingTypeMetadata"]["deprecated"]
    lab.delete(made)

    group = lab.create(
        ThingGroup(), {"ThingGroupProperties": {"ThingGroupDescription": "d"}}, "Group"
    )
    group = lab.update(group, {})
    told = calls.describe_thing_group(thingGroupName=group.ref)
    assert not told["thingGroupProperties"].get("thingGroupDescription")
    lab.delete(group)
    lab.delete(thing)
    with pytest.raises(Refused, match="no dynamic thing groups"):
        lab.create(ThingGroup(), {"QueryString": "attributes.a:1"})


def test_certificates_and_policies(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("iot")
    pem = Maker().certificate("device")
    certificate = lab.create(Certificate(), {"Status": "INACTIVE", "CertificatePem": pem})
    certificate = lab.update(certificate, {"Status": "ACTIVE", "CertificatePem": pem})
    told = calls.describe_certificate(certificateId=certificate.ref)["certificateDescription"]
    assert told["status"] == "ACTIVE"

    policy = lab.create(Policy(), {"PolicyDocument": policy_for("0")}, "Policy")
    for number in range(1, 8):
        policy = lab.update(policy, {"PolicyDocument": policy_for(str(number))})
    now = json.loads(calls.get_policy(policyName=policy.ref)["policyDocument"])
    assert now == policy_for("7")

    thing = lab.create(Thing(), {}, "Thing")
    arn = certificate.attribute("Arn")
    allowed = lab.create(
        PolicyPrincipalAttachment(), {"PolicyName": policy.ref, "Principal": arn}, "Allowed"
    )
    carried = lab.create(
        ThingPrincipalAttachment(), {"ThingName": thing.ref, "Principal": arn}, "Carried"
    )
    (attached,) = calls.list_attached_policies(target=arn)["policies"]
    assert attached["policyName"] == policy.ref
    assert calls.list_thing_principals(thingName=thing.ref)["principals"] == [arn]
    for resource in (carried, allowed, thing, policy, certificate):
        lab.delete(resource)
    gone = error_of(lambda: calls.describe_certificate(certificateId=certificate.ref))
    assert gone[0] == "ResourceNotFoundException"
    with pytest.raises(Refused, match="CertificateSigningRequest or CertificatePem"):
        lab.create(Certificate(), {"Status": "ACTIVE"})


def test_how_devices_are_admitted(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("iot")
    name = engine.create("def handler(event, context):\n    return {}\n")
    function = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    properties = {"AuthorizerFunctionArn": function, "SigningDisabled": True}
    authorizer = lab.create(Authorizer(), {**properties, "Status": "INACTIVE"}, "Authorizer")
    authorizer = lab.update(authorizer, {**properties, "EnableCachingForHttp": "true"})
    told = calls.describe_authorizer(authorizerName=authorizer.ref)["authorizerDescription"]
    assert (told["status"], told["enableCachingForHttp"]) == ("ACTIVE", True)
    lab.delete(authorizer)

    alias = lab.create(
        RoleAlias(), {"RoleArn": ROLE, "CredentialDurationSeconds": "900", "Tags": TAGS}, "Alias"
    )
    alias = lab.update(alias, {"RoleArn": ROLE})
    told = calls.describe_role_alias(roleAlias=alias.ref)["roleAliasDescription"]
    assert told["credentialDurationSeconds"] == 3600
    lab.delete(alias)

    domain = lab.create(DomainConfiguration(), {"DomainConfigurationStatus": "DISABLED"}, "Domain")
    domain = lab.update(domain, {"DomainConfigurationStatus": "ENABLED"})
    told = calls.describe_domain_configuration(domainConfigurationName=domain.ref)
    assert told["domainConfigurationStatus"] == "ENABLED"
    lab.delete(domain)


def test_provisioning_templates_and_destinations(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("iot")

    def body(thing: str) -> str:
        resource = {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": thing}}
        return json.dumps({"Parameters": {}, "Resources": {"thing": resource}})

    properties = {"ProvisioningRoleArn": ROLE, "TemplateBody": body("a"), "Enabled": True}
    template = lab.create(ProvisioningTemplate(), properties)
    template = lab.update(template, {"ProvisioningRoleArn": ROLE, "TemplateBody": body("b")})
    told = calls.describe_provisioning_template(templateName=template.ref)
    assert (told["templateBody"], told["enabled"]) == (body("b"), False)
    lab.delete(template)

    url = {"ConfirmationUrl": "https://127.0.0.1:1/rules"}
    destination = lab.create(TopicRuleDestination(), {"HttpUrlProperties": url})
    told = calls.get_topic_rule_destination(arn=destination.ref)["topicRuleDestination"]
    assert told["httpUrlProperties"]["confirmationUrl"] == url["ConfirmationUrl"]
    lab.delete(destination)

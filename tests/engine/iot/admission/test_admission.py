"""Who is let in: certificates with policies, signatures, keys, and what changes later."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import pytest
from engine_fixtures import Engine
from iot_admission_lab import USER, Lab, attempt, der_of
from iot_certificates import Maker

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.mqtt.admission import Admitted, Principal, Refused


@pytest.fixture(scope="module")
def lab(engine: Engine) -> Lab:
    return Lab(engine)


async def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_certificate_lets_its_device_in_and_its_policy_says_what_it_may(lab: Lab) -> None:
    thing = lab.engine.name("thing")
    issued = lab.issue(
        lab.allow("iot:Connect", "client/${iot:Connection.Thing.ThingName}"),
        lab.allow("iot:Publish", "topic/${iot:ClientId}/*"),
        lab.allow("iot:Subscribe", f"topicfilter/{thing}/+/set"),
        lab.allow("iot:Receive", "topic/${iot:Connection.Thing.ThingName}/*"),
        thing=thing,
    )
    admitted = await lab.admission.connect(attempt(thing, certificate_der=issued.der))
    assert isinstance(admitted, Admitted)
    assert admitted.sender.principal == issued.identifier
    assert admitted.sender.thing == thing
    may = admitted.may
    assert may("publish", f"{thing}/temp")
    assert not may("publish", "another/temp")
    assert not may("retain", f"{thing}/temp")
    assert may("subscribe", f"{thing}/+/set")
    assert may("subscribe", f"$share/group/{thing}/+/set")
    assert not may("subscribe", f"{thing}/#")
    assert may("receive", f"{thing}/a/set")

    another = await lab.admission.connect(attempt("another", certificate_der=issued.der))
    assert isinstance(another, Refused)
    assert another.why == "not_authorized"
    assert "iot:Connect" in another.reason


async def test_an_unknown_certificate_or_one_without_a_policy_is_refused(lab: Lab) -> None:
    issued = lab.issue()
    refused = await lab.admission.connect(attempt("a", certificate_der=issued.der))
    assert isinstance(refused, Refused)
    lab.iot.update_certificate(certificateId=issued.identifier, newStatus="INACTIVE")
    lab.iot.delete_certificate(certificateId=issued.identifier)
    lab.changes.note(lab.engine.region, issued.arn)
    refused = await lab.admission.connect(attempt("a", certificate_der=issued.der))
    assert isinstance(refused, Refused)
    assert "not registered" in refused.reason


async def test_a_will_that_may_not_be_published_keeps_its_client_out(lab: Lab) -> None:
    issued = lab.issue(
        lab.allow("iot:Connect", "client/*"), lab.allow("iot:Publish", "topic/wills/*")
    )
    for topic, retain, lets_in in (
        ("wills/a", False, True),
        ("wills/a", True, False),
        ("others/a", False, False),
    ):
        will = Message(topic, b"gone", retain=retain)
        answer = await lab.admission.connect(attempt("a", certificate_der=issued.der, will=will))
        assert isinstance(answer, Admitted) is lets_in


async def test_policies_of_thing_groups_and_their_parents_count(lab: Lab) -> None:
    thing, child, parent = (lab.engine.name(kind) for kind in ("thing", "child", "parent"))
    issued = lab.issue(lab.allow("iot:Connect", "client/*"), thing=thing)
    lab.iot.create_thing_group(thingGroupName=parent)
    lab.iot.create_thing_group(thingGroupName=child, parentGroupName=parent)
    lab.iot.add_thing_to_thing_group(thingGroupName=child, thingName=thing)
    lab.iot.attach_policy(
        policyName=lab.policy(lab.allow("iot:Publish", "topic/family/*")),
        target=lab.arn(f"thinggroup/{parent}"),
    )
    admitted = await lab.admission.connect(attempt(thing, certificate_der=issued.der))
    assert isinstance(admitted, Admitted)
    assert admitted.may("publish", "family/a")


async def test_a_connected_device_is_told_by_new_policies(lab: Lab) -> None:
    issued = lab.issue(lab.allow(["iot:Connect", "iot:Publish"], "client/*", "topic/before"))
    admitted = await lab.admission.connect(attempt("a", certificate_der=issued.der))
    assert isinstance(admitted, Admitted)
    may = admitted.may
    assert (may("publish", "before"), may("publish", "after")) == (True, False)
    policy = lab.policy(lab.allow("iot:Publish", "topic/after"))
    lab.iot.attach_policy(policyName=policy, target=issued.arn)
    lab.changes.note(lab.engine.region, issued.arn)
    await until(lambda: may("publish", "after"))
    lab.iot.detach_policy(policyName=policy, target=issued.arn)
    lab.changes.note(lab.engine.region, None)
    await until(lambda: not may("publish", "after"))
    assert may("publish", "before")


async def test_a_device_has_to_go_when_its_certificate_is_revoked(lab: Lab) -> None:
    client_id = lab.engine.name("client")
    issued = lab.issue(lab.allow(["iot:Connect", "iot:Publish"], "client/*", "topic/*"))
    answer = await lab.admission.connect(attempt(client_id, certificate_der=issued.der))
    assert isinstance(answer, Admitted)
    lab.iot.update_certificate(certificateId=issued.identifier, newStatus="REVOKED")
    lab.changes.note(lab.engine.region, issued.arn)
    await until(lambda: client_id in lab.disconnected)
    assert not answer.may("publish", "a")
    answer = await lab.admission.connect(attempt(client_id, certificate_der=issued.der))
    assert isinstance(answer, Refused)
    assert "REVOKED" in answer.reason


async def test_an_exclusive_thing_is_the_clients_whatever_its_id(lab: Lab) -> None:
    thing = lab.engine.name("thing")
    issued = lab.issue(lab.allow("iot:Connect", "client/*"))
    lab.iot.create_thing(thingName=thing)
    lab.iot.attach_thing_principal(
        thingName=thing, principal=issued.arn, thingPrincipalType="EXCLUSIVE_THING"
    )
    admitted = await lab.admission.connect(attempt("any", certificate_der=issued.der))
    assert isinstance(admitted, Admitted)
    assert admitted.sender.thing == thing


async def test_signatures_and_access_keys_open_everything(lab: Lab) -> None:
    signed = await lab.admission.connect(attempt("a", sigv4=Principal(USER.access_key)))
    keys = await lab.admission.connect(
        attempt("a", username=USER.access_key, password=USER.secret_key.encode())
    )
    for answer in (signed, keys):
        assert isinstance(answer, Admitted)
        assert answer.may("publish", "$aws/anything")
        assert answer.sender.principal == USER.access_key
    wrong = await lab.admission.connect(attempt("a", username=USER.access_key, password=b"a guess"))
    assert isinstance(wrong, Refused)
    assert wrong.why == "bad_credentials"


async def test_who_shows_nothing_is_let_in_only_without_authentication(lab: Lab) -> None:
    refused = await lab.admission.connect(attempt("a", username="ada", password=b"x"))
    assert isinstance(refused, Refused)
    admission = lab.admits(open=True)
    try:
        assert isinstance(await admission.connect(attempt("a")), Admitted)
    finally:
        admission.close()


async def test_one_thing_may_be_done_without_a_connection(lab: Lab) -> None:
    issued = lab.issue(lab.allow("iot:Publish", "topic/a"))
    shown = attempt("", certificate_der=issued.der)
    allowed = await lab.admission.allows(shown, "iot:Publish", "topic/a")
    assert not isinstance(allowed, Refused)
    assert allowed.principal == issued.identifier
    assert isinstance(await lab.admission.allows(shown, "iot:Publish", "topic/b"), Refused)


async def test_a_certificate_is_provisioned_by_its_authoritys_template(lab: Lab) -> None:
    maker, name = Maker(), lab.engine.name("sensor")
    policy = lab.policy(lab.allow("iot:Connect", "client/${iot:Connection.Thing.ThingName}"))
    parameters = ("AWS::IoT::Certificate::CommonName", "AWS::IoT::Certificate::Id")
    template = {
        "Parameters": {one: {"Type": "String"} for one in parameters},
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {"ThingName": {"Ref": parameters[0]}},
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": parameters[1]}, "Status": "ACTIVE"},
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": policy}},
        },
    }
    authority = lab.iot.register_ca_certificate(
        caCertificate=maker.pem,
        certificateMode="SNI_ONLY",
        setAsActive=True,
        allowAutoRegistration=True,
        registrationConfig={
            "templateBody": json.dumps(template),
            "roleArn": "arn:aws:iam::000000000000:role/r",
        },
    )["certificateId"]
    lab.changes.note(lab.engine.region, None)
    der = der_of(maker.certificate(name))
    first = await lab.admission.connect(attempt(name, certificate_der=der))
    assert isinstance(first, Refused)
    assert "connect again" in first.reason
    second = await lab.admission.connect(attempt(name, certificate_der=der))
    assert isinstance(second, Admitted)
    assert second.sender.thing == name
    assert not lab.announced  # that is for certificates without a template
    lab.iot.update_ca_certificate(certificateId=authority, newAutoRegistrationStatus="DISABLE")
    lab.changes.note(lab.engine.region, None)
    another = der_of(maker.certificate(name))
    refused = await lab.admission.connect(attempt(name, certificate_der=another))
    assert isinstance(refused, Refused)
    assert "is not registered" in refused.reason


async def test_a_certificate_that_has_ended_is_refused(lab: Lab) -> None:
    pem = Maker().certificate("sensor", days=-1)
    lab.iot.register_certificate_without_ca(certificatePem=pem, status="ACTIVE")
    refused = await lab.admission.connect(attempt("a", certificate_der=der_of(pem)))
    assert isinstance(refused, Refused)
    assert "not valid now" in refused.reason

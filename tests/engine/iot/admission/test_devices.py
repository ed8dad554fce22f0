"""Devices at a real engine: certificates, keys, authorizers, registry events, a restart."""

from __future__ import annotations

import contextlib
import json
import queue
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from engine_fixtures import Engine
from iot_certificates import Maker
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 30.0


class Device:
    """A client of MQTT."""

    def __init__(self, engine: Engine, client_id: str) -> None:
        self.code: queue.Queue[int] = queue.Queue()
        self.messages: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.gone: queue.Queue[int] = queue.Queue()
        self._subscribed: queue.Queue[int] = queue.Queue()
        self._at = engine.url.removeprefix("http://").split(":")
        self._trusted = engine.data_dir / "tls" / "public" / "lambda-nb.pem"
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda _, __, ___, code, ____: self.code.put(code.value)
        self.client.on_disconnect = lambda _, __, ___, code, ____: self.gone.put(code.value)
        self.client.on_subscribe = lambda _, __, ___, codes, ____: self._subscribed.put(
            codes[0].value
        )
        self.client.on_message = lambda _, __, message: self.messages.put(
            (message.topic, json.loads(message.payload))
        )

    def connect(self) -> int:
        """Connect; the code of the answer, 0 for success."""
        self.client.connect(self._at[0], int(self._at[1]))
        self.client.loop_start()
        return self.code.get(timeout=PATIENCE_S)

    def connect_once(self) -> None:
        """Connect, or raise ``OSError``."""
        with contextlib.suppress(ssl.SSLError):
            self.client.connect(self._at[0], int(self._at[1]))
            while self.client.loop(0.1) == paho.MQTT_ERR_SUCCESS and self.code.empty():
                pass
        if self.code.empty() or self.code.get():
            raise OSError("the connection is refused")

    def show(self, directory: Path, certificate: str, key: str) -> None:
        """Show a certificate from now on."""
        paths = [directory / f"{time.monotonic_ns()}.pem" for _ in range(2)]
        for path, text in zip(paths, (certificate, key), strict=True):
            path.write_text(text)
        self.client.tls_set(str(self._trusted), str(paths[0]), str(paths[1]))

    def subscribe(self, topic_filter: str) -> int:
        """Subscribe; the code of the answer: a quality of service, or 128 and more."""
        self.client.subscribe(topic_filter, 1)
        return self._subscribed.get(timeout=PATIENCE_S)

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def device(engine: Engine) -> Iterator[Callable[..., Device]]:
    """Makes devices, which are gone after the test."""
    made: list[Device] = []

    def make(client_id: str, at: Engine = engine) -> Device:
        made.append(Device(at, client_id))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def iot(engine: Engine) -> Any:
    return engine.client("iot")


def policy_of(engine: Engine, iot: Any, *statements: tuple[Any, str]) -> str:
    """A policy of actions and resources; its name."""
    prefix = f"arn:aws:iot:{engine.region}:{engine.account}:"
    name = engine.name("policy")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": prefix + resource}
            for action, resource in statements
        ],
    }
    iot.create_policy(policyName=name, policyDocument=json.dumps(document))
    return name


def test_a_device_may_what_its_policy_says_and_goes_with_its_certificate(
    engine: Engine, iot: Any, device: Callable[..., Device], tmp_path: Path
) -> None:
    name = engine.name("thing")
    made = iot.create_keys_and_certificate(setAsActive=True)
    arn = made["certificateArn"]
    iot.create_thing(thingName=name)
    iot.attach_thing_principal(thingName=name, principal=arn)
    key = made["keyPair"]["PrivateKey"]

    too_early = device(name)
    too_early.show(tmp_path, made["certificatePem"], key)
    assert too_early.connect() != 0
    too_early.close()

    policy = policy_of(
        engine,
        iot,
        ("iot:Connect", "client/${iot:Connection.Thing.ThingName}"),
        ("iot:Subscribe", "topicfilter/${iot:ClientId}/*"),
        (["iot:Receive", "iot:Publish"], "topic/${iot:ClientId}/*"),
    )
    iot.attach_policy(policyName=policy, target=arn)
    one = device(name)
    one.show(tmp_path, made["certificatePem"], key)
    assert one.connect() == 0
    assert one.subscribe("others/#") >= 128
    assert one.subscribe(f"{name}/#") == 1
    one.client.publish(f"{name}/a", json.dumps({"temp": 3}), qos=1)
    assert one.messages.get(timeout=PATIENCE_S) == (f"{name}/a", {"temp": 3})
    iot.update_certificate(certificateId=made["certificateId"], newStatus="INACTIVE")
    one.gone.get(timeout=PATIENCE_S)
    assert one.code.get(timeout=PATIENCE_S) != 0  # it tries to come again


def test_programs_without_tls_show_an_access_key(
    engine: Engine, device: Callable[..., Device]
) -> None:
    access_key, secret = engine.keys.values()
    right, wrong, nobody = (device(engine.name("program")) for _ in range(3))
    right.client.username_pw_set(access_key, secret)
    wrong.client.username_pw_set(access_key, "a guess")
    assert right.connect() == 0
    assert wrong.connect() != 0
    assert nobody.connect() != 0


AUTHORIZER = """
import base64, json
def handler(event, context):
    mqtt = event["protocolData"]["mqtt"]
    right = base64.b64decode(mqtt["password"]).decode() == "open sesame"
    prefix = "arn:aws:iot:" + context.invoked_function_arn.split(":")[3] + ":" + (
        context.invoked_function_arn.split(":")[4] + ":")
    return {
        "isAuthenticated": right,
        "principalId": "ada",
        "disconnectAfterInSeconds": 3600,
        "refreshAfterInSeconds": 300,
        "policyDocuments": [{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iot:Connect", "Resource": prefix + "client/*"},
            {"Effect": "Allow", "Action": "iot:Subscribe", "Resource":
                prefix + "topicfilter/" + mqtt["username"].split("?")[0] + "/*"},
        ]}],
    }
"""


def test_a_function_lets_devices_in_once_its_policy_lets_iot_ask(
    engine: Engine, iot: Any, device: Callable[..., Device]
) -> None:
    function = engine.create(AUTHORIZER)
    arn = engine.client().get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    name = engine.name("authorizer")
    made = iot.create_authorizer(
        authorizerName=name, authorizerFunctionArn=arn, signingDisabled=True, status="ACTIVE"
    )
    username = f"ada?x-amz-customauthorizer-name={name}"

    def code(password: str) -> tuple[Device, int]:
        one = device(engine.name("client"))
        one.client.username_pw_set(username, password)
        return one, one.connect()

    with pytest.raises(ClientError, match="does not let iot"):
        iot.test_invoke_authorizer(authorizerName=name, mqttContext={"username": "ada"})
    assert code("open sesame")[1] != 0
    engine.client().add_permission(
        FunctionName=function,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceArn=made["authorizerArn"],
    )
    one, answer = code("open sesame")
    assert answer == 0
    assert one.subscribe("ada/#") == 1
    assert one.subscribe("bob/#") >= 128
    assert code("a guess")[1] != 0
    shown = iot.test_invoke_authorizer(
        authorizerName=name, mqttContext={"username": "ada", "password": b"open sesame"}
    )
    assert (shown["isAuthenticated"], shown["principalId"]) == (True, "ada")


def test_a_certificate_of_a_registered_authority_registers_itself(
    engine: Engine, iot: Any, device: Callable[..., Device], tmp_path: Path
) -> None:
    maker = Maker()
    authority = iot.register_ca_certificate(
        caCertificate=maker.pem,
        certificateMode="SNI_ONLY",
        setAsActive=True,
        allowAutoRegistration=True,
    )["certificateId"]
    listening = device(engine.name("listening"))
    listening.client.username_pw_set(*engine.keys.values())
    assert listening.connect() == 0
    topic = f"$aws/events/certificates/registered/{authority}"
    assert listening.subscribe(topic) == 1

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    one = device(engine.name("thing"))
    one.show(tmp_path, maker.certificate("sensor", key), private)
    assert one.connect() != 0
    heard, told = listening.messages.get(timeout=PATIENCE_S)
    assert heard == topic
    assert (told["caCertificateId"], told["certificateStatus"]) == (
        authority,
        "PENDING_ACTIVATION",
    )
    identifier = told["certificateId"]
    arn = iot.describe_certificate(certificateId=identifier)["certificateDescription"][
        "certificateArn"
    ]
    policy = policy_of(engine, iot, ("iot:Connect", "client/*"))
    iot.attach_policy(policyName=policy, target=arn)
    iot.update_certificate(certificateId=identifier, newStatus="ACTIVE")
    deadline = time.monotonic() + PATIENCE_S
    while one.code.get(timeout=PATIENCE_S) != 0:  # it comes again and again
        assert time.monotonic() < deadline


def test_a_certificate_of_nobodys_gets_no_connection(
    engine: Engine, iot: Any, device: Callable[..., Device], tmp_path: Path
) -> None:
    iot.create_keys_and_certificate(setAsActive=True)
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    one = device(engine.name("thing"))
    one.show(tmp_path, Maker("a stranger").certificate("sensor", key), private)
    with pytest.raises(OSError, match="refused"):
        one.connect_once()


def test_registry_events_come_once_they_are_switched_on(
    engine: Engine, iot: Any, device: Callable[..., Device]
) -> None:
    name, group, kind = (engine.name(what) for what in ("thing", "group", "type"))
    listening = device(engine.name("listening"))
    listening.client.username_pw_set(*engine.keys.values())
    assert listening.connect() == 0
    for topic in (
        f"$aws/events/thing/{name}/#",
        f"$aws/events/thingGroupMembership/thingGroup/{group}/#",
        f"$aws/events/thingTypeAssociation/thing/{name}/#",
    ):
        assert listening.subscribe(topic) == 1
    kinds = ("THING", "THING_GROUP_MEMBERSHIP", "THING_TYPE_ASSOCIATION")
    iot.create_thing_group(thingGroupName=group)
    iot.create_thing_type(thingTypeName=kind)
    iot.update_event_configurations(eventConfigurations={one: {"Enabled": True} for one in kinds})
    try:
        made = iot.create_thing(thingName=name, thingTypeName=kind)
        iot.add_thing_to_thing_group(thingGroupName=group, thingName=name)
        iot.update_thing(thingName=name, attributePayload={"attributes": {"a": "b"}})
        iot.delete_thing(thingName=name)
    finally:
        iot.update_event_configurations(
            eventConfigurations={one: {"Enabled": False} for one in kinds}
        )
    heard = [listening.messages.get(timeout=PATIENCE_S) for _ in range(7)]
    assert [topic.removeprefix("$aws/events/") for topic, _ in heard] == [
        f"thing/{name}/created",
        f"thingTypeAssociation/thing/{name}/thingType/{kind}/added",
        f"thingGroupMembership/thingGroup/{group}/thing/{name}/added",
        f"thing/{name}/updated",
        f"thing/{name}/deleted",
        f"thingTypeAssociation/thing/{name}/thingType/{kind}/removed",
        f"thingGroupMembership/thingGroup/{group}/thing/{name}/removed",
    ]
    updated = heard[3][1]
    assert updated["thingId"] == made["thingId"]
    assert (updated["eventType"], updated["operation"]) == ("THING_EVENT", "UPDATED")
    assert (updated["versionNumber"], updated["attributes"]) == (2, {"a": "b"})
    assert updated["accountId"] == engine.account


@pytest.mark.slow
def test_everything_is_there_after_a_restart(
    start_engine: Callable[..., Engine], device: Callable[..., Device], tmp_path: Path
) -> None:
    engine = start_engine()
    iot = engine.client("iot")
    made = iot.create_keys_and_certificate(setAsActive=True)
    policy = policy_of(engine, iot, ("iot:Connect", "client/*"))
    iot.attach_policy(policyName=policy, target=made["certificateArn"])
    maker = Maker()
    iot.register_ca_certificate(caCertificate=maker.pem, certificateMode="SNI_ONLY")
    function = "arn:aws:lambda:us-east-1:000000000000:function:f"
    iot.create_authorizer(authorizerName="a", authorizerFunctionArn=function, signingDisabled=True)
    iot.create_topic_rule(
        ruleName="r",
        topicRulePayload={"sql": "SELECT * FROM 'a'", "actions": []},
        tags="stage=test",
    )
    url = {"httpUrlConfiguration": {"confirmationUrl": "http://127.0.0.1:9/x"}}
    iot.create_topic_rule_destination(destinationConfiguration=url)
    role = "arn:aws:iam::000000000000:role/r"
    body = json.dumps(
        {"Resources": {"t": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "x"}}}}
    )
    iot.create_provisioning_template(templateName="t", templateBody=body, provisioningRoleArn=role)
    iot.create_domain_configuration(domainConfigurationName="d")
    iot.set_v2_logging_options(roleArn=role, defaultLogLevel="ERROR")
    iot.update_indexing_configuration(thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"})
    code = iot.get_registration_code()["registrationCode"]
    assert engine.stop() == 0

    engine = start_engine()
    iot = engine.client("iot")
    assert len(iot.list_ca_certificates()["certificates"]) == 1
    assert iot.describe_authorizer(authorizerName="a")["authorizerDescription"]["status"]
    rule = iot.get_topic_rule(ruleName="r")
    assert iot.list_tags_for_resource(resourceArn=rule["ruleArn"])["tags"]
    assert len(iot.list_topic_rule_destinations()["destinationSummaries"]) == 1
    assert iot.describe_provisioning_template(templateName="t")["templateBody"] == body
    domain = iot.describe_domain_configuration(domainConfigurationName="d")
    assert domain["domainConfigurationStatus"] == "ENABLED"
    assert iot.get_v2_logging_options()["defaultLogLevel"] == "ERROR"
    assert iot.list_indices()["indexNames"] == ["AWS_Things"]
    assert iot.get_registration_code()["registrationCode"] == code
    one = device(engine.name("thing"), engine)
    one.show(tmp_path, made["certificatePem"], made["keyPair"]["PrivateKey"])
    assert one.connect() == 0
    one.close()

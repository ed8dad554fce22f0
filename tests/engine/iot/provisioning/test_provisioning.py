"""Fleet provisioning on a broker and an iot in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from iot_topics import MemoryTopics

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.message import Message, Sender
from lambda_nb.engine.iot.provisioning import cbor
from lambda_nb.engine.iot.provisioning.provisioning import Provisioning
from lambda_nb.engine.model import InvocationResult
from lambda_nb.engine.permissions.functions import Call, NotPermitted

CREATE = "$aws/certificates/create/json"
PROVISION = "$aws/provisioning-templates/fleet/provision/json"
BODY = {
    "Parameters": {"Serial": {"Type": "String"}, "Where": {"Type": "String", "Default": "WA"}},
    "Resources": {
        "device": {
            "Type": "AWS::IoT::Thing",
            "Properties": {"ThingName": {"Fn::Join": ["", ["thing-", {"Ref": "Serial"}]]}},
        },
        "certificate": {
            "Type": "AWS::IoT::Certificate",
            "Properties": {
                "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"},
                "Status": "Active",
            },
        },
    },
    "DeviceConfiguration": {"Url": {"Fn::Join": ["", ["https://", {"Ref": "Where"}]]}},
}


class MemoryIot:
    """Certificates and templates; registers things."""

    def __init__(self) -> None:
        self.certificates: dict[str, str] = {}
        self.template: dict[str, Any] = {
            "templateName": "fleet",
            "templateArn": "arn:aws:iot:r:0:provisioningtemplate/fleet",
            "enabled": True,
            "type": "FLEET_PROVISIONING",
            "templateBody": json.dumps(BODY),
        }
        self.registered: list[dict[str, Any]] = []
        self.noted: list[str] = []
        self.attached: set[str] = set()

    def arn(self, kind: str, name: str) -> str:
        """An ARN."""
        return f"arn:aws:iot:r:0:{kind}/{name}"

    def changed(self, concerned: str) -> None:
        """Keep what was changed."""
        self.noted.append(concerned)

    async def call(self, operation: str, **given: Any) -> dict[str, Any] | None:
        """Do an operation."""
        match operation:
            case "create_keys_and_certificate" | "create_certificate_from_csr":
                if given.get("certificateSigningRequest") == "bad":
                    raise AWSError("InvalidRequestException", "no CSR")
                assert given["setAsActive"] is False
                name = f"certificate{len(self.certificates)}"
                self.certificates[name] = "INACTIVE"
                keys = {"PrivateKey": "the key"}
                return {"certificateId": name, "certificatePem": "pem", "keyPair": keys}
            case "describe_certificate":
                status = self.certificates.get(given["certificateId"])
                told = {"status": status, "certificatePem": "pem"}
                return None if status is None else {"certificateDescription": told}
            case "describe_provisioning_template":
                return self.template if given["templateName"] == "fleet" else None
            case "register_thing":
                if "Serial" not in given["parameters"]:
                    raise AWSError("InvalidRequestException", "Serial is missing")
                self.registered.append(given["parameters"])
                name = given["parameters"]["Serial"]
                self.certificates[given["parameters"]["AWS::IoT::Certificate::Id"]] = "ACTIVE"
                return {"resourceArns": {"device": self.arn("thing", f"thing-{name}")}}
            case "delete_certificate":
                if given["certificateId"] in self.attached:
                    raise AWSError("DeleteConflictException", "attached", 409)
                del self.certificates[given["certificateId"]]
                return {}
        raise AssertionError(operation)


class Hook:
    """A function that answers as a test wants it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: Any = {"allowProvisioning": True}
        self.error: Exception | None = None
        self.failed: str | None = None

    async def invoke(self, call: Call) -> InvocationResult:
        """Answer."""
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        payload = json.dumps(self.answer).encode()
        return InvocationResult(call.request_id, payload, "1", function_error=self.failed)


class Lab:
    """Provisioning, and all around it."""

    def __init__(self, directory: Path) -> None:
        self.topics, self.iot, self.hook = MemoryTopics(), MemoryIot(), Hook()
        self.now = 1_700_000_000.0
        self.provisioned = 0
        functions: Any = lambda arn: self.hook  # noqa: E731
        self.provisioning = Provisioning(
            self.topics,
            directory / "provisioning.sqlite",
            self.iot,
            functions,
            provisioned=self._count,
            clock=lambda: self.now,
        )

    def _count(self) -> None:
        self.provisioned += 1

    async def ask(self, topic: str, document: Any = None) -> tuple[str, Any]:
        """Publish a request; outcome and answer."""
        self.topics.messages.clear()
        payload = b"" if document is None else json.dumps(document).encode()
        await self.topics.publish(Message(topic, payload, sender=Sender("me", "claim")))
        ((answered, said),) = self.topics.take()[1:]
        return answered.removeprefix(f"{topic}/"), said

    async def token(self) -> str:
        """The token of a new certificate."""
        return str((await self.ask(CREATE, {}))[1]["certificateOwnershipToken"])


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path)
    # Answers are published: the tests look at topics.
    made.provisioning._answer = None
    await made.provisioning.start()
    yield made
    await made.provisioning.close()


async def test_a_device_gets_a_certificate_and_a_thing(lab: Lab) -> None:
    outcome, made = await lab.ask(CREATE)
    assert outcome == "accepted"
    token = made.pop("certificateOwnershipToken")
    assert made == {
        "certificateId": "certificate0",
        "certificatePem": "pem",
        "privateKey": "the key",
    }
    asked = {"certificateOwnershipToken": token, "parameters": {"Serial": "7"}}
    assert await lab.ask(PROVISION, asked) == (
        "accepted",
        {"deviceConfiguration": {"Url": "https://WA"}, "thingName": "thing-7"},
    )
    assert lab.iot.certificates == {"certificate0": "ACTIVE"}
    assert lab.iot.noted == ["arn:aws:iot:r:0:cert/certificate0"]
    assert lab.provisioned == 1
    outcome, said = await lab.ask(PROVISION, asked)  # a token is used once
    assert (outcome, said["errorCode"]) == ("rejected", "InvalidCertificateOwnershipToken")


async def test_a_device_may_keep_its_keys(lab: Lab) -> None:
    topic = "$aws/certificates/create-from-csr/json"
    outcome, made = await lab.ask(topic, {"certificateSigningRequest": "good"})
    assert (outcome, "privateKey" in made) == ("accepted", False)
    for given in ({}, {"certificateSigningRequest": "bad"}):
        outcome, said = await lab.ask(topic, given)
        assert (outcome, said["statusCode"], said["errorCode"]) == ("rejected", 400, "InvalidCSR")


async def test_cbor(lab: Lab) -> None:
    topic = CREATE.replace("json", "cbor")
    await lab.topics.publish(Message(topic, cbor.encode({})))
    made = cbor.decode(lab.topics.messages[-1].payload)
    asked = {
        "certificateOwnershipToken": made["certificateOwnershipToken"],
        "parameters": {"Serial": "8"},
    }
    await lab.topics.publish(Message(PROVISION.replace("json", "cbor"), cbor.encode(asked)))
    assert cbor.decode(lab.topics.messages[-1].payload)["thingName"] == "thing-8"
    await lab.topics.publish(Message(topic, b"\xff"))
    rejected = lab.topics.messages[-1]
    assert rejected.topic == f"{topic}/rejected"
    assert cbor.decode(rejected.payload)["errorCode"] == "InvalidPayload"


async def test_the_hook_is_asked_and_overrides(lab: Lab) -> None:
    lab.iot.template["preProvisioningHook"] = {"targetArn": "arn:hook"}
    lab.hook.answer = {"allowProvisioning": True, "parameterOverrides": {"Where": "NY"}}
    asked = {"certificateOwnershipToken": await lab.token(), "parameters": {"Serial": "7"}}
    outcome, said = await lab.ask(PROVISION, asked)
    assert (outcome, said["deviceConfiguration"]) == ("accepted", {"Url": "https://NY"})
    (call,) = lab.hook.calls
    assert (call.principal, call.source_arn) == (
        "iot.amazonaws.com",
        lab.iot.template["templateArn"],
    )
    assert json.loads(call.payload) == {
        "claimCertificateId": "claim",
        "certificateId": "certificate0",
        "certificatePem": "pem",
        "templateArn": lab.iot.template["templateArn"],
        "clientId": "me",
        "parameters": {"Serial": "7"},
    }


@pytest.mark.parametrize(
    ("answer", "error", "failed"),
    [
        ({"allowProvisioning": False}, None, None),
        ({"allowProvisioning": "true"}, None, None),
        ([], None, None),
        ({"errorMessage": "no"}, None, "Unhandled"),
        ({}, NotPermitted("no"), None),
        ({}, AWSError("ResourceNotFoundException", "no", 404), None),
    ],
)
async def test_a_hook_that_does_not_allow_it(
    lab: Lab, answer: Any, error: Exception | None, failed: str | None
) -> None:
    lab.iot.template["preProvisioningHook"] = {"targetArn": "arn:hook"}
    lab.hook.answer, lab.hook.error, lab.hook.failed = answer, error, failed
    asked = {"certificateOwnershipToken": await lab.token(), "parameters": {"Serial": "7"}}
    outcome, said = await lab.ask(PROVISION, asked)
    assert (outcome, said["statusCode"], said["errorCode"]) == ("rejected", 403, "AccessDenied")
    assert lab.iot.registered == []
    lab.iot.template.pop("preProvisioningHook")
    assert (await lab.ask(PROVISION, asked))[0] == "accepted"  # the token is still good


@pytest.mark.parametrize(
    ("topic", "given", "code"),
    [
        (PROVISION, {"certificateOwnershipToken": ""}, "InvalidCertificateOwnershipToken"),
        (PROVISION, {"certificateOwnershipToken": "no"}, "InvalidCertificateOwnershipToken"),
        (PROVISION, {"parameters": {"Serial": 7}}, "InvalidParameters"),
        (PROVISION, {"parameters": {}}, "InvalidParameters"),
        (PROVISION.replace("fleet", "none"), {}, "ResourceNotFound"),
        (PROVISION, [1], "InvalidPayload"),
    ],
)
async def test_requests_that_are_not_valid(lab: Lab, topic: str, given: Any, code: str) -> None:
    token = await lab.token()
    asked = {"certificateOwnershipToken": token, **given} if isinstance(given, dict) else given
    outcome, said = await lab.ask(topic, asked)
    assert (outcome, said["errorCode"]) == ("rejected", code)
    assert lab.iot.registered == []


async def test_a_template_must_be_enabled(lab: Lab) -> None:
    lab.iot.template["enabled"] = False
    asked = {"certificateOwnershipToken": await lab.token(), "parameters": {"Serial": "7"}}
    assert (await lab.ask(PROVISION, asked))[1]["errorCode"] == "AccessDenied"


async def test_certificates_that_nobody_used_are_deleted_after_an_hour(lab: Lab) -> None:
    unused, used, attached = [await lab.token() for _ in range(3)]
    lab.iot.attached = {"certificate2"}
    assert unused != attached
    asked = {"certificateOwnershipToken": used, "parameters": {"Serial": "7"}}
    await lab.ask(PROVISION, asked)
    lab.now += 3599
    await lab.provisioning.operations.sweep()
    assert len(lab.iot.certificates) == 3
    lab.now += 1
    asked["certificateOwnershipToken"] = unused
    assert (await lab.ask(PROVISION, asked))[0] == "rejected"
    await lab.provisioning.operations.sweep()
    assert set(lab.iot.certificates) == {"certificate1", "certificate2"}


async def test_tokens_outlast_the_service(tmp_path: Path) -> None:
    first = Lab(tmp_path)
    await first.provisioning.start()
    token = await first.token()
    await first.provisioning.close()
    second = Lab(tmp_path)
    second.iot.certificates = first.iot.certificates
    await second.provisioning.start()
    asked = {"certificateOwnershipToken": token, "parameters": {"Serial": "7"}}
    assert (await second.ask(PROVISION, asked))[0] == "accepted"
    await second.provisioning.close()

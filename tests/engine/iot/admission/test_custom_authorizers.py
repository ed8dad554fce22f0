"""Custom authorizers: what a client shows, what a function is asked, and what its answer means."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from engine_fixtures import Engine
from iot_admission_lab import Lab, attempt

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.custom_authorizers import (
    AuthorizerError,
    Decision,
    Shown,
    read_answer,
)
from lambda_nb.engine.iot.mqtt.admission import Admitted, Refused

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:authorize"


@pytest.fixture(scope="module")
def lab(engine: Engine) -> Lab:
    return Lab(engine)


def signed(token: str) -> str:
    return base64.b64encode(KEY.sign(token.encode(), PKCS1v15(), hashes.SHA256())).decode()


def authorizer(lab: Lab, **settings: Any) -> str:
    name = lab.engine.name("authorizer")
    lab.iot.create_authorizer(
        authorizerName=name,
        authorizerFunctionArn=FUNCTION,
        **{"status": "ACTIVE", "signingDisabled": True, **settings},
    )
    return name


def answer(lab: Lab, *statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "isAuthenticated": True,
        "principalId": "ada",
        "policyDocuments": [json.dumps(document)],
        **more,
    }


async def test_a_function_is_asked_about_a_client_and_its_answer_is_obeyed(lab: Lab) -> None:
    name = authorizer(lab)
    lab.functions.answer = answer(
        lab,
        lab.allow("iot:Connect", "client/${iot:ClientId}"),
        lab.allow("iot:Publish", "topic/a"),
        refreshAfterInSeconds=300,
        disconnectAfterInSeconds=3600,
    )
    username = f"ada?x-amz-customauthorizer-name={name}&color=red"
    admitted = await lab.admission.connect(
        attempt("c", username=username, password=b"pass", tls=True, server_name="here")
    )
    assert isinstance(admitted, Admitted)
    assert (admitted.sender.principal, admitted.sender.username) == ("ada", "ada")
    assert (admitted.refresh_s, admitted.disconnect_after_s) == (300, 3600)
    assert admitted.may("publish", "a")
    assert not admitted.may("publish", "b")
    call = lab.functions.calls.pop()
    assert (call.function, call.principal) == (FUNCTION, "iot.amazonaws.com")
    assert call.source_arn == lab.arn(f"authorizer/{name}")
    event = json.loads(call.payload)
    assert event.pop("connectionMetadata").keys() == {"id"}
    assert event == {
        "signatureVerified": False,
        "protocols": ["tls", "mqtt"],
        "protocolData": {
            "tls": {"serverName": "here"},
            "mqtt": {
                "username": username,
                "password": base64.b64encode(b"pass").decode(),
                "clientId": "c",
            },
        },
    }


async def test_a_web_socket_shows_headers_and_query(lab: Lab) -> None:
    name = authorizer(
        lab,
        signingDisabled=False,
        tokenKeyName="Token",
        tokenSigningPublicKeys={"first": PUBLIC},
    )
    lab.functions.answer = answer(lab, lab.allow("iot:Connect", "client/*"))
    headers = {"x-amz-customauthorizer-name": name, "token": "t0ken"}
    query = f"x-amz-customauthorizer-signature={signed('t0ken')}"
    admitted = await lab.admission.connect(
        attempt("c", headers=headers, query=query, protocol="http")
    )
    assert isinstance(admitted, Admitted)
    event = json.loads(lab.functions.calls.pop().payload)
    assert (event["token"], event["signatureVerified"]) == ("t0ken", True)
    assert event["protocols"] == ["http", "mqtt"]
    assert event["protocolData"]["http"] == {"headers": headers, "queryString": f"?{query}"}

    forged = query[:-8] + "AAAAAA=="
    refused = await lab.admission.connect(
        attempt("c", headers=headers, query=forged, protocol="http")
    )
    assert isinstance(refused, Refused)
    assert "signature" in refused.reason
    assert not lab.functions.calls  # a function is not troubled by a forged token


async def test_the_default_authorizer_is_asked_about_who_shows_nothing_else(lab: Lab) -> None:
    name = authorizer(lab)
    lab.iot.set_default_authorizer(authorizerName=name)
    lab.changes.note(lab.engine.region, None)
    try:
        lab.functions.answer = answer(lab, lab.allow("iot:Connect", "client/*"))
        admitted = await lab.admission.connect(attempt("c", username="ada", password=b"x"))
        assert isinstance(admitted, Admitted)
        lab.functions.answer = {"isAuthenticated": False}
        refused = await lab.admission.connect(attempt("c", username="ada", password=b"x"))
        assert isinstance(refused, Refused)
        assert refused.why == "bad_credentials"
        lab.functions.answer = answer(lab, lab.allow("iot:Publish", "topic/*"))
        refused = await lab.admission.connect(attempt("c", username="ada", password=b"x"))
        assert isinstance(refused, Refused)
        assert "iot:Connect" in refused.reason
    finally:
        lab.iot.clear_default_authorizer()
        lab.changes.note(lab.engine.region, None)


async def test_a_domain_has_an_authorizer_of_its_own(lab: Lab) -> None:
    name = authorizer(lab)
    domain, server_name = lab.engine.name("domain"), f"{lab.engine.name('host')}.example.com"
    lab.iot.create_domain_configuration(
        domainConfigurationName=domain,
        domainName=server_name,
        authorizerConfig={"defaultAuthorizerName": name},
    )
    lab.changes.note(lab.engine.region, None)
    lab.functions.answer = answer(
        lab,
        {
            **lab.allow("iot:Connect", "client/*"),
            "Condition": {"StringEquals": {"iot:DomainName": server_name}},
        },
    )
    shown = {"username": "ada", "password": b"x", "tls": True}
    there = await lab.admission.connect(attempt("c", server_name=server_name, **shown))
    assert isinstance(there, Admitted)
    elsewhere = await lab.admission.connect(attempt("c", server_name="other", **shown))
    assert isinstance(elsewhere, Refused)
    lab.iot.update_domain_configuration(
        domainConfigurationName=domain, domainConfigurationStatus="DISABLED"
    )
    lab.changes.note(lab.engine.region, None)
    there = await lab.admission.connect(attempt("c", server_name=server_name, **shown))
    assert isinstance(there, Refused)


async def test_a_function_that_fails_or_is_not_there_lets_nobody_in(lab: Lab) -> None:
    name = authorizer(lab)
    username = f"?x-amz-customauthorizer-name={name}"
    lab.functions.function_error = "Unhandled"
    try:
        refused = await lab.admission.connect(attempt("c", username=username))
    finally:
        lab.functions.function_error = None
    assert isinstance(refused, Refused)
    assert "the function failed" in refused.reason
    inactive = authorizer(lab, status="INACTIVE")
    for missing in (inactive, "nobody"):
        username = f"?x-amz-customauthorizer-name={missing}"
        assert isinstance(await lab.admission.connect(attempt("c", username=username)), Refused)


async def test_a_dry_run_shows_what_an_authorizer_answers(lab: Lab) -> None:
    name = authorizer(lab)
    lab.functions.answer = answer(
        lab, lab.allow("iot:Connect", "client/*"), refreshAfterInSeconds=600
    )
    shown = await lab.dry_runs.test_invoke_authorizer(
        {"authorizerName": name, "mqttContext": {"username": "ada", "password": b"x"}}
    )
    assert shown["isAuthenticated"] is True
    assert (shown["principalId"], shown["refreshAfterInSeconds"]) == ("ada", 600)
    assert json.loads(shown["policyDocuments"][0])["Statement"]
    event = json.loads(lab.functions.calls.pop().payload)
    assert event["protocolData"] == {"mqtt": {"username": "ada", "password": "eA=="}}
    lab.functions.answer = {"isAuthenticated": "yes"}
    with pytest.raises(AWSError, match="true or false") as raised:
        await lab.dry_runs.test_invoke_authorizer({"authorizerName": name})
    assert raised.value.code == "InvalidResponseException"


async def test_a_dry_run_shows_what_policies_decide(lab: Lab) -> None:
    issued = lab.issue(
        lab.allow("iot:Publish", "topic/${iot:ClientId}/*"),
        lab.allow("iot:Publish", "topic/c/secret", effect="Deny"),
    )
    resources = [lab.arn(f"topic/{topic}") for topic in ("c/a", "c/secret", "d/a")]
    told = {
        "principal": issued.arn,
        "clientId": "c",
        "authInfos": [{"actionType": "PUBLISH", "resources": [one]} for one in resources],
    }
    shown = await lab.dry_runs.test_authorization(told)
    assert [result["authDecision"] for result in shown["authResults"]] == [
        "ALLOWED",
        "EXPLICIT_DENY",
        "IMPLICIT_DENY",
    ]
    added = lab.policy(lab.allow("iot:Publish", "topic/d/*"))
    shown = await lab.dry_runs.test_authorization({**told, "policyNamesToAdd": [added]})
    assert shown["authResults"][2]["authDecision"] == "ALLOWED"
    assert shown["authResults"][2]["allowed"]["policies"][0]["policyName"] == added
    with pytest.raises(AWSError, match="does not exist"):
        await lab.dry_runs.test_authorization({**told, "policyNamesToAdd": ["no-such"]})


def test_what_a_client_shows_is_found_everywhere() -> None:
    shown = Shown.by(
        attempt(
            "c",
            username="ada?x-amz-customauthorizer-name=one&Token=a%20b",
            query="more=1",
            headers={"token": "other"},
        )
    )
    assert shown.authorizer == "one"
    assert shown.values == {
        "x-amz-customauthorizer-name": "one",
        "token": "a b",
        "more": "1",
    }


POLICY = {"Statement": {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}}
RIGHT = {"isAuthenticated": True, "principalId": "a1", "policyDocuments": [POLICY]}


def test_a_policy_may_be_an_object() -> None:
    decision = read_answer(json.dumps(RIGHT).encode())
    assert decision == Decision(True, "a1", (POLICY,), None, None)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"disconnectAfterInSeconds": 86_401}, "disconnectAfterInSeconds"),
        ({"isAuthenticated": 1}, "isAuthenticated"),
        ({"policyDocuments": "{}"}, "policyDocuments"),
        ({"policyDocuments": ["{}"]}, "no Statement"),
        ({"policyDocuments": [POLICY] * 11}, "at most 10"),
        ({"policyDocuments": [json.dumps(POLICY) + " " * 2048]}, "2048"),
        ({"principalId": "a" * 129}, "principalId"),
        ({"principalId": "a-b"}, "principalId"),
        ({"refreshAfterInSeconds": 299}, "refreshAfterInSeconds"),
        ({"refreshAfterInSeconds": True}, "refreshAfterInSeconds"),
    ],
)
def test_an_answer_outside_the_limits_is_none(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(AuthorizerError, match=why):
        read_answer(json.dumps({**RIGHT, **changed}).encode())


@pytest.mark.parametrize("payload", [b"", b"[]", b"null"])
def test_what_is_no_object_is_no_answer(payload: bytes) -> None:
    with pytest.raises(AuthorizerError):
        read_answer(payload)

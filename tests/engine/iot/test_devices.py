"""AWS's IoT device SDK for Python works with shadows and jobs, unmodified, and so does HTTPS."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from awsiot import V2ServiceException, iotidentity, iotjobs, iotshadow
from engine_fixtures import Engine
from iot_sdk_devices import PATIENCE_S, QOS, SdkDevice, subscribed


@pytest.fixture(scope="module")
def device(engine: Engine) -> Iterator[SdkDevice]:
    made = SdkDevice(engine)
    yield made
    made.close()


@pytest.fixture(scope="module")
def connection(device: SdkDevice) -> Any:
    return device.connect()


def test_the_sdk_works_with_a_shadow(engine: Engine, device: SdkDevice, connection: Any) -> None:
    shadows = iotshadow.IotShadowClient(connection)
    name = device.name
    for subscribe, request in (
        (
            shadows.subscribe_to_get_shadow_rejected,
            iotshadow.GetShadowSubscriptionRequest(thing_name=name),
        ),
        (
            shadows.subscribe_to_shadow_delta_updated_events,
            iotshadow.ShadowDeltaUpdatedSubscriptionRequest(thing_name=name),
        ),
        (
            shadows.subscribe_to_update_shadow_accepted,
            iotshadow.UpdateShadowSubscriptionRequest(thing_name=name),
        ),
        (
            shadows.subscribe_to_shadow_updated_events,
            iotshadow.ShadowUpdatedSubscriptionRequest(thing_name=name),
        ),
    ):
        subscribed(subscribe, request, device.heard)
    asked = iotshadow.GetShadowRequest(thing_name=name, client_token="first")
    shadows.publish_get_shadow(asked, QOS).result(PATIENCE_S)
    rejected = device.next(iotshadow.ErrorResponse)
    assert (rejected.code, rejected.message, rejected.client_token) == (
        404,
        f"No shadow exists with name: '{name}'",
        "first",
    )
    desired = {"state": {"desired": {"on": True}}}
    engine.client("iot-data").update_thing_shadow(thingName=name, payload=json.dumps(desired))
    delta = device.next(iotshadow.ShadowDeltaUpdatedEvent)
    assert (delta.state, delta.version) == ({"on": True}, 1)
    report = iotshadow.UpdateShadowRequest(
        thing_name=name,
        client_token="second",
        state=iotshadow.ShadowState(reported={"on": True}),
    )
    shadows.publish_update_shadow(report, QOS).result(PATIENCE_S)
    while (accepted := device.next(iotshadow.UpdateShadowResponse)).client_token != "second":
        pass
    assert (accepted.version, accepted.state.reported) == (2, {"on": True})
    updated = device.next(iotshadow.ShadowUpdatedEvent)
    assert (updated.previous.version, updated.current.version) == (1, 2)
    got = engine.client("iot-data").get_thing_shadow(thingName=name)["payload"].read()
    assert "delta" not in json.loads(got)["state"]


def test_the_sdks_second_client_works_with_a_named_shadow(
    engine: Engine, device: SdkDevice, connection: Any
) -> None:
    """It sends a request and waits for its answer by the client token."""
    shadows = iotshadow.IotShadowClientV2(connection, _options())
    name = device.name
    with pytest.raises(V2ServiceException) as caught:
        shadows.get_named_shadow(
            iotshadow.GetNamedShadowRequest(thing_name=name, shadow_name="limits")
        ).result(PATIENCE_S)
    assert caught.value.modeled_error.message == f"No shadow exists with name: '{name}~limits'"
    state = iotshadow.ShadowState(desired={"max": 5})
    shadows.update_named_shadow(
        iotshadow.UpdateNamedShadowRequest(thing_name=name, shadow_name="limits", state=state)
    ).result(PATIENCE_S)
    got = shadows.get_named_shadow(
        iotshadow.GetNamedShadowRequest(thing_name=name, shadow_name="limits")
    ).result(PATIENCE_S)
    assert (got.state.desired, got.state.delta) == ({"max": 5}, {"max": 5})
    listed = engine.client("iot-data").list_named_shadows_for_thing(thingName=name)
    assert listed["results"] == ["limits"]


def _options() -> Any:
    from awscrt import mqtt_request_response

    return mqtt_request_response.ClientOptions(
        max_request_response_subscriptions=4,
        max_streaming_subscriptions=2,
        operation_timeout_in_seconds=int(PATIENCE_S),
    )


def test_the_sdk_works_off_a_job(engine: Engine, device: SdkDevice, connection: Any) -> None:
    jobs, iot, name = iotjobs.IotJobsClient(connection), engine.client("iot"), device.name
    for subscribe, request in (
        (
            jobs.subscribe_to_next_job_execution_changed_events,
            iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=name),
        ),
        (
            jobs.subscribe_to_start_next_pending_job_execution_accepted,
            iotjobs.StartNextPendingJobExecutionSubscriptionRequest(thing_name=name),
        ),
        (
            jobs.subscribe_to_update_job_execution_accepted,
            iotjobs.UpdateJobExecutionSubscriptionRequest(thing_name=name, job_id="+"),
        ),
        (
            jobs.subscribe_to_update_job_execution_rejected,
            iotjobs.UpdateJobExecutionSubscriptionRequest(thing_name=name, job_id="+"),
        ),
    ):
        subscribed(subscribe, request, device.heard)
    job_id = engine.name("job")
    iot.create_job(jobId=job_id, targets=[device.arn], document='{"reboot": true}')
    changed = device.next(iotjobs.NextJobExecutionChangedEvent)
    assert (changed.execution.job_id, changed.execution.job_document) == (
        job_id,
        {"reboot": True},
    )
    asked = iotjobs.StartNextPendingJobExecutionRequest(thing_name=name)
    jobs.publish_start_next_pending_job_execution(asked, QOS).result(PATIENCE_S)
    started = device.next(iotjobs.StartNextJobExecutionResponse)
    assert (started.execution.job_id, started.execution.status) == (job_id, "IN_PROGRESS")
    wrong = iotjobs.UpdateJobExecutionRequest(
        thing_name=name, job_id=job_id, status="SUCCEEDED", expected_version=7
    )
    jobs.publish_update_job_execution(wrong, QOS).result(PATIENCE_S)
    rejected = device.next(iotjobs.RejectedError)
    assert (rejected.code, rejected.execution_state.version_number) == ("VersionMismatch", 2)
    right = iotjobs.UpdateJobExecutionRequest(
        thing_name=name,
        job_id=job_id,
        status="SUCCEEDED",
        expected_version=2,
        status_details={"took": "3s"},
    )
    jobs.publish_update_job_execution(right, QOS).result(PATIENCE_S)
    device.next(iotjobs.UpdateJobExecutionResponse)
    job = iot.describe_job(jobId=job_id)["job"]
    assert (job["status"], job["jobProcessDetails"]["numberOfSucceededThings"]) == ("COMPLETED", 1)
    one = iot.describe_job_execution(jobId=job_id, thingName=name)["execution"]
    assert one["statusDetails"]["detailsMap"] == {"took": "3s"}
    iot.delete_job(jobId=job_id)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_job(jobId=job_id)


def test_answers_about_jobs_come_unasked_and_to_nobody_else(engine: Engine) -> None:
    """As on AWS: a client has the answers to what it asks without a subscription."""
    asking, listening = SdkDevice(engine), SdkDevice(engine)
    topic = f"$aws/things/{listening.name}/jobs"
    asker, listener = asking.connect(topics=True), listening.connect(topics=True)
    listener.subscribe(f"{topic}/#", QOS)[0].result(PATIENCE_S)
    for _ in range(2):
        asker.publish(f"{topic}/get", "{}", QOS)[0].result(PATIENCE_S)
        assert asking.next() == f"{topic}/get/accepted"
    assert [listening.next(), listening.next()] == [f"{topic}/get"] * 2
    for one in (asking, listening):
        one.close()


def test_a_device_publishes_by_https(
    engine: Engine, device: SdkDevice, connection: Any, tmp_path: Path
) -> None:
    topic = f"rooms/{device.name}"
    future, _ = connection.subscribe(topic, QOS, lambda topic, payload, **_: device.heard(payload))
    future.result(PATIENCE_S)

    def ask(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        where = urlsplit(engine.url)
        client = http.client.HTTPSConnection(
            "127.0.0.1", where.port, timeout=PATIENCE_S, context=device.tls(tmp_path)
        )
        try:
            client.request(method, path, body)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            client.close()

    status, said = ask("POST", f"/topics/{topic}?qos=1", b"hot")
    assert (status, said["message"]) == (200, "OK")
    assert device.next(bytes) == b"hot"
    path = f"/things/{device.name}/shadow?name=https"
    status, said = ask("POST", path, b'{"state":{"reported":{"a":1}}}')
    assert (status, said["version"]) == (200, 1)
    assert ask("GET", f"/things/{device.name}/shadow?name=none")[0] == 404
    assert ask("GET", f"/things/{device.name}/jobs")[1]["queuedJobs"] == []


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(start_engine: Callable[..., Engine]) -> None:
    """Killed while updates come in: the shadow has every one whose sender knows of it."""
    first = start_engine()
    device = SdkDevice(first)
    iot = first.client("iot")
    iot.create_job(jobId="job", targets=[device.arn], document="{}")
    first.client("iot-jobs-data").start_next_pending_job_execution(
        thingName=device.name, statusDetails={"step": "1"}
    )
    shadows = iotshadow.IotShadowClient(device.connect())
    sent = []
    for number in range(1, 61):
        state = iotshadow.ShadowState(reported={"n": number})
        request = iotshadow.UpdateShadowRequest(thing_name=device.name, state=state)
        sent.append(shadows.publish_update_shadow(request, QOS))
    sent[19].result(PATIENCE_S)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    acknowledged = sum(one.done() and one.exception() is None for one in sent)
    assert acknowledged >= 20
    second = start_engine()
    got = second.client("iot-data").get_thing_shadow(thingName=device.name)["payload"].read()
    shadow = json.loads(got)
    assert shadow["state"]["reported"]["n"] == shadow["version"] >= acknowledged
    following = json.dumps({"state": {}, "version": shadow["version"]})
    updated = second.client("iot-data").update_thing_shadow(
        thingName=device.name, payload=following
    )
    assert json.loads(updated["payload"].read())["version"] == shadow["version"] + 1
    jobs = second.client("iot-jobs-data")
    pending = jobs.get_pending_job_executions(thingName=device.name)
    assert [one["versionNumber"] for one in pending["inProgressJobs"]] == [2]
    jobs.update_job_execution(thingName=device.name, jobId="job", status="SUCCEEDED")
    assert second.client("iot").describe_job(jobId="job")["job"]["status"] == "COMPLETED"
    device.close()


def test_a_device_provisions_itself(engine: Engine) -> None:
    """By claim: a certificate for all devices, exchanged for one of its own and a thing."""
    claim, iot, template = SdkDevice(engine, "claim"), engine.client("iot"), engine.name("fleet")
    hook = engine.create(
        "def handler(event, context):\n"
        "    allowed = event['parameters']['Serial'].startswith('good')\n"
        "    return {'allowProvisioning': allowed, 'parameterOverrides': {'Where': 'here'}}\n"
    )
    hook_arn = engine.client().get_function(FunctionName=hook)["Configuration"]["FunctionArn"]
    engine.client().add_permission(
        FunctionName=hook,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
    )
    body = {
        "Parameters": {"Serial": {"Type": "String"}, "Where": {"Type": "String"}},
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {
                    "ThingName": {"Ref": "Serial"},
                    "AttributePayload": {"where": {"Ref": "Where"}},
                },
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {
                    "CertificateId": {"Ref": "AWS::IoT::Certificate::Id"},
                    "Status": "Active",
                },
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": claim.name}},
        },
        "DeviceConfiguration": {"where": {"Ref": "Where"}},
    }
    iot.create_provisioning_template(
        templateName=template,
        templateBody=json.dumps(body),
        enabled=True,
        provisioningRoleArn="arn:aws:iam::000000000000:role/provisioning",
        preProvisioningHook={"targetArn": hook_arn},
    )
    identity = iotidentity.IotIdentityClientV2(claim.connect(), _options())
    made = identity.create_keys_and_certificate(
        iotidentity.CreateKeysAndCertificateRequest()
    ).result(PATIENCE_S)
    status = iot.describe_certificate(certificateId=made.certificate_id)
    assert status["certificateDescription"]["status"] != "ACTIVE"

    def register(serial: str) -> Any:
        return identity.register_thing(
            iotidentity.RegisterThingRequest(
                template_name=template,
                certificate_ownership_token=made.certificate_ownership_token,
                parameters={"Serial": serial},
            )
        ).result(PATIENCE_S)

    with pytest.raises(V2ServiceException) as caught:
        register("bad")
    assert caught.value.modeled_error.error_code == "AccessDenied"
    serial = engine.name("good")
    registered = register(serial)
    assert (registered.thing_name, registered.device_configuration) == (
        serial,
        {"where": "here"},
    )
    assert iot.describe_thing(thingName=serial)["attributes"] == {"where": "here"}
    claim.close()
    claim.name, claim.certificate, claim.key = serial, made.certificate_pem, made.private_key
    own = claim.connect(topics=True)
    own.subscribe(f"hello/{serial}", QOS)[0].result(PATIENCE_S)
    own.publish(f"hello/{serial}", "me", QOS)[0].result(PATIENCE_S)
    assert claim.next() == f"hello/{serial}"
    own.disconnect().result(PATIENCE_S)

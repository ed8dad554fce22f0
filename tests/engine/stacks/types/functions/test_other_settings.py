"""Event invoke configurations, code signing and capacity providers."""

from __future__ import annotations

import pytest
from engine_fixtures import ROLE, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types.functions.account_resources import (
    CapacityProvider,
    CodeSigningConfig,
)
from lambda_nb.engine.stacks.types.functions.event_invoke_config import EventInvokeConfig
from lambda_nb.engine.stacks.types.functions.function import Function

INVOKE, SIGNING, CAPACITY = EventInvokeConfig(), CodeSigningConfig(), CapacityProvider()
SOURCE = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine)


def test_asynchronous_invocations_are_configured(engine: Engine, lab: Lab) -> None:
    calls, name = engine.client(), engine.create(SOURCE)
    queue = engine.client("sqs").create_queue(QueueName=engine.name("q"))["QueueUrl"]
    arn = f"arn:aws:sqs:{engine.region}:{engine.account}:{queue.rpartition('/')[2]}"
    which = {"FunctionName": name, "Qualifier": "$LATEST"}
    config = lab.create(
        INVOKE,
        {
            **which,
            "MaximumRetryAttempts": "0",
            "MaximumEventAgeInSeconds": 120,
            "DestinationConfig": {"OnFailure": {"Destination": arn}},
        },
    )
    found = calls.get_function_event_invoke_config(**which)
    assert found["MaximumRetryAttempts"] == 0
    assert found["DestinationConfig"]["OnFailure"] == {"Destination": arn}
    changed = lab.update(config, {**which, "MaximumRetryAttempts": 1})
    found = calls.get_function_event_invoke_config(**which)
    assert found["MaximumRetryAttempts"] == 1
    assert "MaximumEventAgeInSeconds" not in found
    assert INVOKE.read(changed.context, changed.made, changed.properties) == changed.properties
    lab.delete(changed)
    code, _ = error_of(lambda: calls.get_function_event_invoke_config(**which))
    assert code == "ResourceNotFoundException"


def test_code_signing_is_configured_and_given_to_a_function(engine: Engine, lab: Lab) -> None:
    calls = engine.client()
    publisher = f"arn:aws:signer:{engine.region}:{engine.account}:/signing-profiles/p/abcdefghij"
    allowed = {"AllowedPublishers": {"SigningProfileVersionArns": [publisher]}}
    config = lab.create(SIGNING, {**allowed, "Description": "d"})
    assert config.ref == config.attribute("CodeSigningConfigArn")
    assert config.attribute("CodeSigningConfigId") in config.ref
    lab.update(config, {**allowed, "Tags": [{"Key": "colour", "Value": "red"}]})
    found = calls.get_code_signing_config(CodeSigningConfigArn=config.ref)["CodeSigningConfig"]
    assert found["Description"] == ""
    assert calls.list_tags(Resource=config.ref)["Tags"]["colour"] == "red"

    given = {
        "Code": {"ZipFile": SOURCE},
        "Handler": "index.handler",
        "Role": ROLE,
        "Runtime": "python3.11",
    }
    function = lab.create(Function(), {**given, "CodeSigningConfigArn": config.ref})
    found = calls.get_function_code_signing_config(FunctionName=function.ref)
    assert found["CodeSigningConfigArn"] == config.ref
    lab.update(function, given)
    found = calls.get_function_code_signing_config(FunctionName=function.ref)
    assert "CodeSigningConfigArn" not in found
    lab.delete(config)


def test_a_capacity_provider_and_a_function_on_it(engine: Engine, lab: Lab) -> None:
    ec2 = engine.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    given = {
        "PermissionsConfig": {"CapacityProviderOperatorRoleArn": ROLE},
        "VpcConfig": {
            "SubnetIds": [subnet["SubnetId"]],
            "SecurityGroupIds": [group["GroupId"]],
        },
    }
    provider = lab.create(CAPACITY, given)
    assert provider.attribute("State") == "Active"
    lab.update(provider, {**given, "CapacityProviderScalingConfig": {"MaxVCpuCount": "12"}})
    calls = engine.client()
    found = calls.get_capacity_provider(CapacityProviderName=provider.ref)["CapacityProvider"]
    assert found["CapacityProviderScalingConfig"] == {"MaxVCpuCount": 12}
    on_it = {"CapacityProviderArn": provider.attribute("Arn")}
    function = lab.create(
        Function(),
        {
            "Code": {"ZipFile": SOURCE},
            "Handler": "index.handler",
            "Role": ROLE,
            "Runtime": "python3.11",
            "CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": on_it},
            "FunctionScalingConfig": {"MaxExecutionEnvironments": "3"},
            "PublishToLatestPublished": True,
        },
    )
    other = {**on_it, "PerExecutionEnvironmentMaxConcurrency": 4}
    changed = {"LambdaManagedInstancesCapacityProviderConfig": other}
    function = lab.update(function, {**function.properties, "CapacityProviderConfig": changed})
    config = calls.get_function_configuration(FunctionName=function.ref)
    assert config["CapacityProviderConfig"] == changed
    limits = calls.get_function_scaling_config(
        FunctionName=function.ref, Qualifier="$LATEST.PUBLISHED"
    )
    assert limits["RequestedFunctionScalingConfig"] == {"MaxExecutionEnvironments": 3}
    code, _ = error_of(lambda: lab.delete(provider))
    assert code == "ResourceConflictException"
    lab.delete(function)
    lab.delete(provider)

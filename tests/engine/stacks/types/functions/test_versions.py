"""``AWS::Lambda::Version`` and ``AWS::Lambda::Alias``."""

from __future__ import annotations

import json

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.functions.versions import Alias, Version

VERSION, ALIAS = Version(), Alias()


def source(word: str) -> str:
    return f"def handler(event, context):\n    return {word!r}\n"


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine)


def test_a_version_is_published_and_deleted(engine: Engine, lab: Lab) -> None:
    name = engine.create(source("one"))
    version = lab.create(VERSION, {"FunctionName": name, "Description": "first"})
    assert version.attribute("Version") == "1"
    assert version.ref.endswith(f":function:{name}:1")
    config = engine.client().get_function_configuration(FunctionName=version.ref)
    assert config["Description"] == "first"
    lab.delete(version)
    code, _ = error_of(lambda: engine.client().get_function(FunctionName=version.ref))
    assert code == "ResourceNotFoundException"


def test_an_unchanged_function_has_no_second_version(engine: Engine, lab: Lab) -> None:
    name = engine.create(source("one"))
    lab.create(VERSION, {"FunctionName": name})
    with pytest.raises(Refused, match=r"A version for this Lambda function exists \( 1 \)") as told:
        lab.create(VERSION, {"FunctionName": name})
    assert told.value.code == "AlreadyExists"


def test_a_wrong_hash_is_refused(engine: Engine, lab: Lab) -> None:
    name = engine.create(source("one"))
    code, _ = error_of(lambda: lab.create(VERSION, {"FunctionName": name, "CodeSha256": "x"}))
    assert code == "InvalidParameterValueException"


def test_every_property_of_a_version_but_its_limits_replaces_it() -> None:
    old = {"FunctionName": "a"}
    assert VERSION.replacing(old, {**old, "Description": "b"}) == {"Description"}
    assert VERSION.replacing(old, {**old, "FunctionScalingConfig": {}}) == set()


def test_an_alias_moves_and_shares_its_traffic(engine: Engine, lab: Lab) -> None:
    name = engine.create(source("one"))
    one = lab.create(VERSION, {"FunctionName": name})
    engine.update(name, source("two"))
    two = lab.create(VERSION, {"FunctionName": name})
    live = {"FunctionName": name, "Name": "live", "FunctionVersion": one.attribute("Version")}
    weights = [{"FunctionVersion": two.attribute("Version"), "FunctionWeight": "0.25"}]
    alias = lab.create(
        ALIAS,
        {**live, "Description": "d", "RoutingConfig": {"AdditionalVersionWeights": weights}},
    )
    assert alias.ref == alias.attribute("AliasArn")
    calls = engine.client()
    found = calls.get_alias(FunctionName=name, Name="live")
    assert found["RoutingConfig"]["AdditionalVersionWeights"] == {"2": 0.25}
    drifted = ALIAS.read(alias.context, alias.made, alias.properties)
    assert drifted is not None
    assert drifted["FunctionVersion"] == "1"

    moved = lab.update(alias, {**live, "FunctionVersion": two.attribute("Version")})
    found = calls.get_alias(FunctionName=name, Name="live")
    assert "RoutingConfig" not in found
    assert found["Description"] == ""
    answer = calls.invoke(FunctionName=moved.ref)
    assert json.loads(answer["Payload"].read()) == "two"
    lab.delete(moved)
    code, _ = error_of(lambda: calls.get_alias(FunctionName=name, Name="live"))
    assert code == "ResourceNotFoundException"


def test_provisioned_concurrency_of_both(engine: Engine, lab: Lab) -> None:
    name = engine.create(source("one"))
    wanted = {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": "1"}}
    version = lab.create(VERSION, {"FunctionName": name, **wanted})
    calls = engine.client()
    found = calls.get_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    assert found["Status"] == "READY"
    lab.delete(version)

    engine.update(name, source("two"))
    version = lab.create(VERSION, {"FunctionName": name})
    number = version.attribute("Version")
    live = {"FunctionName": name, "Name": "live", "FunctionVersion": number}
    alias = lab.create(ALIAS, {**live, **wanted})
    found = calls.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert found["Status"] == "READY"
    lab.update(alias, live)
    code, _ = error_of(
        lambda: calls.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    )
    assert code == "ProvisionedConcurrencyConfigNotFoundException"

"""``AWS::CodeDeploy::*`` as SAM's DeploymentPreference makes them."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import ROLE, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.identity.code_deploy import Application, DeploymentGroup


def test_what_sam_makes_for_a_deployment_preference(engine: Engine) -> None:
    lab, calls = Lab(engine, {"team": "blue"}), engine.client("codedeploy")
    application = lab.create(Application(), {"ComputePlatform": "Lambda"}, "Application")
    given: dict[str, Any] = {
        "ApplicationName": application.ref,
        "AutoRollbackConfiguration": {
            "Enabled": True,
            "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
        "DeploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        "DeploymentStyle": {
            "DeploymentType": "BLUE_GREEN",
            "DeploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        "ServiceRoleArn": ROLE,
    }
    group = lab.create(DeploymentGroup(), given, "Group")
    asked = {"applicationName": application.ref, "deploymentGroupName": group.ref}
    found = calls.get_deployment_group(**asked)["deploymentGroupInfo"]
    assert found["deploymentConfigName"] == given["DeploymentConfigName"]
    at_once = "CodeDeployDefault.LambdaAllAtOnce"
    changed = lab.update(group, {**given, "DeploymentConfigName": at_once})
    found = calls.get_deployment_group(**asked)["deploymentGroupInfo"]
    assert found["deploymentConfigName"] == at_once
    tagged = lab.update(
        application, {**application.properties, "Tags": [{"Key": "a", "Value": "b"}]}
    )
    lab.delete(changed)
    code, _ = error_of(lambda: calls.get_deployment_group(**asked))
    assert code == "DeploymentGroupDoesNotExistException"
    lab.delete(tagged)
    code, _ = error_of(lambda: calls.get_application(applicationName=application.ref))
    assert code == "ApplicationDoesNotExistException"


def test_machines_are_not_deployed_to(engine: Engine) -> None:
    with pytest.raises(Refused, match="does not have the property Ec2TagFilters"):
        Lab(engine).create(
            DeploymentGroup(),
            {"ApplicationName": "a", "ServiceRoleArn": ROLE, "Ec2TagFilters": []},
        )

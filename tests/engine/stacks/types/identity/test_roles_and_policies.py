"""``AWS::IAM::*``: roles, policies, users and groups."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.identity.policies import (
    GroupPolicy,
    ManagedPolicy,
    Policy,
    RolePolicy,
    UserPolicy,
)
from lambda_nb.engine.stacks.types.identity.roles import InstanceProfile, Role, ServiceLinkedRole
from lambda_nb.engine.stacks.types.identity.users import (
    AccessKey,
    Group,
    User,
    UserToGroupAddition,
)

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def allowing(action: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
    }


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine, {"team": "blue"})


def inline(lab: Lab, role: str) -> list[str]:
    names: list[str] = lab.engine.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
    return names


def attached(lab: Lab, role: str) -> list[str]:
    found = lab.engine.client("iam").list_attached_role_policies(RoleName=role)
    return [policy["PolicyArn"] for policy in found["AttachedPolicies"]]


def role_of(lab: Lab, **others: Any) -> Resource:
    return lab.create(Role(), {"AssumeRolePolicyDocument": TRUST, **others}, "Role")


def test_a_role_with_all_that_belongs_to_it(lab: Lab) -> None:
    iam = lab.engine.client("iam")
    role = role_of(
        lab,
        Description="d",
        ManagedPolicyArns=[BASIC],
        MaxSessionDuration="7200",
        Path="/stacks/",
        PermissionsBoundary=READ_ONLY,
        Policies=[{"PolicyName": "one", "PolicyDocument": allowing("s3:*")}],
        Tags=[{"Key": "colour", "Value": "red"}],
    )
    found = iam.get_role(RoleName=role.ref)["Role"]
    assert found["Arn"] == role.attribute("Arn")
    assert found["Arn"].endswith(f":role/stacks/{role.ref}")
    assert found["RoleId"] == role.attribute("RoleId")
    assert found["MaxSessionDuration"] == 7200
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"team": "blue", "colour": "red"}
    assert inline(lab, role.ref) == ["one"]
    assert attached(lab, role.ref) == [BASIC]
    assert Role().read(role.context, role.made, role.properties) is not None

    changed = lab.update(
        role,
        {
            "AssumeRolePolicyDocument": TRUST,
            "ManagedPolicyArns": [READ_ONLY],
            "Path": "/stacks/",
            "Policies": [{"PolicyName": "two", "PolicyDocument": allowing("sqs:*")}],
        },
    )
    found = iam.get_role(RoleName=role.ref)["Role"]
    assert "PermissionsBoundary" not in found
    assert found["MaxSessionDuration"] == 3600
    assert {tag["Key"] for tag in found["Tags"]} == {"team"}
    assert inline(lab, role.ref) == ["two"]
    assert attached(lab, role.ref) == [READ_ONLY]
    lab.delete(changed)
    code, _ = error_of(lambda: iam.get_role(RoleName=role.ref))
    assert code == "NoSuchEntity"
    assert Role().read(changed.context, changed.made, changed.properties) is None


def test_a_policy_moves_from_one_role_to_another(lab: Lab) -> None:
    one, two = role_of(lab), role_of(lab)
    given = {"PolicyName": "p", "PolicyDocument": allowing("s3:*")}
    policy = lab.create(Policy(), {**given, "Roles": [one.ref]})
    assert inline(lab, one.ref) == ["p"]
    moved = lab.update(policy, {**given, "Roles": [two.ref]})
    assert (inline(lab, one.ref), inline(lab, two.ref)) == ([], ["p"])
    renamed = lab.update(moved, {**given, "Roles": [two.ref], "PolicyName": "q"})
    assert inline(lab, two.ref) == ["q"]
    lab.delete(renamed)
    assert inline(lab, two.ref) == []
    lab.delete(two)
    with pytest.raises(Refused, match=r"At least one of \[Groups,Roles,Users\] must be non-empty"):
        lab.create(Policy(), given)


def test_a_managed_policy_gets_versions(lab: Lab) -> None:
    iam, role = lab.engine.client("iam"), role_of(lab)
    policy = lab.create(
        ManagedPolicy(), {"PolicyDocument": allowing("s3:*"), "Roles": [role.ref], "Path": "/x/"}
    )
    assert policy.ref == policy.attribute("PolicyArn")
    assert attached(lab, role.ref) == [policy.ref]
    for number in range(6):
        policy = lab.update(
            policy,
            {"PolicyDocument": allowing(f"s3:Get{number}"), "Roles": [role.ref], "Path": "/x/"},
        )
    versions = iam.list_policy_versions(PolicyArn=policy.ref)["Versions"]
    assert len(versions) == 5
    assert policy.attribute("DefaultVersionId") == "v7"
    lab.delete(policy)
    assert attached(lab, role.ref) == []
    code, _ = error_of(lambda: iam.get_policy(PolicyArn=policy.ref))
    assert code == "NoSuchEntity"


def test_users_groups_and_keys(lab: Lab) -> None:
    iam = lab.engine.client("iam")
    group = lab.create(Group(), {"ManagedPolicyArns": [READ_ONLY]}, "Group")
    user = lab.create(
        User(),
        {
            "Groups": [group.ref],
            "LoginProfile": {"Password": "Secret-1-secret", "PasswordResetRequired": "true"},
            "Policies": [{"PolicyName": "one", "PolicyDocument": allowing("sqs:*")}],
        },
        "User",
    )
    assert iam.get_login_profile(UserName=user.ref)["LoginProfile"]["UserName"] == user.ref
    members = iam.get_group(GroupName=group.ref)["Users"]
    assert [one["UserName"] for one in members] == [user.ref]
    bare = lab.update(user, {"Path": "/people/"})
    assert bare.attribute("Arn").endswith(f":user/people/{user.ref}")
    assert iam.get_group(GroupName=group.ref)["Users"] == []
    code, _ = error_of(lambda: iam.get_login_profile(UserName=user.ref))
    assert code == "NoSuchEntity"

    addition = lab.create(UserToGroupAddition(), {"GroupName": group.ref, "Users": [user.ref]})
    assert len(iam.get_group(GroupName=group.ref)["Users"]) == 1
    key = lab.create(AccessKey(), {"UserName": user.ref})
    assert key.attribute("Id") == key.ref
    assert key.attribute("SecretAccessKey")
    inactive = lab.update(key, {"UserName": user.ref, "Status": "Inactive"})
    (found,) = iam.list_access_keys(UserName=user.ref)["AccessKeyMetadata"]
    assert found["Status"] == "Inactive"
    for resource in (inactive, addition, bare, group):
        lab.delete(resource)
    code, _ = error_of(lambda: iam.get_user(UserName=user.ref))
    assert code == "NoSuchEntity"


def test_inline_policies_of_their_own(lab: Lab) -> None:
    role = role_of(lab)
    group, user = lab.create(Group(), {}, "Group"), lab.create(User(), {}, "User")
    for kind, member, holder in (
        (RolePolicy(), "RoleName", role),
        (GroupPolicy(), "GroupName", group),
        (UserPolicy(), "UserName", user),
    ):
        given = {"PolicyName": "p", member: holder.ref}
        policy = lab.create(kind, {**given, "PolicyDocument": allowing("s3:*")})
        assert policy.ref == f"p|{holder.ref}"
        lab.update(policy, {**given, "PolicyDocument": allowing("sqs:*")})
        lab.delete(policy)
        lab.delete(holder)


def test_an_instance_profile_changes_its_role(lab: Lab) -> None:
    iam, one, two = lab.engine.client("iam"), role_of(lab), role_of(lab)
    profile = lab.create(InstanceProfile(), {"Roles": [one.ref]})
    changed = lab.update(profile, {"Roles": [two.ref]})
    found = iam.get_instance_profile(InstanceProfileName=profile.ref)["InstanceProfile"]
    assert [role["RoleName"] for role in found["Roles"]] == [two.ref]
    assert found["Arn"] == profile.attribute("Arn")
    lab.delete(changed)
    lab.delete(two)


def test_a_service_linked_role(lab: Lab) -> None:
    role = lab.create(ServiceLinkedRole(), {"AWSServiceName": "autoscaling.amazonaws.com"})
    assert role.ref == role.attribute("RoleName") == "AWSServiceRoleForAutoScaling"
    lab.update(role, {"AWSServiceName": "autoscaling.amazonaws.com", "Description": "d"})
    lab.delete(role)

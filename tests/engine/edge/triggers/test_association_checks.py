"""Distributions with functions that Lambda@Edge cannot run are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from moto import mock_aws

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.edge.triggers.association_checks import (
    AssociationChecks,
    is_replicated,
    refuse_deletion,
)
from lambda_nb.engine.edge.triggers.associations import in_document
from lambda_nb.engine.edge.triggers.role_trust import RoleTrust
from lambda_nb.engine.errors import AWSError, not_found

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
ROLE = "arn:aws:iam::000000000000:role/service/edge"
BOTH = {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}
CONFIGURATION = {"Runtime": "python3.13", "Timeout": 3, "MemorySize": 128, "Role": ROLE}


@cache
def cloudfront() -> Any:
    """A client whose calls go nowhere."""
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("cloudfront", "us-east-1", **keys)


def behaviour(**associations: Any) -> dict[str, Any]:
    """A behaviour; ``viewer_request=ARN`` associates, a tuple ``(ARN, True)`` with the body."""
    items = []
    for name, given in associations.items():
        arn, include = given if isinstance(given, tuple) else (given, False)
        event = name.rstrip("_").replace("_", "-")
        items.append({"EventType": event, "LambdaFunctionARN": arn, "IncludeBody": include})
    return {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "allow-all",
        "LambdaFunctionAssociations": {"Quantity": len(items), "Items": items},
    }


def config(default: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "CallerReference": "r",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [{"Id": "o", "DomainName": "b.s3.amazonaws.com"}],
        },
        "DefaultCacheBehavior": default,
    }
    if others:
        items = [{**one, "PathPattern": f"/{i}/*"} for i, one in enumerate(others)]
        made["CacheBehaviors"] = {"Quantity": len(items), "Items": items}
    return made


def call(config: dict[str, Any], operation: str = "create_distribution") -> WatchedCall:
    """The call that boto3 makes of CloudFront."""
    made: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        made.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), Empty())

    cloudfront().meta.events.register("before-send.cloudfront", answer, unique_id="answer")
    arguments: dict[str, Any] = {"DistributionConfig": config}
    if operation == "create_distribution_with_tags":
        arguments = {"DistributionConfigWithTags": {**arguments, "Tags": {"Items": []}}}
    elif operation == "update_distribution":
        arguments |= {"Id": "E1", "IfMatch": "e"}
    getattr(cloudfront(), operation)(**arguments)
    cloudfront().meta.events.unregister("before-send.cloudfront", unique_id="answer")
    (request,) = made
    assert isinstance(request.body, bytes)
    where = urlsplit(request.url)
    return WatchedCall(
        "us-east-1", request.method, "", {}, where.path, where.query, {}, request.body
    )


class Empty:
    """The body of an answer without one."""

    def stream(self) -> Iterator[bytes]:
        return iter(())


class Configurations:
    """The configurations of functions, and the trust policies of roles."""

    def __init__(self, trust: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.settings = {**CONFIGURATION, **settings}
        self.trust = {"Statement": [{"Effect": "Allow", "Principal": BOTH}]} | dict(trust or {})
        self.roles: list[str] = []

    async def of(self, arn: str) -> Mapping[str, Any]:
        if ":function:f:" not in arn:
            raise not_found(f"Function not found: {arn}")
        return self.settings

    async def trusted(self, role: str) -> Mapping[str, Any] | None:
        self.roles.append(role)
        return self.trust

    def checks(self, **options: Any) -> AssociationChecks:
        return AssociationChecks("000000000000", self.of, self.trusted, **options)


async def refusal(checks: AssociationChecks, asked: WatchedCall) -> tuple[str, str]:
    """Code and message of the refusal, as boto3 reads them."""
    reply = await checks.asked(asked)
    assert reply is not None
    assert reply.status == 400
    shape = cloudfront().meta.service_model.operation_model("CreateDistribution").output_shape
    parsed = create_parser("rest-xml").parse(
        {"body": reply.body, "headers": {}, "status_code": reply.status}, shape
    )
    return parsed["Error"]["Code"], parsed["Error"]["Message"]


@pytest.mark.parametrize(
    "operation", ["create_distribution", "create_distribution_with_tags", "update_distribution"]
)
async def test_a_function_that_may_be_associated(operation: str) -> None:
    known = Configurations()
    good = config(
        behaviour(viewer_request=(f"{ARN}:1", True), origin_response=f"{ARN}:2"),
        behaviour(viewer_request=f"{ARN}:1"),
    )
    assert await known.checks().asked(call(good, operation)) is None
    assert known.roles == [ROLE] * 3


@pytest.mark.parametrize(
    "operation", ["create_distribution", "create_distribution_with_tags", "update_distribution"]
)
async def test_each_operation_is_checked(operation: str) -> None:
    asked = call(config(behaviour(viewer_request=f"{ARN}:$LATEST")), operation)
    code, message = await refusal(Configurations().checks(), asked)
    assert code == "InvalidLambdaFunctionAssociation"
    assert message == (
        "The function ARN must reference a specific function version. (The ARN must end with the "
        f"version number.) ARN: {ARN}:$LATEST"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"Environment": {"Variables": {"A": "1"}}},
            f"The function cannot have environment variables. Function: {ARN}:1",
        ),
        (
            {"Timeout": 60},
            "The function timeout is larger than the maximum allowed for functions that are "
            f"triggered by a CloudFront event: 60 Max allowed: 30 Function: {ARN}:1",
        ),
        ({"VpcConfig": {"SubnetIds": ["s"]}}, f"connected to a VPC. Function: {ARN}:1"),
    ],
)
async def test_a_function_with_settings_that_the_edge_does_not_have(
    settings: dict[str, Any], message: str
) -> None:
    asked = call(config(behaviour(origin_request=f"{ARN}:1")))
    code, told = await refusal(Configurations(**settings).checks(), asked)
    assert code == "InvalidLambdaFunctionAssociation"
    assert told.endswith(message)


async def test_other_behaviours_are_checked_too() -> None:
    asked = call(config(behaviour(), behaviour(), behaviour(origin_request=f"{ARN}:live")))
    _, told = await refusal(Configurations().checks(), asked)
    assert "must reference a specific function version" in told


async def test_viewer_events_may_have_the_old_limit_of_5_seconds() -> None:
    asked = call(config(behaviour(viewer_request=f"{ARN}:1")))
    checks = Configurations(Timeout=6).checks(viewer_timeout_s=5)
    assert "6 Max allowed: 5" in (await refusal(checks, asked))[1]


async def test_a_function_that_is_not_there() -> None:
    asked = call(config(behaviour(origin_request=ARN.replace(":function:f", ":function:g") + ":1")))
    code, told = await refusal(Configurations().checks(), asked)
    assert code == "InvalidLambdaFunctionAssociation"
    assert told.startswith("Lambda@Edge cannot retrieve the specified Lambda function.")


async def test_a_role_that_the_edge_cannot_assume() -> None:
    only = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}
    asked = call(config(behaviour(origin_request=f"{ARN}:1")))
    _, told = await refusal(Configurations(only).checks(), asked)
    assert told == (
        "The function execution role must be assumable with edgelambda.amazonaws.com as well as "
        f"lambda.amazonaws.com principals. Update the IAM role and try again. Role: {ROLE}"
    )


def functions(*events: str) -> dict[str, Any]:
    arn = "arn:aws:cloudfront::000000000000:function/g"
    items = [{"EventType": event, "FunctionARN": arn} for event in events]
    return {"FunctionAssociations": {"Quantity": len(items), "Items": items}}


@pytest.mark.parametrize(
    ("associations", "others", "says"),
    [
        ({"viewer_request": f"{ARN}:1", "viewer_request_": f"{ARN}:2"}, (), "more than one"),
        ({"viewer_response": (f"{ARN}:1", True)}, (), "IncludeBody is only for request events"),
        ({"viewer_request": f"{ARN}:1"}, ("viewer-request",), "more than one function"),
        ({"viewer_request": f"{ARN}:1"}, ("viewer-response",), "use one kind for both"),
        ({"viewer_response": f"{ARN}:1"}, ("viewer-request",), "use one kind for both"),
        ({"origin_reply": f"{ARN}:1"}, (), "is not one of viewer-request"),
    ],
)
async def test_functions_that_do_not_go_together(
    associations: dict[str, Any], others: tuple[str, ...], says: str
) -> None:
    asked = call(config({**behaviour(**associations), **functions(*others)}))
    code, told = await refusal(Configurations().checks(), asked)
    assert code == "InvalidLambdaFunctionAssociation"
    assert says in told


async def test_origin_events_go_with_cloudfront_functions() -> None:
    both = {
        **behaviour(origin_request=f"{ARN}:1", origin_response=f"{ARN}:1"),
        **functions("viewer-request", "viewer-response"),
    }
    assert await Configurations().checks().asked(call(config(both))) is None


async def test_too_many_functions() -> None:
    many = [behaviour(origin_request=f"{ARN}{i}:1") for i in range(101)]
    code, told = await refusal(Configurations().checks(), call(config(behaviour(), *many)))
    assert code == "TooManyLambdaFunctionAssociations"
    assert "101" in told


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/2020-05-31/distribution/E1/config"),
        ("POST", "/2020-05-31/function"),
        ("POST", "/2020-05-31/distribution/E1/invalidation"),
        ("PUT", "/2020-05-31/distribution/E1/promote-staging-config"),
    ],
)
async def test_other_calls_are_not_looked_at(method: str, path: str) -> None:
    asked = call(config(behaviour(viewer_request=ARN)))
    other = WatchedCall("us-east-1", method, "", {}, path, "", {}, asked.body)
    assert await Configurations().checks().asked(other) is None


@pytest.mark.parametrize(
    "body", [b"", b"no document", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'], ids=range(3)
)
def test_what_is_no_configuration_has_no_functions(body: bytes) -> None:
    assert in_document(body) == []


def test_patterns_of_behaviours() -> None:
    asked = call(config(behaviour(viewer_request=(f"{ARN}:1", True)), behaviour()))
    default, other = in_document(asked.body)
    assert (default.pattern, other.pattern) == ("*", "/0/*")
    assert default.lambdas == (("*", "viewer-request", f"{ARN}:1", True),)


# --- deleting


def test_what_a_distribution_uses_cannot_be_deleted() -> None:
    used = {f"{ARN}:1", f"{ARN}2:3"}
    for name, qualifier in [("f", None), ("f", "1"), (ARN, "1"), (f"{ARN}:1", None), (ARN, None)]:
        assert is_replicated(name, qualifier, used) == f"{ARN}:1"
        with pytest.raises(AWSError) as refused:
            refuse_deletion(name, qualifier, used)
        assert refused.value.code == "InvalidParameterValueException"
        assert refused.value.message == (
            f"Lambda was unable to delete {ARN}:1 because it is a replicated function. Please see "
            "our documentation for Deleting Lambda@Edge Functions and Replicas."
        )


def test_what_no_distribution_uses_can() -> None:
    for name, qualifier in [("f", "2"), ("g", None), (f"{ARN}:2", None), (f"{ARN}3", None)]:
        refuse_deletion(name, qualifier, {f"{ARN}:1"})


# --- trust policies


async def test_the_trust_policy_of_a_role() -> None:
    with mock_aws():
        iam = boto3.client("iam", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": BOTH}]}
        iam.create_role(
            RoleName="edge", Path="/service/", AssumeRolePolicyDocument=json.dumps(policy)
        )

        async def client(service: str) -> Any:
            assert service == "iam"
            return iam

        trust = RoleTrust(client)
        assert await trust(ROLE) == policy
        assert await trust("arn:aws:iam::000000000000:role/unknown") is None
        assert await trust("") is None


async def test_a_trust_policy_that_nobody_can_read(caplog: pytest.LogCaptureFixture) -> None:
    class Denied:
        def get_role(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")

    async def client(service: str) -> Any:
        return Denied()

    assert await RoleTrust(client)(ROLE) is None
    assert "is not checked" in caplog.text

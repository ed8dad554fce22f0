"""Looks through what services list: for resources with a name, or made since a moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from lambda_nb.engine.stacks.types.context import Context


class Listing(NamedTuple):
    """How a service lists its resources: their names, their IDs and when they were made.

    ``given`` is the property in which a template gives the name.
    """

    service: str
    operation: str
    member: str
    name: str
    identity: str
    made: str = ""
    given: str = "Name"
    more: Mapping[str, Any] = {}


BY_NAME = {
    "AWS::ApiGateway::ApiKey": Listing(
        "apigateway", "get_api_keys", "items", "name", "id", "createdDate"
    ),
    "AWS::ApiGateway::UsagePlan": Listing(
        "apigateway", "get_usage_plans", "items", "name", "id", given="UsagePlanName"
    ),
    "AWS::Cognito::IdentityPool": Listing(
        "cognito-identity",
        "list_identity_pools",
        "IdentityPools",
        "IdentityPoolName",
        "IdentityPoolId",
        given="IdentityPoolName",
        more={"MaxResults": 60},
    ),
    "AWS::Cognito::UserPool": Listing(
        "cognito-idp",
        "list_user_pools",
        "UserPools",
        "Name",
        "Id",
        "CreationDate",
        given="UserPoolName",
        more={"MaxResults": 60},
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Listing(
        "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName", "LoadBalancerArn"
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Listing(
        "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName", "TargetGroupArn"
    ),
    "AWS::IAM::ManagedPolicy": Listing(
        "iam",
        "list_policies",
        "Policies",
        "PolicyName",
        "Arn",
        given="ManagedPolicyName",
        more={"Scope": "Local"},
    ),
    "AWS::StepFunctions::StateMachine": Listing(
        "stepfunctions",
        "list_state_machines",
        "stateMachines",
        "name",
        "stateMachineArn",
        given="StateMachineName",
    ),
}
"""Types with IDs that say nothing, and with a name."""
MAY_SHARE_NAMES = frozenset(
    (
        "AWS::ApiGateway::ApiKey",
        "AWS::ApiGateway::UsagePlan",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
    )
)
"""Those of them of which there may be several of one name."""

BY_MOMENT = {
    "AWS::ApiGateway::RestApi": Listing(
        "apigateway", "get_rest_apis", "items", "name", "id", "createdDate"
    ),
    "AWS::ApiGatewayV2::Api": Listing(
        "apigatewayv2", "get_apis", "Items", "Name", "ApiId", "CreatedDate"
    ),
}
"""Types of which there may be several of one name, and that are often given none."""


def named(context: Context, listing: Listing, name: str) -> Iterable[str]:
    """The physical IDs of all that have a name."""
    for item in _all(context, listing):
        if item.get(listing.name) == name:
            yield str(item[listing.identity])


def made_since(context: Context, listing: Listing, name: Any, since: float) -> Iterable[str]:
    """The physical IDs of what was made since a moment (seconds since 1970).

    ``name`` is ``None`` if it may be any.
    """
    for item in _all(context, listing):
        made: datetime = item[listing.made]
        same = name is None or item.get(listing.name) == name
        # Services tell whole seconds.
        if same and made.timestamp() >= math.floor(since):
            yield str(item[listing.identity])


def pages(
    calls: Any, operation: str, member: str, **parameters: Any
) -> Iterable[Mapping[str, Any]]:
    """The items of all pages of an answer."""
    for page in calls.get_paginator(operation).paginate(**parameters):
        yield from page.get(member, ())


def _all(context: Context, listing: Listing) -> Iterable[Mapping[str, Any]]:
    calls = context.client(listing.service)
    return pages(calls, listing.operation, listing.member, **listing.more)

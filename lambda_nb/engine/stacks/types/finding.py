"""Finds resources whose making was interrupted before it was recorded what was made."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.context import Context

_LOGICAL_ID = "aws:cloudformation:logical-id"
_STACK_ID = "aws:cloudformation:stack-id"


@dataclass(frozen=True, slots=True)
class Lost:
    """A resource that may have been made.

    Attributes
    ----------
    type
        Its resource type.
    name
        What was chosen as its name; empty if nothing was.
    properties
        Its properties.
    since
        When its making began (seconds since 1970).
    known
        Whether a physical ID is that of a resource of some stack.
    """

    type: str
    name: str
    properties: Properties
    since: float
    known: Callable[[str], bool]


class _Listing(NamedTuple):
    """How a service lists its resources: their names, their IDs and when they were made."""

    service: str
    operation: str
    member: str
    name: str
    identity: str
    made: str = ""


_BY_CHOSEN_NAME = {
    "AWS::ApiGateway::ApiKey": _Listing("apigateway", "get_api_keys", "items", "name", "id"),
    "AWS::ApiGateway::UsagePlan": _Listing("apigateway", "get_usage_plans", "items", "name", "id"),
    "AWS::Cognito::IdentityPool": _Listing(
        "cognito-identity",
        "list_identity_pools",
        "IdentityPools",
        "IdentityPoolName",
        "IdentityPoolId",
    ),
    "AWS::Cognito::UserPool": _Listing("cognito-idp", "list_user_pools", "UserPools", "Name", "Id"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _Listing(
        "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName", "LoadBalancerArn"
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _Listing(
        "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName", "TargetGroupArn"
    ),
    "AWS::IAM::ManagedPolicy": _Listing("iam", "list_policies", "Policies", "PolicyName", "Arn"),
    "AWS::StepFunctions::StateMachine": _Listing(
        "stepfunctions", "list_state_machines", "stateMachines", "name", "stateMachineArn"
    ),
}
"""Types with IDs that say nothing, but with a name that no other resource has."""

_BY_MOMENT = {
    "AWS::ApiGateway::RestApi": _Listing(
        "apigateway", "get_rest_apis", "items", "name", "id", "createdDate"
    ),
    "AWS::ApiGatewayV2::Api": _Listing(
        "apigatewayv2", "get_apis", "Items", "Name", "ApiId", "CreatedDate"
    ),
}
"""Types that may share a name: the one made meanwhile that no stack knows is the lost one."""


_GIVEN_NAME = {"AWS::SNS::Topic": "TopicName", "AWS::SQS::Queue": "QueueName"}
"""The property that names a resource, of types whose physical ID is another."""


def given_name(type_name: str, properties: Properties) -> str:
    """The name that a template gives to a resource, if it can be found by it; else empty."""
    own = _GIVEN_NAME.get(type_name)
    members = [own] if own else list(schemas.of(type_name).identifiers)
    name = properties.get(members[0]) if len(members) == 1 else None
    return name if isinstance(name, str) else ""


def found(context: Context, lost: Lost) -> str | None:
    """The physical ID of a lost resource; ``None`` if there is none, or none that can be found.

    Parameters
    ----------
    context
        Of the step that looks for it.
    lost
        What is known of it.
    """
    if lost.type == "AWS::Lambda::EventSourceMapping":
        return _mapping(context)
    if lost.type.startswith("AWS::EC2::"):
        return _in_a_network(context)
    if lost.type in _BY_MOMENT:
        return _made_meanwhile(context, _BY_MOMENT[lost.type], lost)
    if not lost.name:
        return None
    if lost.type in _BY_CHOSEN_NAME:
        listing = _BY_CHOSEN_NAME[lost.type]
        return _first(
            str(item[listing.identity])
            for item in _all(context, listing)
            if item.get(listing.name) == lost.name
        )
    return identity_of(context, lost.type, lost.name)


def identity_of(context: Context, type_name: str, name: str) -> str:
    """The physical ID of a resource by its name, where the one follows from the other."""
    if type_name == "AWS::SNS::Topic":
        return f"arn:{context.partition}:sns:{context.region}:{context.account}:{name}"
    return name


def _mapping(context: Context) -> str | None:
    calls = context.client("lambda")
    for item in _pages(calls, "list_event_source_mappings", "EventSourceMappings"):
        tags = calls.list_tags(Resource=item["EventSourceMappingArn"])["Tags"]
        if _ours(context, tags):
            return str(item["UUID"])
    return None


def _in_a_network(context: Context) -> str | None:
    wanted = [{"Name": "key", "Values": [_STACK_ID, _LOGICAL_ID]}]
    tags: dict[str, dict[str, str]] = {}
    for item in _pages(context.client("ec2"), "describe_tags", "Tags", Filters=wanted):
        tags.setdefault(item["ResourceId"], {})[item["Key"]] = item["Value"]
    return _first(identity for identity, own in tags.items() if _ours(context, own))


def _made_meanwhile(context: Context, listing: _Listing, lost: Lost) -> str | None:
    name = lost.properties.get("Name")
    for item in _all(context, listing):
        made: datetime = item[listing.made]
        identity = str(item[listing.identity])
        same = name is None or item.get(listing.name) == name
        # Services tell whole seconds.
        if same and made.timestamp() >= math.floor(lost.since) and not lost.known(identity):
            return identity
    return None


def _ours(context: Context, tags: Mapping[str, str]) -> bool:
    return tags.get(_STACK_ID) == context.stack_id and tags.get(_LOGICAL_ID) == context.logical_id


def _all(context: Context, listing: _Listing) -> Iterable[Mapping[str, Any]]:
    calls = context.client(listing.service)
    more = {"MaxResults": 60} if listing.service.startswith("cognito") else {}
    return _pages(calls, listing.operation, listing.member, **more)


def _pages(
    calls: Any, operation: str, member: str, **parameters: Any
) -> Iterable[Mapping[str, Any]]:
    for page in calls.get_paginator(operation).paginate(**parameters):
        yield from page.get(member, ())


def _first(identities: Iterable[str]) -> str | None:
    return next(iter(identities), None)

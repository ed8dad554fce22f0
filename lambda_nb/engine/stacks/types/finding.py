"""Finds resources whose making was interrupted before it was recorded what was made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.listing import (
    BY_MOMENT,
    BY_NAME,
    MAY_SHARE_NAMES,
    made_since,
    named,
    pages,
)
from lambda_nb.engine.stacks.types.resource_type import ResourceType

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


_GIVEN_NAME = {
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::Activity": "Name",
    **{kind: listing.given for kind, listing in BY_NAME.items() if kind not in MAY_SHARE_NAMES},
}
"""The property that names a resource, of types whose physical ID is another."""
_NAME_WITHIN = {
    "AWS::ApiGateway::Method": "HttpMethod",
    "AWS::ApplicationAutoScaling::ScalableTarget": "ResourceId",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
    "AWS::Cognito::UserPoolDomain": "Domain",
    "AWS::Events::EventBusPolicy": "StatementId",
    "AWS::IAM::GroupPolicy": "PolicyName",
    "AWS::IAM::RolePolicy": "PolicyName",
    "AWS::IAM::UserPolicy": "PolicyName",
    "AWS::Lambda::EventInvokeConfig": "FunctionName",
    "AWS::Logs::MetricFilter": "FilterName",
    "AWS::Logs::SubscriptionFilter": "FilterName",
    **{kind: BY_NAME[kind].given for kind in MAY_SHARE_NAMES},
}
"""The same of types for which that property alone says not which resource is meant."""


def given_name(type_name: str, properties: Properties) -> str:
    """The name that a template gives to a resource, if no other has it; else empty."""
    own = _GIVEN_NAME.get(type_name)
    members = [own] if own else list(schemas.of(type_name).identifiers)
    name = properties.get(members[0]) if len(members) == 1 else None
    return name if isinstance(name, str) else ""


def name_to_claim(type_name: str, properties: Properties) -> str:
    """What is recorded before a resource with a given name is made; empty if it has none."""
    name = properties.get(_NAME_WITHIN.get(type_name, ""))
    return name if isinstance(name, str) else given_name(type_name, properties)


def taken(
    context: Context, of_type: ResourceType, type_name: str, properties: Properties
) -> str | None:
    """The physical ID of what has the name that a template gives; ``None`` if nothing has.

    Raises
    ------
    Exception
        Nobody can tell.
    """
    name = name_to_claim(type_name, properties)
    if type_name in BY_NAME:
        return _first(named(context, BY_NAME[type_name], name))
    try:
        return of_type.taken(context, properties)
    except NotImplementedError:
        identity = identity_of(context, type_name, name)
        there = of_type.read(context, Made(identity), properties)
        return None if there is None else identity


def found(context: Context, of_type: ResourceType, lost: Lost) -> str | None:
    """The physical ID of a lost resource; ``None`` if there is none, or none that can be found.

    Parameters
    ----------
    context
        Of the step that looks for it.
    of_type
        The class of its type.
    lost
        What is known of it.
    """
    if lost.type == "AWS::Lambda::EventSourceMapping":
        return _mapping(context)
    if lost.type.startswith("AWS::EC2::"):
        return _in_a_network(context)
    if lost.type in BY_MOMENT or lost.type in BY_NAME:
        return _first(one for one in _listed(context, lost) if not lost.known(one))
    if not lost.name:
        return None
    if lost.name == name_to_claim(lost.type, lost.properties):
        with contextlib.suppress(NotImplementedError):
            return of_type.taken(context, lost.properties)
    return identity_of(context, lost.type, lost.name)


def identity_of(context: Context, type_name: str, name: str) -> str:
    """The physical ID of a resource by its name, where the one follows from the other."""
    if type_name == "AWS::SNS::Topic":
        return f"arn:{context.partition}:sns:{context.region}:{context.account}:{name}"
    return name


def _listed(context: Context, lost: Lost) -> Iterable[str]:
    """What may be the lost one: what has its name, or was made meanwhile."""
    listing = BY_NAME.get(lost.type)
    if listing is not None and lost.name:
        return named(context, listing, lost.name)
    listing = listing or BY_MOMENT[lost.type]
    if not listing.made:
        return ()
    return made_since(context, listing, lost.properties.get(listing.given), lost.since)


def _first(identities: Iterable[str]) -> str | None:
    return next(iter(identities), None)


def _mapping(context: Context) -> str | None:
    calls = context.client("lambda")
    for item in pages(calls, "list_event_source_mappings", "EventSourceMappings"):
        tags = calls.list_tags(Resource=item["EventSourceMappingArn"])["Tags"]
        if _ours(context, tags):
            return str(item["UUID"])
    return None


def _in_a_network(context: Context) -> str | None:
    wanted = [{"Name": "key", "Values": [_STACK_ID, _LOGICAL_ID]}]
    tags: dict[str, dict[str, str]] = {}
    for item in pages(context.client("ec2"), "describe_tags", "Tags", Filters=wanted):
        tags.setdefault(item["ResourceId"], {})[item["Key"]] = item["Value"]
    return _first(identity for identity, own in tags.items() if _ours(context, own))


def _ours(context: Context, tags: Mapping[str, str]) -> bool:
    return tags.get(_STACK_ID) == context.stack_id and tags.get(_LOGICAL_ID) == context.logical_id

"""What the deployment of stacks needs from the engine around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.deploying.steps.clients import Clients
from lambda_nb.engine.stacks.types.resource_type import ResourceType


def _none() -> Mapping[str, str]:
    return {}


def _ignore(text: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The engine around the stacks of one Region.

    Attributes
    ----------
    account, region, partition
        Where the stacks are; ``partition`` is ``aws``.
    clients
        boto3 clients that call the engine itself; closed with the stacks.
    find_type
        The class of a resource type by its name; ``None`` if there is none. It need not know
        ``AWS::CloudFormation::Stack``.
    read
        The text of a template by its address (``TemplateURL``, ``s3://BUCKET/KEY``). Raises
        :class:`~lambda_nb.engine.errors.AWSError`.
    call_macro
        Calls a macro by its name with a request; the answer.
    managed_policies
        ARNs of AWS's managed policies by their names, for SAM.
    expect
        Is told the text of each template before it is read.
    put_event
        Puts an entry on the Region's default event bus as CloudFormation itself; ``None`` if nobody
        listens there.
    skip_unknown
        Whether a resource of a type that nobody knows passes, made of nothing.
    """

    account: str
    region: str
    clients: Clients
    find_type: Callable[[str], ResourceType | None]
    read: Callable[[str], str]
    call_macro: Callable[[str, dict[str, Any]], dict[str, Any]]
    managed_policies: Callable[[], Mapping[str, str]] = _none
    expect: Callable[[str], None] = _ignore
    partition: str = "aws"
    put_event: Callable[[dict[str, Any]], None] | None = None
    skip_unknown: bool = False

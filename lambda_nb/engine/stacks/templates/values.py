"""What the evaluation of a template takes and gives, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.templates.resolution.marks import NO_VALUE


@dataclass(frozen=True, slots=True)
class Pseudo:
    """What pseudo parameters give."""

    account: str
    region: str
    partition: str
    stack_name: str
    stack_id: str
    notification_arns: tuple[str, ...] = ()
    url_suffix: str = "amazonaws.com"

    @property
    def values(self) -> dict[str, Any]:
        """The values by their names: ``AWS::Region`` and its like."""
        return {
            "AWS::AccountId": self.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": list(self.notification_arns),
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix,
        }


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a stack; ``export_name`` is ``None`` if it is not exported."""

    key: str
    value: str
    description: str | None
    export_name: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """What a property's value depends on, as change sets name it.

    Attributes
    ----------
    kind
        ``ParameterReference``, ``ResourceReference`` or ``ResourceAttribute``.
    entity
        The parameter, the resource, or ``RESOURCE.ATTRIBUTE``.
    """

    kind: str
    entity: str

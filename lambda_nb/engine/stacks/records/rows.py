"""The rows of the records: plain values, each with the names of CloudFormation's API.

Times are in seconds since 1970 (UTC). Values that a template keeps secret (``NoEcho``) are in
these rows as they are, because later updates need them: whoever answers a client uses
:attr:`Parameter.shown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.stacks.model import Made
from lambda_nb.engine.stacks.records.hiding import HIDDEN, hidden


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a stack.

    Attributes
    ----------
    key
        Its name in the template.
    value
        As it was given, or the template's default; for a parameter of the Systems Manager types
        that is the name of the SSM parameter.
    resolved_value
        What stands behind that name; ``None`` for other types.
    no_echo
        Whether its value is a secret.
    """

    key: str
    value: str
    resolved_value: str | None = None
    no_echo: bool = False

    @property
    def shown(self) -> str:
        """Its value as clients may see it."""
        return HIDDEN if self.no_echo else self.value


@dataclass(frozen=True, slots=True)
class Revision:
    """What a stack is asked to be: one template with its parameters and settings.

    Attributes
    ----------
    template
        Its text, as it was given.
    processed
        Its text (JSON) after all transforms; the same as ``template`` if it has none.
    parameters
        All of the template's parameters, with the values that hold.
    tags
        The stack's own.
    capabilities, notification_arns, role_arn
        As they were given.
    """

    template: str
    processed: str
    parameters: tuple[Parameter, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()
    role_arn: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An output of a stack: ``export_name`` is ``None`` if it is not exported."""

    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """An exported output: its name, its value and whose it is."""

    name: str
    value: str
    stack_id: str


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack.

    Attributes
    ----------
    id
        Its ARN.
    status, reason
        ``StackStatus`` and ``StackStatusReason``.
    revision
        What it is, or is just becoming.
    before
        While it is updated, and until a failed update is rolled back: what it was.
    outputs
        Since it was last deployed.
    on_failure
        What follows if its creation fails: ``ROLLBACK``, ``DELETE`` or ``DO_NOTHING``.
    timeout_minutes
        For its creation; ``None`` for no limit.
    policy
        Its stack policy (JSON).
    parent_id, root_id
        Of a nested stack.
    created, updated, deleted
        Times; ``None`` if that did not happen.
    operation
        What its running operation was asked for, by names of this package; empty if none runs.
    drift_status, drift_checked
        ``NOT_CHECKED``, ``IN_SYNC`` or ``DRIFTED``, and when that was found.
    change_set_id
        The change set that was executed last.
    token
        The ``ClientRequestToken`` of the last operation.
    """

    id: str
    name: str
    status: str
    revision: Revision
    created: float
    reason: str | None = None
    before: Revision | None = None
    outputs: tuple[Output, ...] = ()
    on_failure: str = "ROLLBACK"
    timeout_minutes: int | None = None
    termination_protection: bool = False
    policy: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    updated: float | None = None
    deleted: float | None = None
    operation: Mapping[str, Any] = field(default_factory=dict)
    drift_status: str = "NOT_CHECKED"
    drift_checked: float | None = None
    change_set_id: str | None = None
    token: str | None = None

    @property
    def in_progress(self) -> bool:
        """Whether an operation runs on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def disable_rollback(self) -> bool:
        """``DisableRollback`` of its creation."""
        return self.on_failure == "DO_NOTHING"


@dataclass(frozen=True, slots=True)
class Held:
    """One real resource, or one that is about to be made.

    Attributes
    ----------
    type
        Its resource type.
    properties
        As they were deployed, without intrinsic functions.
    physical_id
        Empty until it is known.
    attributes
        For ``Fn::GetAtt``.
    name
        The name that was chosen for it before it was made; empty if none was.
    dependencies
        Logical IDs of the resources that it needs.
    deletion_policy, update_replace_policy
        What becomes of it: ``Delete``, ``Retain``, ``Snapshot`` or ``RetainExceptOnCreate``.
    metadata
        The template's ``Metadata`` of the resource.
    secrets
        Texts in its properties and attributes that are not shown.
    """

    type: str
    properties: Mapping[str, Any]
    physical_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    dependencies: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Any = None
    secrets: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """Its properties as clients may see them."""
        return dict(hidden(dict(self.properties), frozenset(self.secrets)))

    @property
    def made(self) -> Made:
        """What other resources may know of it."""
        return Made(self.physical_id, self.attributes)


@dataclass(frozen=True, slots=True)
class StackResource:
    """A resource of a stack.

    Attributes
    ----------
    held
        The resource as it is now.
    before
        What it was before the operation that runs, if that changes or replaces it.
    step
        What the operation that runs did with it or is doing: ``create``, ``modify``, ``replace``,
        ``noted`` (only the record of it changed), or ``undone`` for one that is the old one again
        (``before`` is then the new one, which is still to be deleted); ``None`` if nothing.
    uncertain
        Whether it may exist although no physical ID is known.
    token
        Of the step: the ``RequestToken`` in reasons, and the end of chosen names.
    status, reason, updated
        ``ResourceStatus``, ``ResourceStatusReason`` and the time of them.
    drift_status, drift_checked
        ``NOT_CHECKED``, ``IN_SYNC``, ``MODIFIED`` or ``DELETED``, and when that was found.
    actual, differences
        What drift detection found: the properties as they are, and each difference with the members
        of CloudFormation's ``PropertyDifference``.
    """

    stack_id: str
    logical_id: str
    held: Held
    status: str
    updated: float
    reason: str | None = None
    before: Held | None = None
    step: str | None = None
    token: str = ""
    uncertain: bool = False
    drift_status: str = "NOT_CHECKED"
    drift_checked: float | None = None
    actual: Mapping[str, Any] | None = None
    differences: tuple[Mapping[str, str], ...] = ()

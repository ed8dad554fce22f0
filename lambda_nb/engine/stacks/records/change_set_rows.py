"""Change sets as rows of the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.records.rows import Revision


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the properties of a resource, found before anything is deployed."""

    logical_id: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set.

    Attributes
    ----------
    kind
        ``CREATE`` or ``UPDATE``.
    status, reason
        ``Status`` and ``StatusReason``.
    execution_status
        ``AVAILABLE``, ``UNAVAILABLE``, ``EXECUTE_IN_PROGRESS``, ``EXECUTE_COMPLETE``,
        ``EXECUTE_FAILED`` or ``OBSOLETE``.
    revision
        What the stack is asked to be.
    changes
        Each with the members of CloudFormation's ``Change``.
    on_failure
        ``OnStackFailure``; ``None`` if it was not given.
    problems
        For which it failed.
    """

    id: str
    name: str
    stack_id: str
    stack_name: str
    kind: str
    status: str
    execution_status: str
    revision: Revision
    created: float
    reason: str | None = None
    description: str | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    on_failure: str | None = None
    include_nested: bool = False
    parent_id: str | None = None
    root_id: str | None = None
    token: str | None = None
    problems: tuple[Problem, ...] = ()

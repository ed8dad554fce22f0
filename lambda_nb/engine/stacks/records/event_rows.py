"""What happened to stacks and what was found of them, as rows of the records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a stack, with the members of CloudFormation's ``StackEvent``.

    Attributes
    ----------
    number
        They are numbered in the order in which they happened, over all stacks.
    properties
        JSON, secret values hidden; ``None`` for events of the stack itself.
    """

    id: str
    stack_id: str
    stack_name: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    time: float
    reason: str | None = None
    properties: str | None = None
    token: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class DriftDetection:
    """One detection of drift; ``status`` is ``DETECTION_IN_PROGRESS``, ``..._COMPLETE`` or
    ``..._FAILED``."""

    id: str
    stack_id: str
    status: str
    time: float
    reason: str | None = None
    drift_status: str = "NOT_CHECKED"
    drifted: int = 0

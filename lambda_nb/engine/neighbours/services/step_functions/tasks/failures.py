"""Failures of states, as moto's interpreter passes them on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def failure_event(env: Any, kind: str, member: str, details: Mapping[str, str]) -> Any:
    """The event by which a state fails; a retrier or a catcher may match its error.

    Parameters
    ----------
    env
        The interpreter's environment.
    kind
        The type of the event, such as ``TaskFailed``.
    member
        The member of the event that holds the details, such as ``taskFailedEventDetails``.
    details
        ``error`` and ``cause``, and what the member has beside them.
    """
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent

    made: Any = FailureEvent
    return made(
        env=env,
        error_name=ErrorName(error_name=details["error"]),
        event_type=HistoryEventType(kind),
        event_details={member: dict(details)},
    )


def failure(env: Any, kind: str, member: str, details: Mapping[str, str]) -> Exception:
    """As :func:`failure_event`, to be raised."""
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEventException,
    )

    raised: Exception = FailureEventException(failure_event(env, kind, member, details))
    return raised

"""The values that the rooms of ``stacks`` exchange: plain data, and the errors they raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.errors import AWSError

Properties = Mapping[str, Any]
"""A resource's properties: JSON values, without intrinsic functions."""


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that exists.

    Attributes
    ----------
    physical_id
        What ``Ref`` returns.
    attributes
        What ``Fn::GetAtt`` returns, by the attributes' names (``Arn``, ``Endpoint.Address``).
    secrets
        Texts among them that events do not show.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


class Refused(Exception):  # noqa: N818
    """A resource cannot be made, changed or deleted; the message is its ``ResourceStatusReason``.

    ``code`` is CloudFormation's handler error code (``AlreadyExists``, ``InvalidRequest``, ...).
    ``untouched``: it was refused before anything was done, as with the code ``NotUpdatable``. A
    rollback then leaves the resource alone.
    """

    def __init__(
        self, message: str, code: str = "GeneralServiceException", *, untouched: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.untouched = untouched or code == "NotUpdatable"


class Cancelled(Exception):  # noqa: N818
    """The work on a resource was given up, because its stack's operation was cancelled."""


def validation_error(message: str) -> AWSError:
    """CloudFormation's ``ValidationError`` (400), its answer to nearly all bad input."""
    return AWSError("ValidationError", message)

"""Refuses requests that CloudFormation refuses, or that would do nothing here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


def check_name(name: str, member: str = "stackName") -> None:
    """Refuse a name that CloudFormation does not take for a stack or a change set.

    Parameters
    ----------
    name
        What the request says.
    member
        Where it says so, for the error's text.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    if not _NAME.fullmatch(name):
        limit = "Member must have length less than or equal to 128"
        pattern = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        raise validation_error(
            f"1 validation error detected: Value '{name}' at '{member}' failed to satisfy "
            f"constraint: {limit if len(name) > 128 else pattern}"
        )


def refuse_unsupported(asked: Mapping[str, Any]) -> None:
    """Refuse what would be accepted and do nothing.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    if asked.get("RollbackConfiguration", {}).get("RollbackTriggers"):
        raise validation_error(
            "RollbackConfiguration: lambda_nb does not watch alarms during a deployment. Leave "
            "RollbackTriggers out."
        )
    if asked.get("ResourceTypes"):
        raise validation_error(
            "ResourceTypes: lambda_nb does not restrict the resource types of a request. Leave it "
            "out."
        )

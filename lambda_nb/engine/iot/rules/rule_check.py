"""Refuses rules that could never run, when they are created or replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.rules.rule import SqlError, compiled


def check(name: str, payload: Mapping[str, Any]) -> None:
    """Check the document of CreateTopicRule or ReplaceTopicRule, without what the service checks.

    Raises
    ------
    AWSError
        ``SqlParseException`` for its SQL or a template; ``InvalidRequestException`` for an action
        that is not carried out.
    """
    if not isinstance(payload.get("sql"), str) or not isinstance(payload.get("actions"), list):
        return
    try:
        compiled({"ruleArn": "", "rule": {"ruleName": name, **payload}})
    except SqlError as error:
        raise AWSError("SqlParseException", str(error)) from error
    except ValueError as error:
        raise AWSError("InvalidRequestException", str(error)) from error

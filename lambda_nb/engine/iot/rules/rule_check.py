"""Refuses rules that could never run, when they are created or replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.rules.rule import SqlError, compiled

_RULES = "/rules/"
_WRITING = ("POST", "PATCH")


class RuleCheck:
    """Watches the calls to the service ``iot``; implements ``Watch``."""

    async def asked(self, call: WatchedCall) -> None:
        """Check a rule that is about to be created or replaced.

        Raises
        ------
        AWSError
            ``SqlParseException`` or ``InvalidRequestException``.
        """
        if call.method not in _WRITING or not call.path.startswith(_RULES):
            return
        name = call.path.removeprefix(_RULES)
        if "/" in name:  # enable and disable
            return
        try:
            payload = json.loads(call.body)
        except ValueError:
            return
        if isinstance(payload, Mapping):
            await asyncio.to_thread(check, name, payload)  # the first one builds the grammar

    def answered(self, call: WatchedCall) -> None:
        """Nothing is to be done."""


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

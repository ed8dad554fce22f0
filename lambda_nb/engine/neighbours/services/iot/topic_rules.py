"""Topic rules: kept as they were given, with their tags and dates."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.operations import Parameters

_NAME = re.compile(r"[a-zA-Z0-9_]{1,128}")
_MOST_ACTIONS = 10
"""Actions of a rule (IoT Core quotas, "Rules engine")."""
_FROM = re.compile(r"\bFROM\s+'([^']*)'", re.IGNORECASE)


def install() -> None:
    """Change moto's topic rules."""
    operations.install(
        {
            "CreateTopicRule": _create,
            "ReplaceTopicRule": _replace,
            "GetTopicRule": _get,
            "ListTopicRules": _list,
            "DeleteTopicRule": _delete,
            "EnableTopicRule": lambda backend, given: _disable(backend, given, False),
            "DisableTopicRule": lambda backend, given: _disable(backend, given, True),
        }
    )


def _create(backend: Any, given: Parameters) -> None:
    name = given["ruleName"]
    if not _NAME.fullmatch(name):
        raise operations.invalid(
            f"1 validation error detected: Value '{name}' at 'ruleName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]+$"
        )
    if name in backend.rules:
        arn = backend.rules[name].arn
        raise operations.exists_already("Rule with given name already exists", "", arn)
    rule = _made(backend, name, given["topicRulePayload"])
    backend.rules[name] = rule
    tags.keep(backend, rule.arn, _tags(given.get("tags")))


def _tags(header: str | None) -> list[dict[str, str]]:
    """The tags in the header of the call, which is a query string."""
    from urllib.parse import parse_qsl

    pairs = parse_qsl(header or "", keep_blank_values=True)
    return [{"Key": key, "Value": value} for key, value in pairs]


def _made(backend: Any, name: str, payload: dict[str, Any]) -> Any:
    from moto.iot.models import FakeRule

    sql, actions = payload.get("sql"), payload.get("actions")
    if sql is None or actions is None:
        raise operations.invalid("A topic rule needs sql and actions.")
    if len(actions) > _MOST_ACTIONS:
        raise operations.invalid(f"A topic rule has at most {_MOST_ACTIONS} actions.")
    topic = _FROM.search(sql)
    rule: Any = FakeRule(
        rule_name=name,
        description=payload.get("description") or "",
        created_at=operations.now(),
        rule_disabled=bool(payload.get("ruleDisabled")),
        topic_pattern=topic[1] if topic else None,
        actions=actions,
        error_action=payload.get("errorAction") or {},
        sql=sql,
        aws_iot_sql_version=payload.get("awsIotSqlVersion") or "2015-10-08",
        account_id=backend.account_id,
        region_name=backend.region_name,
    )
    return rule


def _find(backend: Any, name: str) -> Any:
    rule = backend.rules.get(name)
    if rule is None:  # AWS does not tell rules that are missing from those of others
        raise operations.error(
            "UnauthorizedException",
            f"Access to topic rule '{name}' was denied",
            401,
        )
    return rule


def _replace(backend: Any, given: Parameters) -> None:
    name = given["ruleName"]
    old = _find(backend, name)
    rule = _made(backend, name, given["topicRulePayload"])
    rule.created_at = old.created_at
    backend.rules[name] = rule


def _get(backend: Any, given: Parameters) -> dict[str, Any]:
    rule = _find(backend, given["ruleName"])
    described: dict[str, Any] = rule.to_get_dict()
    if not rule.error_action:
        del described["rule"]["errorAction"]
    return described


def _list(backend: Any, given: Parameters) -> dict[str, Any]:
    rules = [
        rule
        for rule in backend.rules.values()
        if given.get("topic") in (None, rule.topic_pattern)
        and given.get("ruleDisabled") in (None, rule.rule_disabled)
    ]
    shown, token = operations.page(rules, given)
    return {"rules": [rule.to_dict() for rule in shown], "nextToken": token}


def _delete(backend: Any, given: Parameters) -> None:
    rule = backend.rules.pop(given["ruleName"], None)
    if rule is not None:
        tags.forget(backend, rule.arn)


def _disable(backend: Any, given: Parameters, disabled: bool) -> None:
    _find(backend, given["ruleName"]).rule_disabled = disabled

"""Stack policies: which resources an update may change, and how.

They have IAM's form; resources are named ``LogicalResourceId/NAME``, and a condition may ask for
``ResourceType`` (CloudFormation User Guide, protect-stack-resources; 2026).
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lambda_nb.engine.stacks.model import validation_error

MOST_CHARACTERS = 16384
"""Characters of a stack policy (CloudFormation, SetStackPolicy; 2026)."""

_CONDITIONS = {"StringEquals": False, "StringLike": True}


@lru_cache(maxsize=16)  # an update asks again for each resource
def checked(text: str) -> tuple[Mapping[str, Any], ...]:
    """The statements of a policy.

    Raises
    ------
    AWSError
        It is no stack policy.
    """
    if len(text) > MOST_CHARACTERS:
        raise validation_error(
            f"Error validating stack policy: it has {len(text)} characters, more than "
            f"{MOST_CHARACTERS}"
        )
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise validation_error("Error validating stack policy: Invalid stack policy") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise validation_error("Error validating stack policy: Invalid stack policy")
    for number, statement in enumerate(statements, 1):
        _check(number, statement)
    return tuple(statements)


def _check(number: int, statement: Any) -> None:
    def wrong(what: str) -> Exception:
        return validation_error(f"Error validating stack policy: Statement [#{number}] {what}")

    if not isinstance(statement, dict):
        raise wrong("is not an object")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise wrong("has no Effect Allow or Deny")
    if not {"Action", "NotAction"} & statement.keys():
        raise wrong("has no Action")
    if not {"Resource", "NotResource"} & statement.keys():
        raise wrong("has no Resource")
    if statement.get("Principal", statement.get("NotPrincipal", "*")) not in ("*", {"AWS": "*"}):
        raise wrong("has a Principal that is not *")
    for member in ("Action", "NotAction", "Resource", "NotResource"):
        if not _is_texts(statement.get(member, [])):
            raise wrong(f"has {member} that is neither a text nor a list of texts")
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict):
        raise wrong("has a Condition that is not an object")
    for operator, asked in conditions.items():
        if (
            operator not in _CONDITIONS
            or not isinstance(asked, dict)
            or set(asked) != {"ResourceType"}
            or not _is_texts(asked["ResourceType"])
        ):
            raise wrong(f"has the condition {operator}: only ResourceType can be asked for")


def _is_texts(value: Any) -> bool:
    texts = value if isinstance(value, list) else [value]
    return all(isinstance(one, str) for one in texts)


def denial(policy: str | None, action: str, logical_id: str, type_name: str) -> str | None:
    """Why a policy does not allow an update of a resource; ``None`` if it does.

    Parameters
    ----------
    policy
        The policy; without one everything is allowed.
    action
        ``Update:Modify``, ``Update:Replace`` or ``Update:Delete``.
    logical_id, type_name
        Of the resource.
    """
    if not policy:
        return None
    resource = f"LogicalResourceId/{logical_id}"
    allowed = False
    for number, statement in enumerate(checked(policy), 1):
        if not _applies(statement, action, resource, type_name):
            continue
        if statement["Effect"] == "Deny":
            return (
                f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] "
                f"for resource [{resource}];"
            )
        allowed = True
    if allowed:
        return None
    return (
        f"Action not allowed by stack policy: no statement allows [{action}] for resource "
        f"[{resource}];"
    )


def _applies(statement: Mapping[str, Any], action: str, resource: str, type_name: str) -> bool:
    return (
        _named(statement, "Action", action)
        and _named(statement, "Resource", resource)
        and all(
            any(
                _matches(one, type_name, _CONDITIONS[operator])
                for one in _list(asked["ResourceType"])
            )
            for operator, asked in statement.get("Condition", {}).items()
        )
    )


def _named(statement: Mapping[str, Any], member: str, value: str) -> bool:
    if member in statement:
        return any(_matches(one, value, True) for one in _list(statement[member]))
    return not any(_matches(one, value, True) for one in _list(statement[f"Not{member}"]))


def _matches(pattern: str, value: str, wild: bool) -> bool:
    if not wild:
        return pattern == value
    return fnmatch.fnmatchcase(value.lower(), pattern.replace("[", "[[]").lower())


def _list(value: Any) -> Iterator[str]:
    yield from [value] if isinstance(value, str) else value

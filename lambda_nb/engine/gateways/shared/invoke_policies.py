"""Policies that let callers invoke an API: those of authorizers, and resource policies of APIs.

A policy is compiled once and then asked about many requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lambda_nb.engine.permissions.policy_conditions import condition, like

Decision = Literal["allow", "explicit deny", "implicit deny"]
Told = Mapping[str, "str | list[str]"]
"""Keys of conditions in lower case (``aws:sourceip``), with their values for one request."""

ACTION = "execute-api:Invoke"
_SHORT = "execute-api:/"


class PolicyError(ValueError):
    """A document that is no policy; the message says why."""


@dataclass(frozen=True, slots=True)
class _Statement:
    denies: bool
    applies: Callable[[str, str, Told], bool]


class Policy:
    """A policy of API Gateway.

    Parameters
    ----------
    document
        The policy, as JSON text or already parsed.
    action
        What is to be let in.
    names_callers
        Whether each statement has to say whom it means, as in policies of resources. Those of
        authorizers mean who asked.

    Raises
    ------
    PolicyError
        The document is no policy.
    """

    def __init__(
        self,
        document: str | Mapping[str, Any],
        action: str = ACTION,
        *,
        names_callers: bool = False,
    ) -> None:
        if isinstance(document, str):
            try:
                document = json.loads(document)
            except (ValueError, RecursionError) as error:
                raise PolicyError(f"the policy is no JSON: {error}") from error
        if not isinstance(document, Mapping):
            raise PolicyError("the policy is no object")
        statements = document.get("Statement")
        if isinstance(statements, Mapping):
            statements = [statements]
        if not isinstance(statements, list):
            raise PolicyError("the policy has no Statement")
        self._statements = [_compiled(statement, action) for statement in statements]
        if names_callers and not all(s.keys() & {"Principal", "NotPrincipal"} for s in statements):
            raise PolicyError("a statement has no Principal")

    def decides(self, arn: str, told: Told | None = None, principal: str = "*") -> Decision:
        """What the policy says about one request.

        Parameters
        ----------
        arn
            The method: ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path``.
        told
            What its conditions may ask about.
        principal
            ARN of the caller; ``*`` for somebody who did not sign.
        """
        told = told or {}
        allowed = False
        for statement in self._statements:
            if statement.applies(arn, principal, told):
                if statement.denies:
                    return "explicit deny"
                allowed = True
        return "allow" if allowed else "implicit deny"


def _compiled(statement: Any, action: str) -> _Statement:
    if not isinstance(statement, Mapping):
        raise PolicyError(f"{statement!r} is no statement")
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect {effect!r} is neither Allow nor Deny")
    for member in ("Action", "Resource"):
        if not statement.keys() & {member, f"Not{member}"}:
            raise PolicyError(f"a statement has no {member}")
    meant = any(like(a.lower(), action.lower()) for a in _texts(statement, "Action"))
    if "NotAction" in statement:
        meant = not any(like(a.lower(), action.lower()) for a in _texts(statement, "NotAction"))
    resources = _texts(statement, "Resource")
    others = _texts(statement, "NotResource") if "NotResource" in statement else None
    principal = _principal(statement)
    try:
        holds = [
            condition(operator, wanted)
            for operator, wanted in statement.get("Condition", {}).items()
        ]
    except (ValueError, AttributeError) as error:
        raise PolicyError(f"Condition: {error}") from error

    def applies(arn: str, caller: str, told: Told) -> bool:
        if not meant or not principal(caller):
            return False
        if others is not None:
            if _covers(others, arn):
                return False
        elif not _covers(resources, arn):
            return False
        return all(held(told) for held in holds)

    return _Statement(effect == "Deny", applies)


def _covers(patterns: Iterable[str], arn: str) -> bool:
    for pattern in patterns:
        if pattern.startswith(_SHORT):  # "execute-api:/STAGE/METHOD/path" of the policy's own API
            _api, slash, method = arn.partition("/")
            if like(pattern[len(_SHORT) - 1 :], slash + method):
                return True
        elif like(pattern, arn):
            return True
    return False


def _principal(statement: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether a caller is meant; a policy of an authorizer names nobody, and means its caller."""
    negated = "NotPrincipal" in statement
    given = statement.get("NotPrincipal" if negated else "Principal", "*")
    named = _several(given.get("AWS", [])) if isinstance(given, Mapping) else _several(given)
    names = [str(name) for name in named]

    def meant(caller: str) -> bool:
        return any(_is(name, caller) for name in names) != negated

    return meant


def _is(name: str, caller: str) -> bool:
    if name in ("*", caller):
        return True
    account = caller.split(":")[4] if caller.startswith("arn:") and caller.count(":") > 4 else ""
    if account and name in (account, f"arn:aws:iam::{account}:root"):
        return True
    # A session of a role is also the role itself.
    _kind, slash, rest = caller.partition(":assumed-role/")
    return bool(slash) and name == f"arn:aws:iam::{account}:role/{rest.partition('/')[0]}"


def _texts(statement: Mapping[str, Any], member: str) -> list[str]:
    values = list(_several(statement.get(member, [])))
    if not all(isinstance(value, str) for value in values):
        raise PolicyError(f"{member} {values!r} has something that is no text")
    return values


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]

"""Planned changes as the entries of a change set, with CloudFormation's members."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.deploying.journal import STACK_TYPE
from lambda_nb.engine.stacks.deploying.planning.plan import Change, is_unknown
from lambda_nb.engine.stacks.records.hiding import hidden
from lambda_nb.engine.stacks.records.rows import Held

_KEEPS = {"Retain": "Retain", "RetainExceptOnCreate": "Retain", "Snapshot": "Snapshot"}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a property changes.

    Attributes
    ----------
    source
        ``ParameterReference``, ``ResourceReference``, ``ResourceAttribute``,
        ``DirectModification`` or ``Automatic``.
    entity
        The parameter, the resource or its attribute; ``None`` for the other sources.
    """

    source: str
    entity: str | None = None


Causes = Callable[[str, str], Iterable[Cause]]
"""The causes of a change: a logical ID and the name of a property."""


def entry(change: Change, causes: Causes, secrets: frozenset[str]) -> dict[str, Any]:
    """A change as an entry of a change set.

    Parameters
    ----------
    change
        The change.
    causes
        Why its properties change.
    secrets
        Texts that are shown as ``****``.
    """
    about = change.new or change.old
    assert about is not None
    told: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "ResourceType": about.type,
        "Scope": list(change.scope),
        "Details": list(_details(change, causes, secrets)),
    }
    if change.old is not None:
        told["PhysicalResourceId"] = change.old.physical_id
        told["BeforeContext"] = _context(change.old, secrets)
    if change.new is not None:
        told["AfterContext"] = _context(change.new, secrets)
    if change.replacement is not None:
        told["Replacement"] = change.replacement
    policy = _policy_action(change)
    if policy is not None:
        told["PolicyAction"] = policy
    return {"Type": "Resource", "ResourceChange": told}


def _policy_action(change: Change) -> str | None:
    if change.action == "Remove" and change.old is not None:
        return _KEEPS.get(change.old.deletion_policy, "Delete")
    if change.replaces and change.new is not None:
        kept = _KEEPS.get(change.new.update_replace_policy)
        return f"ReplaceAnd{kept or 'Delete'}"
    return None


def _context(held: Held, secrets: frozenset[str]) -> str:
    shown: dict[str, Any] = {"Properties": hidden(dict(held.properties), secrets)}
    if held.metadata:
        shown["Metadata"] = held.metadata
    for name, policy in (
        ("DeletionPolicy", held.deletion_policy),
        ("UpdateReplacePolicy", held.update_replace_policy),
    ):
        if policy != "Delete":
            shown[name] = policy
    return json.dumps(shown, separators=(",", ":"), default=str)


def _details(change: Change, causes: Causes, secrets: frozenset[str]) -> Iterable[dict[str, Any]]:
    if change.action != "Modify" or change.old is None or change.new is None:
        return
    for name in sorted(change.properties):
        target = _target(change, name, change.old.properties, change.new.properties, secrets)
        value = change.new.properties.get(name)
        for cause in list(causes(change.logical_id, name)) or [Cause("DirectModification")]:
            direct = cause.source == "DirectModification"
            detail = {
                "Target": target,
                "Evaluation": "Dynamic" if direct and is_unknown(value) else "Static",
                "ChangeSource": cause.source,
            }
            if cause.source in ("ResourceReference", "ResourceAttribute"):
                detail["Evaluation"] = "Dynamic"
            if cause.entity is not None:
                detail["CausingEntity"] = cause.entity
            yield detail
    if change.new.type == STACK_TYPE and not change.properties:
        yield {
            "Target": {"Attribute": "Properties", "RequiresRecreation": "Never"},
            "Evaluation": "Dynamic",
            "ChangeSource": "Automatic",
        }
    for scope in change.scope:
        if scope == "Properties" or (scope == "Tags" and "Tags" in change.properties):
            continue
        yield {
            "Target": {"Attribute": scope, "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }


def _target(
    change: Change,
    name: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    secrets: frozenset[str],
) -> dict[str, Any]:
    needed = "Never"
    if name in change.recreating:
        needed = "Conditionally" if is_unknown(new.get(name)) else "Always"
    target: dict[str, Any] = {
        "Attribute": "Tags" if name == "Tags" else "Properties",
        "Name": name,
        "RequiresRecreation": needed,
        "Path": f"/Properties/{name}",
        "AttributeChangeType": "Modify",
    }
    if name in old:
        target["BeforeValue"] = _shown(old[name], secrets)
    else:
        target["AttributeChangeType"] = "Add"
    if name in new:
        target["AfterValue"] = _shown(new[name], secrets)
    else:
        target["AttributeChangeType"] = "Remove"
    return target


def _shown(value: Any, secrets: frozenset[str]) -> str:
    shown = hidden(value, secrets)
    return shown if isinstance(shown, str) else json.dumps(shown, default=str)

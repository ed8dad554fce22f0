"""What a template declares, as plain values: resources and outputs before their evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.stacks.templates.structure import policies


@dataclass(frozen=True, slots=True)
class Declaration:
    """One resource of a template.

    Attributes
    ----------
    logical_id, type
        As the template names them.
    properties
        With their intrinsic functions.
    depends_on
        Logical IDs in ``DependsOn``.
    condition
        The name of the condition under which the resource is there.
    deletion_policy
        ``Delete``, ``Retain``, ``RetainExceptOnCreate`` or ``Snapshot``.
    update_replace_policy
        ``Delete``, ``Retain`` or ``Snapshot``.
    creation_policy, update_policy, metadata
        As they are written.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = policies.DELETE
    update_replace_policy: str = policies.DELETE
    creation_policy: Mapping[str, Any] = field(default_factory=dict)
    update_policy: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutputDeclaration:
    """One output of a template; ``value`` and ``export`` with their intrinsic functions."""

    key: str
    value: Any
    description: str | None = None
    export: Any = None
    condition: str | None = None


def declaration(logical_id: str, written: Mapping[str, Any]) -> Declaration:
    """A resource as the ``Resources`` section, which must be checked, writes it."""
    depends_on = written.get("DependsOn", ())
    return Declaration(
        logical_id=logical_id,
        type=written["Type"],
        properties=written.get("Properties", {}),
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=written.get("Condition"),
        deletion_policy=policies.deletion_policy(written),
        update_replace_policy=policies.update_replace_policy(written),
        creation_policy=written.get("CreationPolicy", {}),
        update_policy=written.get("UpdatePolicy", {}),
        metadata=written.get("Metadata", {}),
    )


def output(key: str, written: Mapping[str, Any]) -> OutputDeclaration:
    """An output as the ``Outputs`` section, which must be checked, writes it."""
    return OutputDeclaration(
        key=key,
        value=written["Value"],
        description=written.get("Description"),
        export=written.get("Export", {}).get("Name"),
        condition=written.get("Condition"),
    )

"""What the types of RDS have in common."""

from __future__ import annotations

import hashlib
from abc import ABC
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import changed
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import is_true

_LOGS, _ROLES, _SECRET = "EnableCloudwatchLogsExports", "AssociatedRoles", "MasterUserSecret"


class OfRds(ByCalls, ABC):
    """A type of RDS, which has names in lower case."""

    service = "rds"
    lower = True
    longest = 255
    tagging = LISTED
    tag_calls = (
        "AddTagsToResource",
        "RemoveTagsFromResource",
        "ResourceName",
        "Tags",
        "TagKeys",
    )

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        parameters = super().creation(context, properties)
        return {**parameters, self.key: str(parameters[self.key]).lower()}


class Database(OfRds, ABC):
    """An instance or a cluster: made when it is available, and gone when it is deleted.

    Attributes
    ----------
    noun
        Of the operations: ``DBInstance`` for ``CreateDBInstance``.
    status
        The member of its description that says whether it can be used.
    others
        Properties that have an effect, and that the operation that makes one does not take.
    recreating
        Properties whose change needs another one, beside those of the schema (CloudFormation
        template reference, 2026).
    renamed_in_changes
        As ``renamed``, for the operation of changes.
    """

    noun: ClassVar[str]
    status: ClassVar[str]
    others: ClassVar[frozenset[str]] = frozenset()
    recreating: ClassVar[tuple[str, ...]] = ()
    renamed_in_changes: ClassVar[Mapping[str, str]] = {}
    longest = 63
    has_snapshots = True

    def works(self) -> frozenset[str]:
        return super().works() | self.others | {_ROLES, _SECRET}

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        told = _prepared(properties)
        told.pop(_ROLES, None)
        return super().creation(context, told)

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        before, after = _prepared(old), _prepared(new)
        told = {name: value for name, value in after.items() if changed(before, after, name)}
        if changed(before, after, _LOGS):
            were, are = before.get(_LOGS) or [], after.get(_LOGS) or []
            told["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": [kind for kind in are if kind not in were],
                "DisableLogTypes": [kind for kind in were if kind not in are],
            }
        told["ApplyImmediately"] = new.get("ApplyImmediately", True)
        parameters = shapes.parameters(self.service, self.updates, told, self.renamed_in_changes)
        return {**parameters, self.key: made.physical_id}

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        were, are = old.get(_ROLES) or [], new.get(_ROLES) or []
        for verb, roles in (
            ("RemoveRoleFrom", [one for one in were if one not in are]),
            ("AddRoleTo", [one for one in are if one not in were]),
        ):
            for role in roles:
                self.call(context, verb + self.noun, {**role, self.key: physical_id})

        def available() -> bool | None:
            answer = self.call(context, self.describes, {self.key: physical_id})
            (found,) = answer[f"{self.noun}s"]
            return True if found[self.status] == "available" else None

        context.wait(available, f"the database {physical_id} to be available")

    def made(
        self,
        context: Context,
        physical_id: str,
        properties: Properties,
        known: Mapping[str, Any],
    ) -> Made:
        made = super().made(context, physical_id, properties, known)
        texts = {name: str(made.attributes[name]) for name in made.attributes if "Port" in name}
        return Made(made.physical_id, {**made.attributes, **texts})

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        self._end(context, made, properties, SkipFinalSnapshot=True)

    def delete_with_snapshot(self, context: Context, made: Made, properties: Properties) -> str:
        name = _snapshot_name(context)
        kept = self._end(
            context,
            made,
            properties,
            SkipFinalSnapshot=False,
            FinalDBSnapshotIdentifier=name,
        )
        return f"Its final snapshot is {name}." if kept else "It was gone: there is no snapshot."

    def _end(self, context: Context, made: Made, properties: Properties, **options: Any) -> bool:
        """Delete one and wait until it is gone; whether it was there."""
        which = {self.key: made.physical_id}
        backups = is_true(properties.get("DeleteAutomatedBackups"), True)
        there = False
        with absence_is_fine(*self.absent):
            parameters = {**which, **options, "DeleteAutomatedBackups": backups}
            self.call(context, self.deletes, parameters)
            there = True

        look = partial(self.call, context, self.describes, which)
        context.wait(
            lambda: is_absent(look, *self.absent) or None,
            f"the end of the database {made.physical_id}",
        )
        return there

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        before, after = _prepared(old), _prepared(new)
        more = {name for name in self.recreating if changed(before, after, name)}
        return super().replacing(old, new) | more

    def remark(self, properties: Properties) -> str:
        return "lambda_nb runs no databases: nothing answers at the endpoint."


def _snapshot_name(context: Context) -> str:
    """As CloudFormation names final snapshots: ``STACK-snapshot-LOGICALID-RANDOM``."""
    random = hashlib.sha256(context.token.encode()).hexdigest()[:12]
    return f"{context.stack_name}-snapshot-{context.logical_id}-{random}".lower()


def _prepared(properties: Properties) -> dict[str, Any]:
    """Properties as RDS takes them: engines in lower case, and the key of a secret at the top."""
    told = dict(properties)
    if told.get("Engine"):
        told["Engine"] = str(told["Engine"]).lower()
    secret = told.pop(_SECRET, None) or {}
    if secret.get("KmsKeyId"):
        told["MasterUserSecretKmsKeyId"] = secret["KmsKeyId"]
    return told

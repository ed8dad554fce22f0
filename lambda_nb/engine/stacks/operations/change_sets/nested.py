"""Change sets of the stacks that are nested in a stack: made, executed and deleted with its own.

A nested stack that does not exist yet has none: what it gets is all new.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet
from lambda_nb.engine.stacks.records.rows import Stack

_LONGEST_NAME = 128


def with_nested(change_set: ChangeSet, stack: Stack, stacks: Stacks) -> list[ChangeSet]:
    """A change set that updates a stack, whose entries name those nested in it; and these.

    Parameters
    ----------
    change_set
        Complete, and not recorded yet; nor are the others.
    stack
        Its stack.

    Raises
    ------
    AWSError
        ``ValidationError``: the template of a nested stack cannot be had or is wrong.
    """
    ids, found = {}, []
    for logical_id, child, revision in stacks.nested(stack, change_set.revision):
        changes = stacks.compared(child, revision, child.name, child.id).entries
        if not changes:
            continue
        own_id = uuid4()
        name = f"{change_set.name}-{logical_id}"[: _LONGEST_NAME - 13] + f"-{own_id[-12:]}"
        one = dataclasses.replace(
            change_set,
            id=f"{child.id.partition(':stack/')[0]}:changeSet/{name}/{own_id}",
            name=name,
            stack_id=child.id,
            stack_name=child.name,
            revision=revision,
            changes=changes,
            parent_id=change_set.id,
            root_id=change_set.root_id or change_set.id,
            token=None,
        )
        found += with_nested(one, child, stacks)
        ids[logical_id] = one.id
    named = tuple(_naming(entry, ids) for entry in change_set.changes)
    return [dataclasses.replace(change_set, changes=named), *found]


def check_root(change_set: ChangeSet, doing: str) -> None:
    """Refuse to do something with a nested change set alone.

    Raises
    ------
    AWSError
        ``InvalidChangeSetStatus`` that names the root's.
    """
    if change_set.root_id is not None:
        text = (
            f"ChangeSet [{change_set.id}] is nested and cannot be {doing} alone. Use the root "
            f"change set [{change_set.root_id}]."
        )
        raise AWSError("InvalidChangeSetStatus", text)


def _naming(entry: Mapping[str, Any], ids: Mapping[str, str]) -> Mapping[str, Any]:
    change = entry["ResourceChange"]
    nested = ids.get(change["LogicalResourceId"])
    if nested is None:
        return entry
    return {**entry, "ResourceChange": {**change, "ChangeSetId": nested}}

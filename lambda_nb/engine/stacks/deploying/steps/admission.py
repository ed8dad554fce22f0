"""What is looked at before a resource is made: its name may be taken, its policy impossible."""

from __future__ import annotations

from lambda_nb.engine.stacks.deploying.steps.context import StepContext
from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.records.rows import Held
from lambda_nb.engine.stacks.templates.structure.policies import SNAPSHOT
from lambda_nb.engine.stacks.types import finding
from lambda_nb.engine.stacks.types.resource_type import ResourceType


def admit(context: StepContext, of_type: ResourceType, held: Held) -> None:
    """Let a resource be made, and record the name that its template gives if nothing has it.

    What has the name later is then this resource, also after a kill.

    Raises
    ------
    Refused
        Something has the name, and would be changed; or it cannot have the snapshot that its
        ``DeletionPolicy`` asks for.
    """
    if held.deletion_policy == SNAPSHOT:
        of_type.check_snapshot(held.properties)
    name = finding.name_to_claim(held.type, held.properties)
    if not name:
        return
    try:
        there = finding.taken(context, of_type, held.type, held.properties)
    except Exception:  # such a type cannot tell: after a kill, nobody knows whose it is
        return
    if there is None:
        context.claim(name)
    elif of_type.overwrites:
        raise Refused(
            f"Resource of type '{held.type}' with identifier '{there}' already exists.",
            "AlreadyExists",
        )

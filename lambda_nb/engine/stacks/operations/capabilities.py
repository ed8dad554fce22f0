"""Refuses templates that do more than the caller has acknowledged."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.records.rows import Revision
from lambda_nb.engine.stacks.templates.document import parsed
from lambda_nb.engine.stacks.templates.structure.capabilities import AUTO_EXPAND, IAM, NAMED_IAM
from lambda_nb.engine.stacks.templates.template import Template


def check_capabilities(revision: Revision, *, reviewed: bool = False) -> None:
    """Refuse a revision whose template needs capabilities that were not given.

    Parameters
    ----------
    revision
        After all transforms: what they add needs capabilities too.
    reviewed
        Whether the caller sees what transforms made before it is deployed: in a change set.

    Raises
    ------
    AWSError
        ``InsufficientCapabilitiesException``.
    """
    needed = set(Template(parsed(revision.processed)).required_capabilities[0])
    if revision.processed != revision.template and not reviewed:
        needed.add(AUTO_EXPAND)
    given = set(revision.capabilities)
    if NAMED_IAM in given:
        given.add(IAM)
    missing = sorted(needed - given)
    if missing:
        text = f"Requires capabilities : [{', '.join(missing)}]"
        raise AWSError("InsufficientCapabilitiesException", text)

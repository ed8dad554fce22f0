"""``AWS::Pipes::Pipe``: from a source, by a filter and an enrichment, to a target."""

from __future__ import annotations

from typing import ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import is_absent
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import MAPPED

_SETTLED = ("RUNNING", "STOPPED")


class Pipe(ByCalls):
    """A pipe, made when it runs or is stopped, as the template wants it."""

    name = "AWS::Pipes::Pipe"
    service = "pipes"
    creates = "CreatePipe"
    updates = "UpdatePipe"
    deletes = "DeletePipe"
    describes = "DescribePipe"
    key = "Name"
    attributes: ClassVar = {
        "Arn": "Arn",
        "CreationTime": "CreationTime",
        "CurrentState": "CurrentState",
        "LastModifiedTime": "LastModifiedTime",
        "StateReason": "StateReason",
    }
    named = "Name"
    defaults: ClassVar = {"Description": "", "DesiredState": "RUNNING", "Enrichment": ""}
    tagging = MAPPED
    tag_calls = ("TagResource", "UntagResource", "resourceArn", "tags", "tagKeys")

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        client = context.client("pipes")

        def settled() -> str | None:
            pipe = client.describe_pipe(Name=physical_id)
            state = pipe.get("CurrentState", "RUNNING")
            if state.endswith("_FAILED"):
                raise Refused(
                    f"Pipe {physical_id} is {state}: {pipe.get('StateReason', 'no reason given')}",
                    "NotStabilized",
                )
            return state if state in _SETTLED else None

        context.wait(settled, f"the pipe {physical_id} to be {' or '.join(_SETTLED)}")

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        super().delete(context, made, properties)
        client = context.client("pipes")

        def gone() -> bool | None:
            return is_absent(lambda: client.describe_pipe(Name=made.physical_id)) or None

        context.wait(gone, f"the end of the pipe {made.physical_id}")


TYPES: tuple[ResourceType, ...] = (Pipe(),)

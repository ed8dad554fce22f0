"""``AWS::EC2::Volume``: a record of a disk, which no machine here has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.network.ec2 import calls
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed

_MODIFIABLE = ("Iops", "MultiAttachEnabled", "Size", "Throughput", "VolumeType")
_FIXED = ("AvailabilityZone", "Encrypted", "KmsKeyId", "SnapshotId")
"""Properties that CloudFormation does not change (template reference, 2026)."""


class Volume(calls.Thing):
    """A volume: ``Ref`` is its ID. It can leave a snapshot."""

    name = "AWS::EC2::Volume"
    has_snapshots = True
    creates = "CreateVolume"
    deletes = "DeleteVolume"
    kind = "volume"
    shown = ""
    key = "VolumeId"
    attributes: ClassVar[Mapping[str, str]] = {"VolumeId": "VolumeId"}
    gone = "InvalidVolume.NotFound"
    idle: ClassVar[frozenset[str]] = frozenset(
        {"AutoEnableIO", "AvailabilityZoneId", "OutpostArn", "SourceVolumeId"}
        | {"VolumeInitializationRate"}
    )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its size, its kind or its speed."""
        if changed(old, new, *_FIXED):
            raise Refused(
                "Update to resource type AWS::EC2::Volume is not supported.", "NotUpdatable"
            )
        return super().update(context, made, old, new)

    def settle(self, context: Context, thing: str, old: Properties, new: Properties) -> None:
        """Modify it, if anything of it that can be modified is another."""
        wanted = {name: new[name] for name in _MODIFIABLE if name in new}
        if old and wanted and changed(old, new, *_MODIFIABLE):
            calls.call(
                context,
                "ModifyVolume",
                calls.parameters("ModifyVolume", {**wanted, "VolumeId": thing}),
            )

    def delete_with_snapshot(self, context: Context, made: Made, properties: Properties) -> str:
        """Make a snapshot, with the volume's tags, and delete the volume."""
        snapshot: dict[str, Any] = {}
        with absence_is_fine(self.gone):
            snapshot = calls.call(
                context,
                "CreateSnapshot",
                {
                    "VolumeId": made.physical_id,
                    "Description": f"{context.stack_name} {context.logical_id}",
                    **calls.tagged(context, "snapshot", properties),
                },
            )
        self.delete(context, made, properties)
        if not snapshot:
            return "It was gone: there is no snapshot."
        return f"Its snapshot is {snapshot['SnapshotId']}."


TYPES: tuple[ResourceType, ...] = (Volume(),)

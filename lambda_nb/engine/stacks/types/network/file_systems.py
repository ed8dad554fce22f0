"""``AWS::EFS::*``: shared files that functions mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import schemas, shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import text_of

_KEPT = ("BackupPolicy", "ProvisionedThroughputInMibps", "ThroughputMode")
"""Properties that the services here tell again, and cannot change."""


class FileSystem(ResourceType):
    """A file system: ``Ref`` is its ID."""

    name = "AWS::EFS::FileSystem"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        self._check(properties)
        efs = context.client("efs")
        backup = properties.get("BackupPolicy", {}).get("Status") == "ENABLED"
        made = efs.create_file_system(
            **shapes.parameters("efs", "CreateFileSystem", properties),
            CreationToken=context.token,
            Backup=backup,
            Tags=LISTED.form(LISTED.wanted(context, _tags(properties, "FileSystemTags"))),
        )
        thing = made["FileSystemId"]
        context.made(thing)
        self._set(efs, thing, {}, properties)
        attributes = {"FileSystemId": thing, "Arn": made["FileSystemArn"]}
        return Made(thing, attributes)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its policies and tags. What cannot be changed here must not cost its files."""
        self._check(new)
        fixed = [name for name in _KEPT if changed(old, new, name)]
        if old.get("FileSystemPolicy") and not new.get("FileSystemPolicy"):
            fixed.append("FileSystemPolicy")
        if fixed:
            raise Refused(
                f"lambda_nb cannot change {', '.join(fixed)} of a file system. Give it as it was.",
                "NotUpdatable",
            )
        efs, thing = context.client("efs"), made.physical_id
        self._set(efs, thing, old, new)
        _tag_again(context, thing, _tags(old, "FileSystemTags"), _tags(new, "FileSystemTags"))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("FileSystemNotFound"):
            context.client("efs").delete_file_system(FileSystemId=made.physical_id)

    def _check(self, properties: Properties) -> None:
        idle = {"FileSystemProtection", "ReplicationConfiguration"}
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - idle)

    def _set(self, efs: Any, thing: str, old: Properties, new: Properties) -> None:
        if changed(old, new, "LifecyclePolicies"):
            efs.put_lifecycle_configuration(
                FileSystemId=thing, LifecyclePolicies=new.get("LifecyclePolicies", [])
            )
        if changed(old, new, "FileSystemPolicy") and new.get("FileSystemPolicy"):
            efs.put_file_system_policy(
                FileSystemId=thing,
                Policy=text_of(new["FileSystemPolicy"]),
                **shapes.parameters("efs", "PutFileSystemPolicy", _lockout(new)),
            )


class MountTarget(ResourceType):
    """A file system's address in a subnet: ``Ref`` is its ID."""

    name = "AWS::EFS::MountTarget"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        idle = {"Ipv6Address", "IpAddressType"}
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - idle)
        made = context.client("efs").create_mount_target(
            **shapes.parameters("efs", "CreateMountTarget", properties)
        )
        thing = made["MountTargetId"]
        return Made(thing, {"Id": thing, "IpAddress": made.get("IpAddress", "")})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its security groups."""
        context.client("efs").modify_mount_target_security_groups(
            MountTargetId=made.physical_id, SecurityGroups=new["SecurityGroups"]
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("MountTargetNotFound"):
            context.client("efs").delete_mount_target(MountTargetId=made.physical_id)


class AccessPoint(ResourceType):
    """A directory of a file system: ``Ref`` is its ID."""

    name = "AWS::EFS::AccessPoint"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        told = {"ClientToken": context.token, **properties}
        made = context.client("efs").create_access_point(
            **shapes.parameters("efs", "CreateAccessPoint", told),
            Tags=LISTED.form(LISTED.wanted(context, _tags(properties, "AccessPointTags"))),
        )
        thing = made["AccessPointId"]
        return Made(thing, {"AccessPointId": thing, "Arn": made["AccessPointArn"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its tags."""
        before, after = _tags(old, "AccessPointTags"), _tags(new, "AccessPointTags")
        _tag_again(context, made.physical_id, before, after)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("AccessPointNotFound"):
            context.client("efs").delete_access_point(AccessPointId=made.physical_id)


def _lockout(properties: Properties) -> Properties:
    name = "BypassPolicyLockoutSafetyCheck"
    return {name: properties[name]} if name in properties else {}


def _tags(properties: Properties, name: str) -> Mapping[str, Any]:
    """The tags under the name that all other types have for them."""
    return {"Tags": properties.get(name)}


def _tag_again(context: Context, thing: str, old: Properties, new: Properties) -> None:
    efs = context.client("efs")
    LISTED.change(
        context,
        old,
        new,
        lambda found: efs.tag_resource(ResourceId=thing, Tags=found),
        lambda gone: efs.untag_resource(ResourceId=thing, TagKeys=gone),
    )


TYPES = (FileSystem(), MountTarget(), AccessPoint())

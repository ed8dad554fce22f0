"""``AWS::KMS::Key`` and ``AWS::KMS::Alias``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import Tagging
from lambda_nb.engine.stacks.types.values import is_true, text_of

_TAGS = Tagging("TagKey", "TagValue", reserved=False)
_ABSENT = ("NotFoundException", "KMSInvalidStateException")
_FOR_GOOD = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
_LONGEST_WAIT_DAYS = 30


class Key(ResourceType):
    """A KMS key."""

    name = "AWS::KMS::Key"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it; its material rotates or it is disabled as wanted."""
        calls = context.client("kms")
        plain = {member: held for member, held in properties.items() if member != "Tags"}
        if plain.get("KeyPolicy"):
            plain["KeyPolicy"] = text_of(plain["KeyPolicy"])
        parameters = shapes.parameters("kms", "CreateKey", plain, {"Policy": "KeyPolicy"})
        tags = _TAGS.form(_TAGS.wanted(context, properties))
        key = calls.create_key(**parameters, Tags=tags)["KeyMetadata"]
        identifier = key["KeyId"]
        context.made(identifier)
        _switch(calls, identifier, {}, properties)
        return Made(identifier, {"Arn": key["Arn"], "KeyId": identifier})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change what can be changed of a key; its kind cannot."""
        fixed = [name for name in _FOR_GOOD if changed(old, new, name)]
        if fixed:
            raise Refused(
                f"You cannot change {', '.join(fixed)} of a KMS key. Give the key another logical "
                "ID to make a new one.",
                "NotUpdatable",
            )
        calls, identifier = context.client("kms"), made.physical_id
        if changed(old, new, "Description"):
            calls.update_key_description(KeyId=identifier, Description=new.get("Description") or "")
        if changed(old, new, "KeyPolicy") and new.get("KeyPolicy"):
            calls.put_key_policy(
                KeyId=identifier, PolicyName="default", Policy=text_of(new["KeyPolicy"])
            )
        _switch(calls, identifier, old, new)
        _TAGS.change(
            context,
            old,
            new,
            lambda wanted: calls.tag_resource(KeyId=identifier, Tags=wanted),
            lambda keys: calls.untag_resource(KeyId=identifier, TagKeys=keys),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Schedule its deletion."""
        days = int(properties.get("PendingWindowInDays") or _LONGEST_WAIT_DAYS)
        with absence_is_fine(*_ABSENT):
            context.client("kms").schedule_key_deletion(
                KeyId=made.physical_id, PendingWindowInDays=days
            )


class Alias(ResourceType):
    """Another name of a KMS key."""

    name = "AWS::KMS::Alias"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        name = str(properties["AliasName"])
        context.client("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
        return Made(name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Give the name to another key."""
        context.client("kms").update_alias(
            AliasName=made.physical_id, TargetKeyId=new["TargetKeyId"]
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it; the key stays."""
        with absence_is_fine(*_ABSENT):
            context.client("kms").delete_alias(AliasName=made.physical_id)


def _switch(calls: Any, key: str, old: Properties, new: Properties) -> None:
    """Rotation and whether the key can be used; a disabled key takes no change, so that is last."""
    enabled, was_enabled = is_true(new.get("Enabled"), True), is_true(old.get("Enabled"), True)
    if enabled and not was_enabled:
        calls.enable_key(KeyId=key)
    if changed(old, new, "EnableKeyRotation", "RotationPeriodInDays"):
        if is_true(new.get("EnableKeyRotation")):
            period = new.get("RotationPeriodInDays")
            days = {"RotationPeriodInDays": int(period)} if period else {}
            calls.enable_key_rotation(KeyId=key, **days)
        elif is_true(old.get("EnableKeyRotation")):
            calls.disable_key_rotation(KeyId=key)
    if was_enabled and not enabled:
        calls.disable_key(KeyId=key)


TYPES: tuple[ResourceType, ...] = (Key(), Alias())

"""``AWS::SecretsManager::Secret`` and ``AWS::SecretsManager::ResourcePolicy``."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import text_of

_WORKS = frozenset(
    {
        "Description",
        "GenerateSecretString",
        "KmsKeyId",
        "Name",
        "ReplicaRegions",
        "SecretString",
        "Tags",
    }
)


class Secret(ResourceType):
    """A secret, given or made up."""

    name = "AWS::SecretsManager::Secret"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it; a secret without a value is made with an invented one or none."""
        refuse_unknown(self.name, properties, _WORKS)
        calls = context.client("secretsmanager")
        parameters = given(
            Name=properties.get("Name") or context.name(),
            Description=properties.get("Description"),
            KmsKeyId=properties.get("KmsKeyId"),
            SecretString=_value(calls, properties),
            AddReplicaRegions=_replicas(properties) or None,
        )
        arn = calls.create_secret(
            **parameters, Tags=LISTED.form(LISTED.wanted(context, properties))
        )["ARN"]
        return Made(arn, {"Id": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change it; new rules for an invented value invent another."""
        refuse_unknown(self.name, new, _WORKS)
        calls, arn = context.client("secretsmanager"), made.physical_id
        fresh = changed(old, new, "SecretString", "GenerateSecretString")
        calls.update_secret(
            **given(
                SecretId=arn,
                Description=new.get("Description") or "",
                KmsKeyId=new.get("KmsKeyId"),
                SecretString=_value(calls, new) if fresh else None,
            )
        )
        self._replicate(calls, arn, old, new)
        LISTED.change(
            context,
            old,
            new,
            lambda wanted: calls.tag_resource(SecretId=arn, Tags=wanted),
            lambda keys: calls.untag_resource(SecretId=arn, TagKeys=keys),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it at once, so that its name is free again."""
        calls, arn = context.client("secretsmanager"), made.physical_id
        with absence_is_fine():
            self._replicate(calls, arn, properties, {})
            calls.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its description and key; its value is not compared, as on AWS."""
        calls = context.client("secretsmanager")
        try:
            found = calls.describe_secret(SecretId=made.physical_id)
        except calls.exceptions.ResourceNotFoundException:
            return None
        compared = ("Description", "KmsKeyId", "Name")
        return {**properties, **{name: found.get(name) for name in compared if name in properties}}

    def _replicate(self, calls: Any, arn: str, old: Properties, new: Properties) -> None:
        before = {one["Region"]: one for one in _replicas(old)}
        after = {one["Region"]: one for one in _replicas(new)}
        gone = [region for region in before if before[region] != after.get(region)]
        if gone:
            calls.remove_regions_from_replication(SecretId=arn, RemoveReplicaRegions=gone)
        added = [one for region, one in after.items() if before.get(region) != one]
        if added:
            calls.replicate_secret_to_regions(SecretId=arn, AddReplicaRegions=added)


class ResourcePolicy(ResourceType):
    """Who else may read a secret."""

    name = "AWS::SecretsManager::ResourcePolicy"

    def create(self, context: Context, properties: Properties) -> Made:
        """Put the policy."""
        self._put(context, properties)
        secret = str(properties["SecretId"])
        return Made(secret, {"Id": secret})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put the new policy."""
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete the policy."""
        with absence_is_fine():
            context.client("secretsmanager").delete_resource_policy(SecretId=made.physical_id)

    def _put(self, context: Context, properties: Properties) -> None:
        document = {**properties, "ResourcePolicy": text_of(properties["ResourcePolicy"])}
        context.client("secretsmanager").put_resource_policy(
            **shapes.parameters("secretsmanager", "PutResourcePolicy", document)
        )


def _value(calls: Any, properties: Properties) -> str | None:
    """The secret's text: given, invented, or invented inside a given JSON object.

    Raises
    ------
    Refused
        Both are given, or the JSON object is none.
    """
    rules, text = properties.get("GenerateSecretString"), properties.get("SecretString")
    if rules is None:
        return None if text is None else str(text)
    if text is not None:
        raise Refused(
            "You can't specify both SecretString and GenerateSecretString.", "InvalidRequest"
        )
    asked = shapes.parameters("secretsmanager", "GetRandomPassword", rules)
    password = str(calls.get_random_password(**asked)["RandomPassword"])
    key, template = rules.get("GenerateStringKey"), rules.get("SecretStringTemplate")
    if key is None and template is None:
        return password
    if key is None or template is None:
        raise Refused(
            "GenerateStringKey and SecretStringTemplate must be given together.", "InvalidRequest"
        )
    try:
        whole = json.loads(template)
        whole[str(key)] = password
    except (TypeError, ValueError):
        raise Refused(
            f"SecretStringTemplate is {template!r}, not the text of a JSON object.",
            "InvalidRequest",
        ) from None
    return json.dumps(whole)


def _replicas(properties: Properties) -> list[dict[str, str]]:
    return [dict(one) for one in properties.get("ReplicaRegions") or ()]


TYPES: tuple[ResourceType, ...] = (Secret(), ResourcePolicy())

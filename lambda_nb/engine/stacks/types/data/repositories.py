"""``AWS::ECR::Repository``."""

from __future__ import annotations

from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import is_true, text_of


class Repository(ByCalls):
    """A repository of images."""

    name = "AWS::ECR::Repository"
    service = "ecr"
    creates = "CreateRepository"
    deletes = "DeleteRepository"
    describes = "DescribeRepositories"
    described = "repositories.0"
    key = "repositoryName"
    named = "RepositoryName"
    longest = 256
    lower = True
    attributes: ClassVar = {"Arn": "repositoryArn", "RepositoryUri": "repositoryUri"}
    absent = ("RepositoryNotFoundException",)
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = ("TagResource", "UntagResource", "resourceArn", "tags", "tagKeys")

    def works(self) -> frozenset[str]:
        return super().works() | {"EmptyOnDelete", "LifecyclePolicy", "RepositoryPolicyText"}

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        return ResourceType.replacing(self, old, new)

    def made(self, context: Context, physical_id: str, properties: Properties, known: Any) -> Made:
        found = self.call(context, self.describes, {"repositoryNames": [physical_id]})
        one = found["repositories"][0]
        attributes = {name: one[member] for name, member in self.attributes.items()}
        return Made(physical_id, attributes)

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        client = context.client("ecr")
        if old and changed(old, new, "ImageTagMutability", "ImageTagMutabilityExclusionFilters"):
            wanted = {"ImageTagMutability": "MUTABLE", **new}
            self.call(
                context,
                "PutImageTagMutability",
                {
                    **shapes.parameters(self.service, "PutImageTagMutability", wanted),
                    "repositoryName": physical_id,
                },
            )
        if old and changed(old, new, "ImageScanningConfiguration"):
            wanted = new.get("ImageScanningConfiguration") or {"ScanOnPush": False}
            client.put_image_scanning_configuration(
                repositoryName=physical_id,
                **shapes.parameters(
                    self.service,
                    "PutImageScanningConfiguration",
                    {"ImageScanningConfiguration": wanted},
                ),
            )
        if changed(old, new, "LifecyclePolicy"):
            text = (new.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
            if text:
                client.put_lifecycle_policy(repositoryName=physical_id, lifecyclePolicyText=text)
            else:
                client.delete_lifecycle_policy(repositoryName=physical_id)
        if changed(old, new, "RepositoryPolicyText"):
            policy = new.get("RepositoryPolicyText")
            if policy:
                client.set_repository_policy(repositoryName=physical_id, policyText=text_of(policy))
            else:
                with absence_is_fine("RepositoryPolicyNotFoundException"):
                    client.delete_repository_policy(repositoryName=physical_id)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        emptied = is_true(properties.get("EmptyOnDelete"))
        with absence_is_fine(*self.absent):
            context.client("ecr").delete_repository(repositoryName=made.physical_id, force=emptied)


TYPES: tuple[ResourceType, ...] = (Repository(),)

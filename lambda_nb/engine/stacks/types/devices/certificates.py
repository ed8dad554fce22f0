"""``AWS::IoT::Certificate``, ``AWS::IoT::Policy`` and what attaches them to each other."""

from __future__ import annotations

from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.devices.calls import TAG_CALLS
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import with_text

_MOST_VERSIONS = 5
"""A policy has at most five versions (AWS IoT Core quotas, 2026)."""


class Certificate(ResourceType):
    """A device's certificate: from a signing request, or one that is brought along."""

    name = "AWS::IoT::Certificate"

    def create(self, context: Context, properties: Properties) -> Made:
        client = context.client("iot")
        status = properties["Status"]
        pem = properties.get("CertificatePem")
        if properties.get("CertificateSigningRequest"):
            made = client.create_certificate_from_csr(
                certificateSigningRequest=properties["CertificateSigningRequest"],
                setAsActive=status == "ACTIVE",
            )
        elif pem and properties.get("CACertificatePem"):
            made = client.register_certificate(
                certificatePem=pem, caCertificatePem=properties["CACertificatePem"], status=status
            )
        elif pem:
            made = client.register_certificate_without_ca(certificatePem=pem, status=status)
        else:
            raise Refused(
                "A certificate needs CertificateSigningRequest or CertificatePem.",
                "InvalidRequest",
            )
        context.made(made["certificateId"])
        attributes = {"Arn": made["certificateArn"], "Id": made["certificateId"]}
        return Made(made["certificateId"], attributes)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        if changed(old, new, "Status"):
            context.client("iot").update_certificate(
                certificateId=made.physical_id, newStatus=new["Status"]
            )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("iot")
        with absence_is_fine():
            # An active certificate cannot be deleted.
            client.update_certificate(certificateId=made.physical_id, newStatus="INACTIVE")
            client.delete_certificate(certificateId=made.physical_id)


class Policy(ByCalls):
    """A policy for things; a change of its document is a new default version."""

    name = "AWS::IoT::Policy"
    service = "iot"
    creates = "CreatePolicy"
    updates = "CreatePolicyVersion"
    deletes = "DeletePolicy"
    describes = "GetPolicy"
    key = "policyName"
    attributes: ClassVar = {"Arn": "policyArn", "Id": "policyName"}
    named = "PolicyName"
    longest = 128
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        return super().creation(context, with_text(properties, "PolicyDocument"))

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        self._forget_old_versions(context, made.physical_id, _MOST_VERSIONS - 1)
        return {
            **super().change(context, made, old, with_text(new, "PolicyDocument")),
            "setAsDefault": True,
        }

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            self._forget_old_versions(context, made.physical_id, 1)
        super().delete(context, made, properties)

    @staticmethod
    def _forget_old_versions(context: Context, name: str, leave: int) -> None:
        client = context.client("iot")
        versions = client.list_policy_versions(policyName=name)["policyVersions"]
        others = [one["versionId"] for one in versions if not one["isDefaultVersion"]]
        for version in sorted(others, key=int)[: max(0, len(versions) - leave)]:
            client.delete_policy_version(policyName=name, policyVersionId=version)


class PolicyPrincipalAttachment(ResourceType):
    """A policy of a certificate."""

    name = "AWS::IoT::PolicyPrincipalAttachment"

    def create(self, context: Context, properties: Properties) -> Made:
        policy, principal = properties["PolicyName"], properties["Principal"]
        context.client("iot").attach_policy(policyName=policy, target=principal)
        return Made(f"{policy}|{principal}")

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        policy, principal = properties["PolicyName"], properties["Principal"]
        with absence_is_fine():
            context.client("iot").detach_policy(policyName=policy, target=principal)


class ThingPrincipalAttachment(ResourceType):
    """A certificate of a thing."""

    name = "AWS::IoT::ThingPrincipalAttachment"

    def create(self, context: Context, properties: Properties) -> Made:
        thing, principal = properties["ThingName"], properties["Principal"]
        context.client("iot").attach_thing_principal(
            thingName=thing,
            principal=principal,
            **given(thingPrincipalType=properties.get("ThingPrincipalType")),
        )
        return Made(f"{thing}|{principal}")

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        thing, principal = properties["ThingName"], properties["Principal"]
        with absence_is_fine():
            context.client("iot").detach_thing_principal(thingName=thing, principal=principal)


TYPES: tuple[ResourceType, ...] = (
    Certificate(),
    Policy(),
    PolicyPrincipalAttachment(),
    ThingPrincipalAttachment(),
)

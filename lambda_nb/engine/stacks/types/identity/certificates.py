"""``AWS::CertificateManager::Certificate``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import Tagging

_TAGS = Tagging(reserved=False)
_LOGGED = "CertificateTransparencyLoggingPreference"


class Certificate(ResourceType):
    """A certificate.

    On AWS a stack waits until the domain's owner is known. Nobody asks for that here: the
    certificate is there at once.
    """

    name = "AWS::CertificateManager::Certificate"

    def create(self, context: Context, properties: Properties) -> Made:
        """Request it."""
        plain = {member: held for member, held in properties.items() if member != "Tags"}
        if plain.get("DomainValidationOptions"):
            plain["DomainValidationOptions"] = [
                {"ValidationDomain": option["DomainName"], **option}
                for option in plain["DomainValidationOptions"]
            ]
        parameters = shapes.parameters("acm", "RequestCertificate", plain)
        options: dict[str, Any] = {}
        if properties.get(_LOGGED):
            options[_LOGGED] = properties[_LOGGED]
        if properties.get("CertificateExport"):
            options["Export"] = properties["CertificateExport"]
        if options:
            parameters["Options"] = options
        tags = _TAGS.form(_TAGS.wanted(context, properties))
        if tags:
            parameters["Tags"] = tags
        arn = context.client("acm").request_certificate(**parameters)["CertificateArn"]
        return Made(arn, {"CertificateArn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its tags; no certificate of this machine is ever in a public log."""
        calls, arn = context.client("acm"), made.physical_id
        _TAGS.change(
            context,
            old,
            new,
            lambda wanted: calls.add_tags_to_certificate(CertificateArn=arn, Tags=wanted),
            lambda keys: calls.remove_tags_from_certificate(
                CertificateArn=arn, Tags=[{"Key": key} for key in keys]
            ),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine("ResourceNotFoundException"):
            context.client("acm").delete_certificate(CertificateArn=made.physical_id)


TYPES: tuple[ResourceType, ...] = (Certificate(),)

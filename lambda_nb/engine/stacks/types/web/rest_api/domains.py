"""``AWS::ApiGateway::DomainName`` and its kin: names under which APIs are reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.values import with_text
from lambda_nb.engine.stacks.types.web.rest_api import calls, patches
from lambda_nb.engine.stacks.types.web.rest_api.patches import Patch

_PATHS = {
    "CertificateArn": "/certificateArn",
    "RegionalCertificateArn": "/regionalCertificateArn",
    "OwnershipVerificationCertificateArn": "/ownershipVerificationCertificateArn",
    "SecurityPolicy": "/securityPolicy",
    "EndpointAccessMode": "/endpointAccessMode",
    "Policy": "/policy",
    "RoutingMode": "/routingMode",
}
_UNSET = {"RoutingMode": "BASE_PATH_MAPPING_ONLY"}
_TRUST_PATHS = {
    "TruststoreUri": "/mutualTlsAuthentication/truststoreUri",
    "TruststoreVersion": "/mutualTlsAuthentication/truststoreVersion",
}
_OF_ENDPOINTS = (
    "RegionalDomainName",
    "RegionalHostedZoneId",
    "DistributionDomainName",
    "DistributionHostedZoneId",
)


class DomainName(ResourceType):
    """A custom domain name: ``Ref`` is the name."""

    name = "AWS::ApiGateway::DomainName"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = calls.client(context).create_domain_name(
            **calls.parameters("CreateDomainName", properties), **calls.tagged(context, properties)
        )
        return _shown(made)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        operations = _differences(old, new)
        if operations:
            calls.client(context).update_domain_name(
                domainName=made.physical_id, patchOperations=operations
            )
        calls.tag_again(context, f"/domainnames/{made.physical_id}", old, new)
        return _shown(calls.client(context).get_domain_name(domainName=made.physical_id))

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_domain_name(domainName=made.physical_id)


class DomainNameV2(ResourceType):
    """A private custom domain name: ``Ref`` is its ARN."""

    name = "AWS::ApiGateway::DomainNameV2"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = calls.client(context).create_domain_name(
            **calls.parameters("CreateDomainName", with_text(properties, "Policy")),
            **calls.tagged(context, properties),
        )
        arn = made["domainNameArn"]
        return Made(arn, {"DomainNameArn": arn, "DomainNameId": made.get("domainNameId", "")})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        operations = _differences(with_text(old, "Policy"), with_text(new, "Policy"))
        if operations:
            calls.client(context).update_domain_name(
                **_of_arn(made.physical_id), patchOperations=operations
            )
        path = "/domainnames/" + made.physical_id.rpartition("/")[2]
        calls.tag_again(context, path, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_domain_name(**_of_arn(made.physical_id))


class BasePathMapping(ResourceType):
    """A path of a domain name: ``Ref`` is ``DOMAIN|PATH``."""

    name = "AWS::ApiGateway::BasePathMapping"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        place = self.place(properties)
        _create_mapping(context, place, properties)
        return self._made(context, place)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Let it lead to another API or stage."""
        operations = patches.values(
            old, new, {"RestApiId": "/restapiId", "Stage": "/stage"}, {"Stage": ""}
        )
        if operations:
            calls.client(context).update_base_path_mapping(
                **self.place(new), patchOperations=operations
            )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_base_path_mapping(**self.place(properties))

    def place(self, properties: Properties) -> dict[str, str]:
        """What names the mapping in calls."""
        return {
            "domainName": str(properties["DomainName"]),
            "basePath": str(properties.get("BasePath") or "(none)"),
        }

    def _made(self, context: Context, place: Mapping[str, str]) -> Made:
        return Made(f"{place['domainName']}|{place['basePath']}")


class BasePathMappingV2(BasePathMapping):
    """A path of a private domain name: ``Ref`` is the mapping's ARN."""

    name = "AWS::ApiGateway::BasePathMappingV2"

    def place(self, properties: Properties) -> dict[str, str]:
        """What names the mapping in calls."""
        return {
            **_of_arn(str(properties["DomainNameArn"])),
            "basePath": str(properties.get("BasePath") or "(none)"),
        }

    def _made(self, context: Context, place: Mapping[str, str]) -> Made:
        names = f"{place['domainName']}+{place['domainNameId']}"
        arn = (
            f"arn:{context.partition}:apigateway:{context.region}:{context.account}:"
            f"/domainnames/{names}/basepathmappings/{place['basePath']}"
        )
        return Made(arn, {"BasePathMappingArn": arn})


class DomainNameAccessAssociation(ResourceType):
    """A VPC endpoint that may use a private domain name: ``Ref`` is its ARN."""

    name = "AWS::ApiGateway::DomainNameAccessAssociation"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = calls.client(context).create_domain_name_access_association(
            **calls.parameters("CreateDomainNameAccessAssociation", properties),
            **calls.tagged(context, properties),
        )
        arn = made["domainNameAccessAssociationArn"]
        return Made(arn, {"DomainNameAccessAssociationArn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_domain_name_access_association(
                domainNameAccessAssociationArn=made.physical_id
            )


def _create_mapping(context: Context, place: Mapping[str, str], properties: Properties) -> None:
    target = {name: properties[name] for name in ("RestApiId", "Stage") if name in properties}
    told = calls.parameters("CreateBasePathMapping", target)
    calls.client(context).create_base_path_mapping(**place, **told)


def _of_arn(arn: str) -> dict[str, str]:
    """A private domain name's names in calls; its ARN ends with ``/domainnames/NAME+ID``."""
    name, _, identifier = arn.rpartition("/")[2].partition("+")
    return {"domainName": name, "domainNameId": identifier}


def _differences(old: Properties, new: Properties) -> list[Patch]:
    found = []
    before, after = old.get("EndpointConfiguration", {}), new.get("EndpointConfiguration", {})
    were, kinds = before.get("Types", ["EDGE"]), after.get("Types", ["EDGE"])
    if were != kinds:
        found.append(patches.replaced(f"/endpointConfiguration/types/{were[0]}", kinds[0]))
    found += patches.values(
        before,
        after,
        {"IpAddressType": "/endpointConfiguration/ipAddressType"},
        {"IpAddressType": "ipv4"},
    )
    found += patches.values(old, new, _PATHS, _UNSET)
    trust, trusted = (one.get("MutualTlsAuthentication", {}) for one in (old, new))
    return found + patches.values(trust, trusted, _TRUST_PATHS)


def _shown(answer: Mapping[str, Any]) -> Made:
    of_endpoints = {name: answer.get(name[0].lower() + name[1:], "") for name in _OF_ENDPOINTS}
    return Made(answer["domainName"], {"DomainNameArn": answer["domainNameArn"], **of_endpoints})


TYPES = (
    DomainName(),
    DomainNameV2(),
    BasePathMapping(),
    BasePathMappingV2(),
    DomainNameAccessAssociation(),
)

"""``AWS::IoT::*`` around connecting: authorizers, domains, role aliases, provisioning."""

from __future__ import annotations

from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.devices.calls import TAG_CALLS
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import LISTED


class Authorizer(ByCalls):
    """A function that decides who may connect."""

    name = "AWS::IoT::Authorizer"
    service = "iot"
    creates = "CreateAuthorizer"
    updates = "UpdateAuthorizer"
    deletes = "DeleteAuthorizer"
    describes = "DescribeAuthorizer"
    described = "authorizerDescription"
    key = "authorizerName"
    attributes: ClassVar = {"Arn": "authorizerArn"}
    named = "AuthorizerName"
    longest = 128
    defaults: ClassVar = {"Status": "ACTIVE", "EnableCachingForHttp": False}
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            # An active authorizer cannot be deleted.
            self.call(
                context,
                self.updates,
                {"authorizerName": made.physical_id, "status": "INACTIVE"},
            )
        super().delete(context, made, properties)


class RoleAlias(ByCalls):
    """A role that devices may take."""

    name = "AWS::IoT::RoleAlias"
    service = "iot"
    creates = "CreateRoleAlias"
    updates = "UpdateRoleAlias"
    deletes = "DeleteRoleAlias"
    describes = "DescribeRoleAlias"
    described = "roleAliasDescription"
    key = "roleAlias"
    attributes: ClassVar = {"RoleAliasArn": "roleAliasArn"}
    named = "RoleAlias"
    longest = 128
    defaults: ClassVar = {"CredentialDurationSeconds": 3600}
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS
    tagged_by = "RoleAliasArn"


class DomainConfiguration(ByCalls):
    """An endpoint for devices."""

    name = "AWS::IoT::DomainConfiguration"
    service = "iot"
    creates = "CreateDomainConfiguration"
    updates = "UpdateDomainConfiguration"
    deletes = "DeleteDomainConfiguration"
    describes = "DescribeDomainConfiguration"
    key = "domainConfigurationName"
    attributes: ClassVar = {
        "Arn": "domainConfigurationArn",
        "DomainType": "domainType",
        "ServerCertificates": "serverCertificates",
    }
    named = "DomainConfigurationName"
    longest = 128
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS

    def works(self) -> frozenset[str]:
        return super().works() | {"DomainConfigurationStatus"}

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        parameters = super().change(context, made, old, new)
        if old.get("AuthorizerConfig") and not new.get("AuthorizerConfig"):
            parameters["removeAuthorizerConfig"] = True
        return parameters

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        status = new.get("DomainConfigurationStatus")
        if status and not old:
            parameters = {self.key: physical_id, "domainConfigurationStatus": status}
            self.call(context, self.updates, parameters)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            # An enabled one cannot be deleted.
            parameters = {self.key: made.physical_id, "domainConfigurationStatus": "DISABLED"}
            self.call(context, self.updates, parameters)
        super().delete(context, made, properties)


class ProvisioningTemplate(ByCalls):
    """How devices that come for the first time are registered."""

    name = "AWS::IoT::ProvisioningTemplate"
    service = "iot"
    creates = "CreateProvisioningTemplate"
    updates = "UpdateProvisioningTemplate"
    deletes = "DeleteProvisioningTemplate"
    describes = "DescribeProvisioningTemplate"
    key = "templateName"
    attributes: ClassVar = {"TemplateArn": "templateArn"}
    named = "TemplateName"
    longest = 36
    renamed: ClassVar = {"type": "TemplateType"}
    defaults: ClassVar = {"Description": "", "Enabled": False}
    tagging = LISTED
    tag_parameter = "tags"
    tag_calls = TAG_CALLS
    tagged_by = "TemplateArn"

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        parameters = super().change(context, made, old, new)
        if old.get("PreProvisioningHook") and not new.get("PreProvisioningHook"):
            parameters["removePreProvisioningHook"] = True
        return parameters

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        if old and changed(old, new, "TemplateBody"):
            context.client("iot").create_provisioning_template_version(
                templateName=physical_id, templateBody=new["TemplateBody"], setAsDefault=True
            )

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("iot")
        with absence_is_fine():
            found = client.list_provisioning_template_versions(templateName=made.physical_id)
            for one in found["versions"]:
                if not one["isDefaultVersion"]:
                    client.delete_provisioning_template_version(
                        templateName=made.physical_id, versionId=one["versionId"]
                    )
        super().delete(context, made, properties)


TYPES: tuple[ResourceType, ...] = (
    Authorizer(),
    RoleAlias(),
    DomainConfiguration(),
    ProvisioningTemplate(),
)

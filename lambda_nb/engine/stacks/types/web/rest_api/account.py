"""What REST APIs have beside them: the account's settings, client certificates, VPC links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.rest_api import calls


class Account(ResourceType):
    """The account's role for logs. Deleting it leaves the role as it is, as on AWS."""

    name = "AWS::ApiGateway::Account"

    def create(self, context: Context, properties: Properties) -> Made:
        """Set the role."""
        self._set(context, properties)
        made = context.name(30)
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Set the role."""
        self._set(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Other APIs of the account may need the role: it stays."""

    def _set(self, context: Context, properties: Properties) -> None:
        role = properties.get("CloudWatchRoleArn", "")
        calls.client(context).update_account(
            patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
        )


class ClientCertificate(calls.Part):
    """A certificate that API Gateway shows to servers: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::ClientCertificate"
    noun = "ClientCertificate"
    verb = "Generate"
    key = "clientCertificateId"
    shown = "clientCertificateId"
    parents = ()
    attribute = "ClientCertificateId"
    paths: ClassVar[Mapping[str, str]] = {"Description": "/description"}
    tags_at = "/clientcertificates/{}"


class VpcLink(calls.Part):
    """A way to a network load balancer: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::VpcLink"
    noun = "VpcLink"
    key = "vpcLinkId"
    parents = ()
    attribute = "VpcLinkId"
    paths: ClassVar[Mapping[str, str]] = {"Name": "/name", "Description": "/description"}
    unset: ClassVar[Properties] = {"Description": ""}
    tags_at = "/vpclinks/{}"


TYPES = (Account(), ClientCertificate(), VpcLink())

"""What the methods of a REST API refer to: authorizers, models, validators, gateway responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name
from lambda_nb.engine.stacks.types.web.rest_api import calls


class Authorizer(calls.Part):
    """Who may call: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::Authorizer"
    noun = "Authorizer"
    key = "authorizerId"
    attribute = "AuthorizerId"
    paths: ClassVar[Mapping[str, str]] = {
        "Name": "/name",
        "Type": "/type",
        "AuthType": "/authType",
        "AuthorizerUri": "/authorizerUri",
        "AuthorizerCredentials": "/authorizerCredentials",
        "AuthorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
        "IdentitySource": "/identitySource",
        "IdentityValidationExpression": "/identityValidationExpression",
    }
    unset: ClassVar[Properties] = {"AuthorizerResultTtlInSeconds": 300}
    lists: ClassVar[Mapping[str, str]] = {"ProviderARNs": "/providerARNs"}


class Model(calls.Part):
    """A schema of bodies: ``Ref`` is its name."""

    name = "AWS::ApiGateway::Model"
    noun = "Model"
    key = "modelName"
    shown = "name"
    paths: ClassVar[Mapping[str, str]] = {"Description": "/description", "Schema": "/schema"}
    unset: ClassVar[Properties] = {"Schema": "{}"}

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one; without a name it gets one of letters and digits, as models must have."""
        return super().create(context, with_name(context, properties, "Name", separator=""))

    def prepared(self, context: Context, properties: Properties) -> Properties:
        """The properties, the schema as a text."""
        schema = properties.get("Schema")
        told = {"ContentType": "application/json", **properties}
        if isinstance(schema, Mapping):
            told["Schema"] = json.dumps(schema)
        return told


class RequestValidator(calls.Part):
    """What is checked before an integration is called: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::RequestValidator"
    noun = "RequestValidator"
    key = "requestValidatorId"
    attribute = "RequestValidatorId"
    paths: ClassVar[Mapping[str, str]] = {
        "ValidateRequestBody": "/validateRequestBody",
        "ValidateRequestParameters": "/validateRequestParameters",
    }
    unset: ClassVar[Properties] = {"ValidateRequestBody": False, "ValidateRequestParameters": False}


class DocumentationPart(calls.Part):
    """A piece of documentation: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::DocumentationPart"
    noun = "DocumentationPart"
    key = "documentationPartId"
    attribute = "DocumentationPartId"
    paths: ClassVar[Mapping[str, str]] = {"Properties": "/properties"}


class DocumentationVersion(calls.Part):
    """A picture of the documentation: ``Ref`` is its version."""

    name = "AWS::ApiGateway::DocumentationVersion"
    noun = "DocumentationVersion"
    key = "documentationVersion"
    shown = "version"
    paths: ClassVar[Mapping[str, str]] = {"Description": "/description"}
    renamed: ClassVar[Mapping[str, str]] = {"documentationVersion": "DocumentationVersion"}


class GatewayResponse(ResourceType):
    """What API Gateway itself answers in some case: ``Ref`` is an ID of its own."""

    name = "AWS::ApiGateway::GatewayResponse"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        self._put(context, properties)
        made = context.name(30)
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put it as it is to be."""
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Let API Gateway answer in its own way again."""
        with absence_is_fine():
            calls.client(context).delete_gateway_response(
                restApiId=properties["RestApiId"], responseType=properties["ResponseType"]
            )

    def _put(self, context: Context, properties: Properties) -> None:
        calls.client(context).put_gateway_response(
            **calls.parameters("PutGatewayResponse", properties)
        )


TYPES = (
    Authorizer(),
    Model(),
    RequestValidator(),
    DocumentationPart(),
    DocumentationVersion(),
    GatewayResponse(),
)

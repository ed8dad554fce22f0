"""``AWS::CloudFront::Function`` and the ``KeyValueStore`` that functions read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, given, refuse_unknown
from lambda_nb.engine.stacks.types.values import is_true
from lambda_nb.engine.stacks.types.web.cloudfront import calls
from lambda_nb.engine.stacks.types.web.cloudfront.parameters import parameters


class Function(ResourceType):
    """A function at the edge: ``Ref`` is its ARN."""

    name = "AWS::CloudFront::Function"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one, and publish it if ``AutoPublish`` says so."""
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - {"FunctionMetadata"})
        tags = calls.tags(context, properties)
        answer = calls.client(context).create_function(**_shaped(properties), **given(Tags=tags))
        context.made(_arn(answer))
        return self._made(context, properties, answer)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one, and publish it if ``AutoPublish`` says so."""
        client = calls.client(context)
        etag = client.describe_function(Name=new["Name"])["ETag"]
        answer = client.update_function(IfMatch=etag, **_shaped(new))
        calls.tag_again(context, made.physical_id, old, new)
        return self._made(context, new, answer)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        client, name = calls.client(context), made.physical_id.rpartition("/")[2]
        with absence_is_fine("NoSuchFunctionExists"):
            etag = client.describe_function(Name=name)["ETag"]
            client.delete_function(Name=name, IfMatch=etag)

    def _made(self, context: Context, properties: Properties, answer: Mapping[str, Any]) -> Made:
        stage = "DEVELOPMENT"
        if is_true(properties.get("AutoPublish")):
            calls.client(context).publish_function(Name=properties["Name"], IfMatch=answer["ETag"])
            stage = "LIVE"
        arn = _arn(answer)
        return Made(arn, {"FunctionARN": arn, "FunctionMetadata.FunctionARN": arn, "Stage": stage})


class KeyValueStore(ResourceType):
    """Keys and values for functions: ``Ref`` is the store's name."""

    name = "AWS::CloudFront::KeyValueStore"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        shape = calls.input_shape("CreateKeyValueStore")
        told = {name: value for name, value in properties.items() if name != "Tags"}
        tags = calls.tags(context, properties)
        return _store(
            calls.client(context).create_key_value_store(
                **parameters(shape, told), **given(Tags=tags)
            )
        )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its comment and tags; an import is done at creation only, as on AWS."""
        client, name = calls.client(context), made.physical_id
        etag = client.describe_key_value_store(Name=name)["ETag"]
        answer = client.update_key_value_store(
            Name=name, IfMatch=etag, Comment=new.get("Comment", "")
        )
        calls.tag_again(context, made.attributes["Arn"], old, new)
        return _store(answer)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        client, name = calls.client(context), made.physical_id
        with absence_is_fine("EntityNotFound"):
            etag = client.describe_key_value_store(Name=name)["ETag"]
            client.delete_key_value_store(Name=name, IfMatch=etag)


def _arn(answer: Mapping[str, Any]) -> str:
    return str(answer["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])


def _shaped(properties: Properties) -> dict[str, Any]:
    members = calls.input_shape("CreateFunction").members
    return {
        "Name": properties["Name"],
        "FunctionConfig": parameters(members["FunctionConfig"], properties["FunctionConfig"]),
        "FunctionCode": str(properties["FunctionCode"]).encode(),
    }


def _store(answer: Mapping[str, Any]) -> Made:
    told = answer["KeyValueStore"]
    return Made(told["Name"], {"Arn": told["ARN"], "Id": told["Id"], "Status": told["Status"]})


TYPES = (Function(), KeyValueStore())

"""Where templates may have local paths, and the form that the location in S3 takes there.

The list is that of ``aws cloudformation package`` and ``sam package`` (AWS CLI Command Reference,
"package").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Location = Callable[[str, str], Any]


def as_url(bucket: str, key: str) -> str:
    """``s3://BUCKET/KEY``."""
    return f"s3://{bucket}/{key}"


def _as_object(bucket_name: str, key_name: str) -> Location:
    return lambda bucket, key: {bucket_name: bucket, key_name: key}


@dataclass(frozen=True)
class Place:
    """A property with a local path.

    ``kind`` is ``code`` (built and zipped), ``zip`` (zipped if a folder), ``file`` (as it is) or
    ``template`` (packaged itself). ``form`` makes the property's value of a location.
    """

    path: tuple[str, ...]
    kind: Literal["code", "zip", "file", "template"]
    form: Location = as_url
    default: str = ""


PLACES: dict[str, tuple[Place, ...]] = {
    "AWS::Serverless::Function": (Place(("CodeUri",), "code", default="."),),
    "AWS::Serverless::LayerVersion": (Place(("ContentUri",), "code"),),
    "AWS::Lambda::Function": (Place(("Code",), "code", _as_object("S3Bucket", "S3Key"), "."),),
    "AWS::Lambda::LayerVersion": (Place(("Content",), "code", _as_object("S3Bucket", "S3Key")),),
    "AWS::Serverless::Api": (Place(("DefinitionUri",), "file"),),
    "AWS::Serverless::HttpApi": (Place(("DefinitionUri",), "file"),),
    "AWS::Serverless::StateMachine": (Place(("DefinitionUri",), "file"),),
    "AWS::Serverless::GraphQLApi": (Place(("SchemaUri",), "file"),),
    "AWS::Serverless::Application": (Place(("Location",), "template"),),
    "AWS::CloudFormation::Stack": (Place(("TemplateURL",), "template"),),
    "AWS::CloudFormation::StackSet": (Place(("TemplateURL",), "template"),),
    "AWS::ApiGateway::RestApi": (Place(("BodyS3Location",), "file", _as_object("Bucket", "Key")),),
    "AWS::ApiGatewayV2::Api": (Place(("BodyS3Location",), "file", _as_object("Bucket", "Key")),),
    "AWS::StepFunctions::StateMachine": (
        Place(("DefinitionS3Location",), "file", _as_object("Bucket", "Key")),
    ),
    "AWS::AppSync::GraphQLSchema": (Place(("DefinitionS3Location",), "file"),),
    "AWS::AppSync::Resolver": (
        Place(("RequestMappingTemplateS3Location",), "file"),
        Place(("ResponseMappingTemplateS3Location",), "file"),
        Place(("CodeS3Location",), "file"),
    ),
    "AWS::AppSync::FunctionConfiguration": (
        Place(("RequestMappingTemplateS3Location",), "file"),
        Place(("ResponseMappingTemplateS3Location",), "file"),
        Place(("CodeS3Location",), "file"),
    ),
    "AWS::ElasticBeanstalk::ApplicationVersion": (
        Place(("SourceBundle",), "zip", _as_object("S3Bucket", "S3Key")),
    ),
    "AWS::CodeCommit::Repository": (Place(("Code", "S3"), "zip", _as_object("Bucket", "Key")),),
    "AWS::Glue::Job": (Place(("Command", "ScriptLocation"), "file"),),
}
"""By resource type."""


def is_local(value: Any) -> bool:
    """Whether the value of a place is a path of this machine."""
    return isinstance(value, str) and not value.startswith(("s3://", "http://", "https://", "arn:"))

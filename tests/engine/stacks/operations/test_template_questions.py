"""What is told of templates: their text, parameters, capabilities."""

from __future__ import annotations

import json

from engine_fixtures import Engine, error_of
from stacks_api_lab import Stack

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Description: told
Transform: AWS::LanguageExtensions
Metadata: {a: 1}
Parameters:
  Size: {Type: Number, Default: 3, AllowedValues: [3, 5], Description: how many}
  Secret: {Type: String, NoEcho: true}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
"""


def test_a_template_says_what_it_needs(engine: Engine) -> None:
    api = engine.client("cloudformation")
    told = api.validate_template(TemplateBody=TEMPLATE)
    assert told["Description"] == "told"
    assert set(told["Capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert told["DeclaredTransforms"] == ["AWS::LanguageExtensions"]
    assert told["Parameters"] == [
        {
            "ParameterKey": "Size",
            "DefaultValue": "3",
            "NoEcho": False,
            "Description": "how many",
        },
        {"ParameterKey": "Secret", "NoEcho": True},
    ]
    summary = api.get_template_summary(TemplateBody=TEMPLATE)
    assert summary["ResourceTypes"] == ["AWS::IAM::Role"]
    assert summary["Version"] == "2010-09-09"
    assert json.loads(summary["Metadata"]) == {"a": 1}
    assert summary["Parameters"][0]["ParameterConstraints"] == {"AllowedValues": ["3", "5"]}
    assert summary["ResourceIdentifierSummaries"] == [
        {
            "ResourceType": "AWS::IAM::Role",
            "LogicalResourceIds": ["Role"],
            "ResourceIdentifiers": ["RoleName"],
        }
    ]


def test_a_broken_template_is_refused_with_its_place(engine: Engine) -> None:
    api = engine.client("cloudformation")
    code, text = error_of(lambda: api.validate_template(TemplateBody="Resources: ["))
    assert code == "ValidationError"
    assert text.startswith("Template format error: YAML not well-formed.")


def test_a_template_in_s3_and_its_versions(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), engine.name("templates")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(Bucket=bucket, Key="dir/t.yaml", Body=TEMPLATE.replace("told", word).encode())
        for word in ("first", "second")
    ]
    api = engine.client("cloudformation")
    for url in (
        f"{engine.url}/{bucket}/dir/t.yaml",
        f"https://{bucket}.s3.amazonaws.com/dir/t.yaml",
        f"https://s3.us-east-1.amazonaws.com/{bucket}/dir/t.yaml",
    ):
        assert api.validate_template(TemplateURL=url)["Description"] == "second"
    old = f"{engine.url}/{bucket}/dir/t.yaml?versionId={versions[0]['VersionId']}"
    assert api.validate_template(TemplateURL=old)["Description"] == "first"


def test_the_original_and_what_transforms_made_of_it(engine: Engine) -> None:
    stack = Stack(engine)
    template = (
        "Transform: AWS::LanguageExtensions\n"
        "Resources:\n"
        "  Fn::ForEach::Each:\n"
        "    - Name\n"
        "    - [A, B]\n"
        "    - H${Name}: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
    )
    stack.api.create_stack(
        StackName=stack.name, TemplateBody=template, Capabilities=["CAPABILITY_AUTO_EXPAND"]
    )
    assert stack.wait() == "CREATE_COMPLETE", stack.history()
    assert stack.api.get_template(StackName=stack.name)["TemplateBody"] == template
    processed = stack.api.get_template(StackName=stack.name, TemplateStage="Processed")
    assert set(processed["TemplateBody"]["Resources"]) == {"HA", "HB"}


def test_a_nested_template_has_its_address_on_aws(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), engine.name("templates")
    s3.create_bucket(Bucket=bucket)
    child = "Resources: {H: {Type: AWS::CloudFormation::WaitConditionHandle}}"
    s3.put_object(Bucket=bucket, Key="child.template", Body=child.encode())
    template = (
        "Resources:\n"
        "  Child:\n"
        "    Type: AWS::CloudFormation::Stack\n"
        "    Properties:\n"
        "      TemplateURL: {}\n"
    )
    stack = Stack(engine)
    here = template.format(f"{engine.url}/{bucket}/child.template")
    for _ in range(2):  # the second time with the address that was shown
        stack.api.create_stack(StackName=stack.name, TemplateBody=here)
        assert stack.wait() == "CREATE_COMPLETE", stack.history()
        here = stack.api.get_template(StackName=stack.name)["TemplateBody"]
        assert here == template.format(f"https://s3.amazonaws.com/{bucket}/child.template")
        stack = Stack(engine)

"""Templates that CloudFormation refuses, each with its text; and what a good one declares."""

from __future__ import annotations

import json

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.templates.document import parsed
from lambda_nb.engine.stacks.templates.structure.declarations import Declaration
from lambda_nb.engine.stacks.templates.template import Template

A = "A: {Type: AWS::SQS::Queue}"
ROLE = "R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}"
FORMAT = "Template format error: "


def many(section: str, each: str, count: int) -> str:
    members = "\n".join(f"  N{number}: {each}" for number in range(count))
    return (
        f"Resources: {{{A}}}\n{section}:\n{members}"
        if section != "Resources"
        else (f"Resources:\n{members}")
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Description: x", f"{FORMAT}At least one Resources member must be defined."),
        ("Resources: {}", f"{FORMAT}At least one Resources member must be defined."),
        (f"Resource: {{{A}}}", "Invalid template property or properties [Resource]"),
        (f"AWSTemplateFormatVersion: '1'\nResources: {{{A}}}", "version '1' is not supported"),
        ("Resources: [a]", "Resources must be an object."),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, Name: x}}",
            "Invalid template resource property 'Name'",
        ),
        (
            "Resources: {A: {Properties: {}}}",
            f"{FORMAT}[/Resources/A] Every Resources object must contain a Type member.",
        ),
        ("Resources: {A: 5}", f"{FORMAT}[/Resources/A] resource definition is malformed"),
        (
            "Resources: {a-b: {Type: AWS::SQS::Queue}}",
            f"{FORMAT}Resource name a-b is non alphanumeric.",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}}",
            f"{FORMAT}Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref B}}}",
            f"{FORMAT}Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${B}'}}}",
            f"{FORMAT}Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            f"Resources: {{{A}}}\nOutputs: {{O: {{Value: !Ref B}}}}",
            f"{FORMAT}Unresolved resource dependencies [B] in the Outputs block of the template",
        ),
        (
            f"Resources: {{{A}}}\nOutputs: {{O: {{Value: !GetAtt B.Arn}}}}",
            "Template error: instance of Fn::GetAtt references undefined resource B",
        ),
        (
            f"Resources: {{{A}}}\nOutputs: {{O: {{Value: !Sub '${{B.Arn}}'}}}}",
            "Template error: instance of Fn::Sub references invalid resource attribute B.Arn",
        ),
        (
            f"Resources: {{{A}}}\nOutputs: {{O: {{Value: !GetAtt A.Colour}}}}",
            "Template error: resource A does not support attribute type Colour in Fn::GetAtt",
        ),
        (f"Resources: {{{A}}}\nOutputs: {{O: {{}}}}", "must contain a Value object"),
        (
            f"Resources: {{{A}}}\nOutputs: {{O: {{Value: a, Name: b}}}}",
            "Invalid template output property 'Name'",
        ),
        (f"Resources: {{{A}}}\nOutputs: {{O: {{Value: a, Export: b}}}}", "Output O is malformed"),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, DeletionPolicy: Keep}}",
            f"{FORMAT}Unrecognized DeletionPolicy Keep for resource A",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, DeletionPolicy: Snapshot}}",
            "Template error: resource type AWS::SQS::Queue does not support deletion policy "
            "Snapshot",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, Condition: C}}",
            f"{FORMAT}Unresolved condition dependency C in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, Condition: [C]}}",
            f"{FORMAT}Every Condition member must be a string.",
        ),
        (
            f"Resources: {{{A}}}\nConditions: {{C: !Equals [!Ref A, b]}}",
            f"{FORMAT}Unresolved dependencies [A]. Cannot reference resources in the Conditions "
            "block of the template",
        ),
        (
            f"Resources: {{{A}}}\nConditions: {{C: yes}}",
            f"{FORMAT}Conditions can only be boolean operations on parameters and other conditions",
        ),
        (
            f"Resources: {{{A}}}\nConditions: {{C: !Not [!Condition D], D: !Not [!Condition C]}}",
            f"{FORMAT}Found circular condition dependency between",
        ),
        (
            f"Resources: {{{A}}}\nMappings: {{M: {{k: v}}}}",
            f"{FORMAT}[/Mappings/M] Every Mappings member must be a map of maps.",
        ),
        (
            f"Resources: {{{A}}}\nMappings: {{M: {{k: {{a: !Ref A}}}}}}",
            f"{FORMAT}Every Mappings attribute must be a String or a List.",
        ),
        (
            f"Resources: {{{A}}}\nParameters: {{A: {{Type: String}}}}",
            "Duplicate names across Parameters and Resources: [A]",
        ),
        (many("Resources", "{Type: AWS::SQS::Queue}", 501), "Number of resources, 501, is greater"),
        (many("Parameters", "{Type: String}", 201), "Number of parameters, 201, is greater"),
        (many("Outputs", "{Value: a}", 201), "Number of outputs, 201, is greater"),
        (f"Resources: {{{A}}}\nTransform: [{{Nme: x}}]", "Transform must be a name or a list"),
    ],
)
def test_a_bad_template_is_refused(text: str, message: str) -> None:
    with pytest.raises(AWSError) as refused:
        Template(parsed(text))
    assert refused.value.code == "ValidationError"
    assert message in refused.value.message


def value(written: str) -> str:
    return f"Resources: {{A: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {written}}}}}}}"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("!Join a", "every Fn::Join object requires two parameters, (1) a string delimiter"),
        ("!Join [',', a]", "every Fn::Join object requires two parameters"),
        ("!Split [',', [a]]", "every Fn::Split object requires two parameters"),
        ("!Select [0]", "Fn::Select requires a list argument with two elements"),
        ("!GetAtt A", "every Fn::GetAtt object requires two non-empty parameters"),
        ("!FindInMap [a, b]", "every Fn::FindInMap object requires three parameters"),
        ("!If [C, a]", "Fn::If requires a list argument with three elements"),
        ("!Sub [a, b, c]", "One or more Fn::Sub intrinsic functions don't specify expected"),
        ("!Sub '${a b}'", "variable names in Fn::Sub syntax must contain only alphanumeric"),
        ("!Base64 [a]", "every Fn::Base64 object must have a String-typed value."),
        ("{Ref: [a]}", "every Ref object must have a single String value."),
        ("!Equals [a]", "every Fn::Equals object requires a list of 2 string parameters."),
        ("{'Fn::Glue': a}", "Encountered unsupported function: Fn::Glue"),
        ("{'Fn::Join': [a, []], B: c}", "Encountered unsupported function: Fn::Join"),
    ],
)
def test_a_function_that_is_written_wrong_is_refused(written: str, message: str) -> None:
    with pytest.raises(AWSError, match="Template error: ") as refused:
        Template(parsed(value(written)))
    assert message in refused.value.message


def test_what_a_template_declares() -> None:
    template = Template(
        parsed("""
AWSTemplateFormatVersion: 2010-09-09
Description: A shop
Metadata: {Owner: us}
Conditions: {C: !Equals [a, a]}
Resources:
  A:
    Type: AWS::EC2::Volume
    Condition: C
    DeletionPolicy: Retain
    UpdateReplacePolicy: Snapshot
    DependsOn: B
    Metadata: {a: b}
  B: {Type: AWS::SNS::Topic, CreationPolicy: {a: b}, UpdatePolicy: {c: d}}
Outputs: {O: {Value: !Ref A, Description: the queue, Export: {Name: queue}}}
""")
    )
    assert template.description == "A shop"
    assert template.metadata == {"Owner": "us"}
    assert template.transforms == ()
    assert template.resources["A"] == Declaration(
        "A",
        "AWS::EC2::Volume",
        depends_on=("B",),
        condition="C",
        deletion_policy="Retain",
        update_replace_policy="Snapshot",
        metadata={"a": "b"},
    )
    assert template.resources["B"].deletion_policy == "Delete"
    assert template.resources["B"].creation_policy == {"a": "b"}
    assert template.outputs["O"].export == "queue"


@pytest.mark.parametrize(
    ("text", "capabilities", "reason"),
    [
        (f"Resources: {{{A}}}", [], ""),
        (
            f"Resources: {{{ROLE}}}}}}}",
            ["CAPABILITY_IAM"],
            "The following resource(s) require capabilities: [AWS::IAM::Role]",
        ),
        (
            f"Resources: {{{ROLE}, RoleName: r}}}}}}",
            ["CAPABILITY_NAMED_IAM"],
            "The following resource(s) require capabilities: [AWS::IAM::Role]",
        ),
        (
            f"Transform: Mine\nResources: {{{A}}}",
            ["CAPABILITY_AUTO_EXPAND"],
            "The following resource(s) require capabilities: [Mine]",
        ),
    ],
)
def test_capabilities(text: str, capabilities: list[str], reason: str) -> None:
    assert Template(parsed(text)).required_capabilities == (capabilities, reason)


def test_a_template_that_is_still_to_be_transformed_has_its_parameters() -> None:
    template = Template(
        parsed("""
Transform: [AWS::LanguageExtensions, {Name: Mine, Parameters: {a: b}}]
Globals: {Function: {Timeout: 3}}
Parameters: {Names: {Type: CommaDelimitedList, Default: "a, b"}}
Resources:
  Fn::ForEach::Loop: [X, !Ref Names, {"Q${X}": {Type: AWS::SQS::Queue}}]
  B: {Type: AWS::SNS::Topic, Fn::Transform: {Name: AWS::Include}}
""")
    )
    assert template.transforms == ("AWS::LanguageExtensions", "Mine", "AWS::Include")
    assert template.values({}, {}, json.dumps) == {"Names": ["a", "b"]}

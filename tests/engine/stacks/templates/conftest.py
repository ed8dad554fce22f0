"""Templates of one resource with a value in it, evaluated as a stack would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import Made
from lambda_nb.engine.stacks.templates.document import parsed
from lambda_nb.engine.stacks.templates.evaluation import Evaluation, Pseudo
from lambda_nb.engine.stacks.templates.template import Template
from lambda_nb.engine.stacks.templates.transforms.expansion import expanded

ACCOUNT, REGION = "123456789012", "eu-west-1"
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/1"
PSEUDO = Pseudo(ACCOUNT, REGION, "aws", "shop", STACK_ID, ("arn:aws:sns:x",))
MADE = {
    "Queue": Made("https://sqs/queue", {"Arn": "arn:queue", "QueueName": "queue"}),
    "Nested": Made("arn:nested", {"Outputs.Url": "http://nested"}),
}

Evaluated = Callable[..., Evaluation]


@pytest.fixture
def evaluated() -> Evaluated:
    """Evaluates the text of a template, with parameters by name."""

    def of(text: str, **values: str) -> Evaluation:
        template = Template(parsed(text))
        exports = {"shared-vpc": "vpc-1"}
        secrets = {"resolve:ssm:/size:2": "128", "resolve:secretsmanager:db:SecretString:pw": "s3"}
        outputs = {("base", "Url"): "http://base"}
        return Evaluation(
            template,
            template.values(values, {}, lambda kind, name: f"{name} of {kind}"),
            PSEUDO,
            exports.__getitem__,
            secrets.__getitem__,
            lambda asked: outputs[asked["StackName"], asked["OutputName"]],
        )

    return of


Valued = Callable[..., Any]


@pytest.fixture
def valued(evaluated: Evaluated) -> Valued:
    """The value of one property, written in YAML, beside a queue and a nested stack."""

    def of(written: str, rest: str = "", **values: str) -> Any:
        text = f"""
Resources:
  Queue: {{Type: AWS::SQS::Queue}}
  Nested: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: x}}}}
  It:
    Type: Custom::Thing
    Properties:
      Value: {written}
{rest}
"""
        return evaluated(text, **values).properties("It", MADE).get("Value", "(left out)")

    return of


class Surroundings:
    """What a test's transforms may ask for."""

    account, region, partition = ACCOUNT, REGION, "aws"
    stack_name, stack_id = "shop", STACK_ID

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.macros: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}

    def managed_policies(self) -> Mapping[str, str]:
        return {"MadeUpYesterday": "arn:aws:iam::aws:policy/MadeUpYesterday"}

    def read(self, location: str) -> str:
        if location not in self.files:
            raise AWSError("ValidationError", "The specified key does not exist.")
        return self.files[location]

    def call_macro(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        return {"requestId": request["requestId"], **self.macros[name](request)}


@pytest.fixture
def around() -> Surroundings:
    return Surroundings()


Expanding = Callable[..., dict[str, Any]]


@pytest.fixture
def expanding(around: Surroundings) -> Expanding:
    """Expands the text of a template, which must then be a good template."""

    def of(text: str, **values: str) -> dict[str, Any]:
        document = parsed(text)
        template = Template(document)
        made = expanded(document, template.values(values, {}, lambda _, name: name), around)
        Template(made)
        return made

    return of

"""The files of a CDK project in Python."""

from __future__ import annotations

import graphlib
import json
import re

from lambda_nb.exports import building
from lambda_nb.exports.cdk.authorizers import authorizers, left_out
from lambda_nb.exports.cdk.functions import function, layer
from lambda_nb.exports.cdk.resources import resources
from lambda_nb.exports.cdk.source import Code, call
from lambda_nb.exports.cdk.triggers import triggers
from lambda_nb.exports.cdk.values import Values
from lambda_nb.exports.picture import Application, Function
from lambda_nb.exports.reading.identifiers import pascal
from lambda_nb.exports.shared import Files, code_files, named_only, texts_of

_APP = '''"""The application: one stack."""

import os

import aws_cdk as cdk

from stack import {stack}

app = cdk.App()
{stack}(
    app,
    "{name}",
    env=cdk.Environment(
        account=os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=os.environ.get("CDK_DEFAULT_REGION", "{region}"),
    ),
)
app.synth()
'''
_MODULES = {
    "apigateway": "aws_apigateway as apigateway",
    "apigwv2": "aws_apigatewayv2 as apigwv2",
    "authorizers": "aws_apigatewayv2_authorizers as authorizers",
    "cognito": "aws_cognito as cognito",
    "integrations": "aws_apigatewayv2_integrations as integrations",
    "dynamodb": "aws_dynamodb as dynamodb",
    "events": "aws_events as events",
    "targets": "aws_events_targets as targets",
    "iam": "aws_iam as iam",
    "iot": "aws_iot as iot",
    "kinesis": "aws_kinesis as kinesis",
    "lambda_": "aws_lambda as lambda_",
    "destinations": "aws_lambda_destinations as destinations",
    "sources": "aws_lambda_event_sources as sources",
    "logs": "aws_logs as logs",
    "logs_destinations": "aws_logs_destinations as logs_destinations",
    "s3": "aws_s3 as s3",
    "notifications": "aws_s3_notifications as notifications",
    "scheduler": "aws_scheduler as scheduler",
    "scheduler_targets": "aws_scheduler_targets as scheduler_targets",
    "sns": "aws_sns as sns",
    "subscriptions": "aws_sns_subscriptions as subscriptions",
    "sqs": "aws_sqs as sqs",
}
_NAMES = ("CfnOutput", "CfnParameter", "Duration", "Size", "Stack", "Tags", "TimeZone")


def files(application: Application) -> Files:
    """All files of the project but its README."""
    stack = f"{pascal(application.name)}Stack"
    application.notes += left_out(application)
    app = _APP.format(stack=stack, name=application.name, region=application.region)
    built = {}
    if _must_be_built(application):
        built[building.NAME] = building.script(application)
    cdk_json = {"app": "python3 app.py", "watch": {"include": ["src/**", "*.py"]}}
    return {
        "app.py": app.encode(),
        "stack.py": _stack(application, stack).encode(),
        "cdk.json": json.dumps(cdk_json, indent=2).encode() + b"\n",
        "requirements.txt": b"aws-cdk-lib>=2.200,<3\nconstructs>=10,<11\n",
        ".gitignore": b"build/\ncdk.out/\n__pycache__/\n",
        **built,
        **code_files(application),
    }


def steps(application: Application) -> list[str]:
    """The commands that deploy it."""
    builds = [f"python3 {building.NAME}"] if _must_be_built(application) else []
    values = " ".join(f"--parameters {name}=..." for name in application.parameters)
    return [
        "pip install -r requirements.txt",
        *builds,
        "cdk bootstrap",
        f"cdk deploy {values}".rstrip(),
    ]


def _must_be_built(application: Application) -> bool:
    return any(one.requirements for one in application.functions)


def _stack(application: Application, name: str) -> str:
    values = Values(application)
    lines: list[str] = []
    for parameter, description in application.parameters.items():
        made = call("CfnParameter", Code("self"), parameter, no_echo=True, description=description)
        lines.append(f"{values.variable(parameter)} = {made}")
    lines += resources(application, values)
    lines += [layer(one, values) for one in application.layers()]
    ordered = _ordered(application)
    for one in ordered:
        lines += function(one, application, values)
    for api in application.resources.values():
        lines += authorizers(api, application, values)
    for one in ordered:
        lines += triggers(one, application, values)
    body = "\n".join(f"        {line}" for line in lines)
    head = (
        f"class {name}(Stack):\n"
        f'    """{application.name}, exported from a notebook with %lambda export cdk."""\n\n'
        "    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:\n"
        "        super().__init__(scope, construct_id, **kwargs)\n\n"
    )
    return f'"""The stack."""\n\n{_imports(body)}\n\n\n{head}{body}\n'


def _imports(body: str) -> str:
    used = [name for name in _NAMES if name == "Stack" or re.search(rf"\b{name}\b", body)]
    modules = [text for name, text in _MODULES.items() if re.search(rf"(?<![\w.]){name}\.", body)]
    rows = "".join(f"    {text},\n" for text in [*used, *modules])
    return f"from aws_cdk import (\n{rows})\nfrom constructs import Construct"


def _ordered(application: Application) -> list[Function]:
    """The functions, each after those that it refers to."""
    by_id = {one.id: one for one in application.functions}
    only_named = named_only(application)
    graph = {
        one.id: {
            ref.id
            for text in texts_of(one)
            for ref in text.refs
            if ref.id in by_id and (one.id, ref.id) not in only_named
        }
        for one in application.functions
    }
    return [by_id[identifier] for identifier in graphlib.TopologicalSorter(graph).static_order()]

"""The files of a SAM project: the template, samconfig.toml, the code."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Function, Layer, Text
from lambda_nb.exports.sam.events import events, left_out
from lambda_nb.exports.sam.policies import policies
from lambda_nb.exports.sam.resources import resources
from lambda_nb.exports.sam.values import Tagged, Values, yaml_of
from lambda_nb.exports.shared import Files, code_files, folder_of, only_ref

_TYPES = {"queue": "SQS", "topic": "SNS", "bus": "EventBridge"}
_TRACING = {"Active": "Active"}
_STEPS = ("sam build", "sam deploy --guided")


def files(application: Application) -> Files:
    """All files of the project but its README."""
    template = yaml_of(_template(application))
    application.notes += left_out(application)
    return {
        "template.yaml": template.encode(),
        "samconfig.toml": _samconfig(application).encode(),
        **code_files(application),
    }


def steps(application: Application) -> list[str]:
    """The commands that deploy it."""
    return list(_STEPS)


def _template(application: Application) -> dict[str, Any]:
    values = Values(application)
    shared = _shared(application)
    made = {
        function.id: _function(function, application, values, shared)
        for function in application.functions
    }
    layers = {layer.id: _layer(layer) for layer in application.layers()}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": f"{application.name}: exported from a notebook with %lambda export sam",
        "Globals": {"Function": shared} if shared else {},
        "Parameters": {
            name: {"Type": "String", "NoEcho": True, "Description": description}
            for name, description in application.parameters.items()
        },
        "Resources": {**made, **layers, **resources(application, values)},
        "Outputs": _outputs(application),
    }


def _shared(application: Application) -> dict[str, Any]:
    """Settings that all functions have in common, where there are several."""
    if len(application.functions) < 2:
        return {}
    first, *rest = (function.settings for function in application.functions)
    return {
        key: first[key]
        for key in ("Runtime", "Timeout", "MemorySize", "Architectures")
        if key in first and all(other.get(key) == first[key] for other in rest)
    }


def _function(
    function: Function, application: Application, values: Values, shared: dict[str, Any]
) -> dict[str, Any]:
    told = dict(function.settings)
    properties: dict[str, Any] = {"FunctionName": function.name, "CodeUri": folder_of(function)}
    mode = told.pop("TracingConfig", {}).get("Mode")
    properties |= {key: value for key, value in told.items() if key not in shared}
    if mode in _TRACING:
        properties["Tracing"] = _TRACING[mode]
    if function.layers:
        properties["Layers"] = [
            Tagged("!Ref", layer.id) if isinstance(layer, Layer) else values.of(layer)
            for layer in function.layers
        ]
    if function.environment:
        variables = {
            name: values.of(text, function.id) for name, text in function.environment.items()
        }
        properties["Environment"] = {"Variables": variables}
    if function.reserved is not None:
        properties["ReservedConcurrentExecutions"] = function.reserved
    if function.alias is not None:
        properties["AutoPublishAlias"] = function.alias.name
        if function.alias.provisioned:
            amount = function.alias.provisioned
            properties["ProvisionedConcurrencyConfig"] = {"ProvisionedConcurrentExecutions": amount}
    if function.tags:
        properties["Tags"] = dict(function.tags)
    if function.url is not None:
        properties["FunctionUrlConfig"] = dict(function.url)
    if function.dead_letters is not None:
        properties["DeadLetterQueue"] = {
            "Type": _type(function.dead_letters, application),
            "TargetArn": values.of(function.dead_letters, function.id),
        }
    if function.asynchronous:
        properties["EventInvokeConfig"] = _asynchronous(function, application, values)
    allowed = policies(function, application, values)
    if allowed:
        properties["Policies"] = allowed
    sources = events(function, application, values)
    if sources:
        properties["Events"] = sources
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _asynchronous(function: Function, application: Application, values: Values) -> dict[str, Any]:
    told = function.asynchronous
    config: dict[str, Any] = {
        key: told[key]
        for key in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts")
        if key in told
    }
    destinations = {
        key: {
            "Type": _type(told[key], application),
            "Destination": values.of(told[key], function.id),
        }
        for key in ("OnSuccess", "OnFailure")
        if key in told
    }
    return config | ({"DestinationConfig": destinations} if destinations else {})


def _type(text: Text, application: Application) -> str:
    ref = only_ref(text)
    resource = None if ref is None else application.resources.get(ref.id)
    if resource is not None:
        return _TYPES.get(resource.kind, "SQS")
    if ref is not None:
        return "Lambda"
    service = next(
        (part.strip(":").split(":")[0] for part in text.parts[2:] if isinstance(part, str)), "sqs"
    )
    return {"lambda": "Lambda", "events": "EventBridge", "sns": "SNS"}.get(service, "SQS")


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {
            "LayerName": layer.name,
            "ContentUri": f"layers/{layer.name}",
            **layer.settings,
        },
    }


def _outputs(application: Application) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    for function in application.functions:
        outputs[f"{function.id}Arn"] = {"Value": Tagged("!GetAtt", f"{function.id}.Arn")}
        if function.url is not None:
            address = f"{function.id}Url.FunctionUrl"
            outputs[f"{function.id}UrlAddress"] = {"Value": Tagged("!GetAtt", address)}
    for resource in application.resources.values():
        if resource.kind == "http_api":
            address = f"https://${{{resource.id}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
            outputs[f"{resource.id}Address"] = {"Value": Tagged("!Sub", address)}
        if resource.kind == "rest_api":
            stage = resource.settings["StageName"]
            address = f"https://${{{resource.id}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{stage}"
            outputs[f"{resource.id}Address"] = {"Value": Tagged("!Sub", address)}
    return outputs


def _samconfig(application: Application) -> str:
    return f"""version = 0.1

[default.global.parameters]
stack_name = "{application.name}"
region = "{application.region}"

[default.build.parameters]
cached = true

[default.deploy.parameters]
capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
resolve_s3 = true
"""

"""The files of an export as archives: one a function, its settings, its policy, ``deploy.sh``."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from lambda_nb.exports.picture import (
    Application,
    Function,
    Layer,
    Parameter,
    Part,
    Place,
    Ref,
    Text,
)
from lambda_nb.exports.shared import Files, all_statements, texts_of
from lambda_nb.projects.building.archives import zip_of

_HEAD = """#!/bin/sh
# Creates or updates the functions. Needs the AWS CLI, python3, and credentials.
set -eu
cd "$(dirname "$0")"

AWS_ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
AWS_REGION=${AWS_REGION:-$(aws configure get region || echo @region@)}
AWS_PARTITION=${AWS_PARTITION:-aws}
export AWS_ACCOUNT AWS_REGION AWS_PARTITION
@parameters@
filled() {  # a settings file with the account, the Region, layers and secrets in it
  python3 -c '
import json, os, re, sys
text = open(sys.argv[1]).read()
print(re.sub(r"@\\{(\\w+)\\}", lambda m: json.dumps(os.environ[m[1]])[1:-1], text))
' "$1"
}

role() {  # the role of a function: made if it is not there, its policy as it is here
  if ! aws iam get-role --role-name "$1" >/dev/null 2>&1; then
    aws iam create-role --role-name "$1" --assume-role-policy-document file://assume-role.json \\
      >/dev/null
    echo "made the role $1; IAM takes some seconds to know it everywhere"
    sleep "${ROLE_WAIT_S:-10}"
  fi
  aws iam attach-role-policy --role-name "$1" \\
    --policy-arn "arn:$AWS_PARTITION:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
  if [ -f "$2/policy.json" ]; then
    aws iam put-role-policy --role-name "$1" --policy-name calls \\
      --policy-document "$(filled "$2/policy.json")"
  fi
}

deploy() {  # one function, from the folder of its name, for an architecture
  role "$1-role" "$1"
  if aws lambda get-function --function-name "$1" >/dev/null 2>&1; then
    aws lambda update-function-code --function-name "$1" --zip-file "fileb://$1/code.zip" \\
      --architectures "$2" >/dev/null
    aws lambda wait function-updated-v2 --function-name "$1"
    aws lambda update-function-configuration --cli-input-json "$(filled "$1/settings.json")" \\
      >/dev/null
    aws lambda wait function-updated-v2 --function-name "$1"
    echo "updated $1"
  else
    aws lambda create-function --cli-input-json "$(filled "$1/settings.json")" \\
      --zip-file "fileb://$1/code.zip" --architectures "$2" >/dev/null
    aws lambda wait function-active-v2 --function-name "$1"
    echo "created $1"
  fi
}
"""
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_UPDATED = (
    "Runtime", "Handler", "Description", "Timeout", "MemorySize", "EphemeralStorage",
    "TracingConfig", "VpcConfig", "FileSystemConfigs", "LoggingConfig", "SnapStart",
)  # fmt: skip
"""Settings that CreateFunction and UpdateFunctionConfiguration have in common."""
_UNSAFE = r"[^\w .:/-]"
"""Characters that may mean something to a shell."""
_SERVICES = {
    "queue": ("sqs", ""),
    "table": ("dynamodb", "table/"),
    "stream": ("kinesis", "stream/"),
    "topic": ("sns", ""),
    "bus": ("events", "event-bus/"),
    "log_group": ("logs", "log-group:"),
}


def files(application: Application) -> Files:
    """All files of the export but its README."""
    application.parameters = _used(application)
    made: Files = {
        "deploy.sh": _script(application).encode(),
        "assume-role.json": _json(_TRUST),
    }
    for function in application.functions:
        made[f"{function.name}/code.zip"] = zip_of(function.files)
        made[f"{function.name}/settings.json"] = _json(_settings(function, application))
        statements = [
            {
                "Effect": "Allow",
                "Action": statement.actions,
                "Resource": [_text(text, application) for text in statement.resources],
            }
            for statement in all_statements(function, application)
        ]
        if statements:
            policy = {"Version": "2012-10-17", "Statement": statements}
            made[f"{function.name}/policy.json"] = _json(policy)
    for layer in _layers(application):
        made[f"layers/{layer.name}.zip"] = layer.archive
    application.notes += _left_out(application)
    return made


def steps(application: Application) -> list[str]:
    """The commands that deploy it."""
    given = " ".join(f"{name}=..." for name in application.parameters)
    return [f"{given} ./deploy.sh".strip()]


def _used(application: Application) -> dict[str, str]:
    """The parameters of functions; those of APIs, which archives have not, are not asked for."""
    used = {
        part.name
        for function in application.functions
        for text in texts_of(function)
        for part in text.parts
        if isinstance(part, Parameter)
    }
    return {name: told for name, told in application.parameters.items() if name in used}


def _layers(application: Application) -> list[Layer]:
    packages = [one.packages for one in application.functions if one.packages is not None]
    return list({layer.id: layer for layer in [*application.layers(), *packages]}.values())


def _settings(function: Function, application: Application) -> dict[str, Any]:
    told = function.settings
    settings: dict[str, Any] = {
        "FunctionName": function.name,
        "Role": f"arn:@{{AWS_PARTITION}}:iam::@{{AWS_ACCOUNT}}:role/{function.name}-role",
        **{name: told[name] for name in _UPDATED if name in told},
    }
    layers = [*function.layers, *([function.packages] if function.packages else [])]
    if layers:
        settings["Layers"] = [
            f"@{{{_variable(one)}}}" if isinstance(one, Layer) else _text(one, application)
            for one in layers
        ]
    if function.environment:
        variables = {k: _text(text, application) for k, text in function.environment.items()}
        settings["Environment"] = {"Variables": variables}
    if function.dead_letters is not None:
        settings["DeadLetterConfig"] = {"TargetArn": _text(function.dead_letters, application)}
    return settings


def _variable(layer: Layer) -> str:
    return f"LAYER_{layer.id.upper()}"


def _text(text: Text, application: Application) -> str:
    return "".join(_part(part, application) for part in text.parts)


def _part(part: Part, application: Application) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Parameter):
        return f"@{{{part.name}}}"
    if isinstance(part, Place):
        return f"@{{AWS_{part.what.upper()}}}"
    return _named(part, application)


def _named(ref: Ref, application: Application) -> str:
    """A name of a resource, which keeps the name that it has."""
    own = ("arn:@{AWS_PARTITION}:", ":@{AWS_REGION}:@{AWS_ACCOUNT}:")
    resource = application.resources.get(ref.id)
    if resource is None:
        function = application.function(ref.id)
        name = ref.id if function is None else function.name
        return name if ref.what == "name" else f"{own[0]}lambda{own[1]}function:{name}"
    name = str(resource.settings["OriginalName"])
    if ref.what == "name":
        return name
    if ref.what == "url":
        return f"https://sqs.@{{AWS_REGION}}.amazonaws.com/@{{AWS_ACCOUNT}}/{name}"
    if resource.kind == "bucket":
        return f"arn:@{{AWS_PARTITION}}:s3:::{name}"
    service, prefix = _SERVICES[resource.kind]
    end = {"log_group": ":*"}.get(resource.kind, "/stream/*" if ref.what == "stream_arn" else "")
    return f"{own[0]}{service}{own[1]}{prefix}{name}{end}"


def _script(application: Application) -> str:
    required = "".join(
        f': "${{{name}:?{re.sub(_UNSAFE, " ", description)}}}"\nexport {name}\n'
        for name, description in application.parameters.items()
    )
    text = _HEAD.replace("@region@", application.region).replace("@parameters@", required)
    lines = [text]
    for layer in _layers(application):
        runtimes = " ".join(layer.settings.get("CompatibleRuntimes", ()))
        compatible = f" --compatible-runtimes {runtimes}" if runtimes else ""
        lines.append(
            f"{_variable(layer)}=$(aws lambda publish-layer-version --layer-name "
            f"{shlex.quote(layer.name)}{compatible} \\\n  --zip-file "
            f"fileb://layers/{shlex.quote(layer.name)}.zip --query LayerVersionArn --output text)\n"
            f"export {_variable(layer)}"
        )
    for function in application.functions:
        name = shlex.quote(function.name)
        architecture = function.settings.get("Architectures", ["x86_64"])[0]
        lines.append(f"deploy {name} {architecture}")
        if function.reserved is not None:
            lines.append(
                f"aws lambda put-function-concurrency --function-name {name} "
                f"--reserved-concurrent-executions {function.reserved} >/dev/null"
            )
    return "\n".join(lines) + "\n"


def _left_out(application: Application) -> list[str]:
    """What archives cannot bring along."""
    notes = []
    names = sorted(
        f"{one.kind.replace('_', ' ')} {one.settings['OriginalName']}"
        for one in application.resources.values()
    )
    if names:
        notes.append(
            f"An export as archives has functions only. What they use must be there under the name "
            f"that it has: {', '.join(names)}"
        )
    for function in application.functions:
        lacking = sorted({trigger.kind for trigger in function.triggers})
        lacking += ["url"] if function.url is not None else []
        lacking += ["alias"] if function.alias is not None else []
        lacking += ["asynchronous destinations"] if function.asynchronous else []
        if lacking:
            notes.append(
                f"{function.name}: {', '.join(lacking)}; %lambda export sam, cdk or terraform "
                "bring these along"
            )
    return notes


def _json(told: Any) -> bytes:
    return json.dumps(told, indent=2).encode() + b"\n"

"""The files of an export as archives: one a function, its settings, its policy, ``deploy.sh``."""

from __future__ import annotations

import json
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
from lambda_nb.exports.shared import Files, all_statements, managed_policies, texts_of
from lambda_nb.exports.zips.script import layers_of, script, variable
from lambda_nb.projects.building.archives import zip_of

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
    "DurableConfig",
)  # fmt: skip
"""Settings that CreateFunction and UpdateFunctionConfiguration have in common."""
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
        "deploy.sh": script(application).encode(),
        "assume-role.json": _json(_TRUST),
    }
    for function in application.functions:
        made[f"{function.name}/code.zip"] = zip_of(function.files)
        basic = "service-role/AWSLambdaBasicExecutionRole"
        names = [basic, *managed_policies(function)]
        made[f"{function.name}/managed-policies.txt"] = "".join(f"{n}\n" for n in names).encode()
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
    for layer in layers_of(application):
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
            f"@{{{variable(one)}}}" if isinstance(one, Layer) else _text(one, application)
            for one in layers
        ]
    if function.environment:
        variables = {k: _text(text, application) for k, text in function.environment.items()}
        settings["Environment"] = {"Variables": variables}
    if function.dead_letters is not None:
        settings["DeadLetterConfig"] = {"TargetArn": _text(function.dead_letters, application)}
    return settings


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

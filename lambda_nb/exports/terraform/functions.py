"""Functions as Terraform's resources: function, role, layers, alias, URL."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Application, Function, Layer, Text
from lambda_nb.exports.shared import all_statements, managed_policies
from lambda_nb.exports.terraform.hcl import Block, Expression, data, resource
from lambda_nb.exports.terraform.urls import url
from lambda_nb.exports.terraform.values import Values

_PLAIN = {
    "Description": "description",
    "Timeout": "timeout",
    "MemorySize": "memory_size",
    "Architectures": "architectures",
}
_BLOCKS: dict[str, tuple[str, dict[str, str]]] = {
    "EphemeralStorage": ("ephemeral_storage", {"Size": "size"}),
    "TracingConfig": ("tracing_config", {"Mode": "mode"}),
    "SnapStart": ("snap_start", {"ApplyOn": "apply_on"}),
    "VpcConfig": (
        "vpc_config",
        {
            "SubnetIds": "subnet_ids",
            "SecurityGroupIds": "security_group_ids",
            "Ipv6AllowedForDualStack": "ipv6_allowed_for_dual_stack",
        },
    ),
    "LoggingConfig": (
        "logging_config",
        {
            "LogFormat": "log_format",
            "ApplicationLogLevel": "application_log_level",
            "SystemLogLevel": "system_log_level",
            "LogGroup": "log_group",
        },
    ),
}


def assume_role() -> Block:
    """What lets Lambda take the roles of functions."""
    document = data("aws_iam_policy_document", "assume_lambda")
    statement = Block(("statement",)).add(actions=["sts:AssumeRole"])
    statement.inside("principals", type="Service", identifiers=["lambda.amazonaws.com"])
    document.body.append(statement)
    return document


def function(one: Function, application: Application, values: Values) -> list[Block]:
    """All blocks of a function."""
    label = values.label(one.id)
    archive = f"build/{one.name}.zip"
    made = resource(
        "aws_lambda_function",
        label,
        function_name=one.name,
        role=Expression(f"aws_iam_role.{label}.arn"),
        runtime=one.runtime,
        handler=one.settings["Handler"],
        filename=_in_module(archive),
        source_code_hash=Expression(f"filebase64sha256({_in_module(archive)})"),
        layers=[_layer(layer, values) for layer in one.layers] or None,
        reserved_concurrent_executions=one.reserved,
        tags=one.tags or None,
        publish=True if one.alias or "SnapStart" in one.settings else None,
        **{new: one.settings[old] for old, new in _PLAIN.items() if old in one.settings},
    )
    for old, (name, names) in _BLOCKS.items():
        if old in one.settings:
            told = one.settings[old]
            made.inside(name, **{new: told[key] for key, new in names.items() if key in told})
    for mount in one.settings.get("FileSystemConfigs", ()):
        made.inside(
            "file_system_config", arn=mount["Arn"], local_mount_path=mount["LocalMountPath"]
        )
    if one.environment:
        variables = {name: values.of(text, one.id) for name, text in one.environment.items()}
        made.inside("environment", variables=variables)
    if one.dead_letters is not None:
        made.inside("dead_letter_config", target_arn=values.of(one.dead_letters, one.id))
    blocks = [made, *_role(one, application, values)]
    if _has_policy(one, application):
        made.add(depends_on=[Expression(f"aws_iam_role_policy.{label}")])
    return blocks + _beside(one, values)


def layer(one: Layer) -> Block:
    """A layer version."""
    archive = _in_module(f"build/layer-{one.name}.zip")
    return resource(
        "aws_lambda_layer_version",
        label_of_layer(one),
        layer_name=one.name,
        description=one.settings.get("Description"),
        filename=archive,
        source_code_hash=Expression(f"filebase64sha256({archive})"),
        compatible_runtimes=one.settings.get("CompatibleRuntimes"),
        compatible_architectures=one.settings.get("CompatibleArchitectures"),
        license_info=one.settings.get("LicenseInfo"),
    )


def label_of_layer(one: Layer) -> str:
    """The label of a layer."""
    from lambda_nb.exports.reading.identifiers import snake

    return snake(one.id)


def target(one: Function, values: Values) -> Expression:
    """The ARN that invokes a function: that of its alias, if it has one."""
    kind = "aws_lambda_alias" if one.alias else "aws_lambda_function"
    return Expression(f"{kind}.{values.label(one.id)}.arn")


def permission(one: Function, values: Values, label: str, service: str, source: Any) -> Block:
    """What lets a service invoke a function for one source."""
    name = values.label(one.id)
    return resource(
        "aws_lambda_permission",
        label,
        function_name=Expression(f"aws_lambda_function.{name}.function_name"),
        qualifier=Expression(f"aws_lambda_alias.{name}.name") if one.alias else None,
        action="lambda:InvokeFunction",
        principal=f"{service}.amazonaws.com",
        source_arn=source,
    )


def _in_module(path: str) -> Expression:
    return Expression(f'"${{path.module}}/{path}"')


def _layer(one: Text | Layer, values: Values) -> Any:
    if isinstance(one, Layer):
        return Expression(f"aws_lambda_layer_version.{label_of_layer(one)}.arn")
    return values.of(one)


def _has_policy(one: Function, application: Application) -> bool:
    return bool(all_statements(one, application))


def _role(one: Function, application: Application, values: Values) -> list[Block]:
    label = values.label(one.id)
    role = Expression(f"aws_iam_role.{label}.name")
    blocks = [
        resource(
            "aws_iam_role",
            label,
            name_prefix=f"{one.name[:36]}-",
            assume_role_policy=Expression("data.aws_iam_policy_document.assume_lambda.json"),
        )
    ]
    basic = "service-role/AWSLambdaBasicExecutionRole"
    for number, name in enumerate([basic, *managed_policies(one)]):
        arn = f'"arn:${{data.aws_partition.current.partition}}:iam::aws:policy/{name}"'
        own = label if number == 0 else f"{label}_{number}"
        blocks.append(
            resource("aws_iam_role_policy_attachment", own, role=role, policy_arn=Expression(arn))
        )
    statements = all_statements(one, application)
    if statements:
        document = data("aws_iam_policy_document", label)
        for statement in statements:
            allowed = [values.of(text, one.id) for text in statement.resources]
            document.inside("statement", actions=statement.actions, resources=allowed)
        json = Expression(f"data.aws_iam_policy_document.{label}.json")
        blocks += [document, resource("aws_iam_role_policy", label, role=role, policy=json)]
    return blocks


def _beside(one: Function, values: Values) -> list[Block]:
    """What a function has beside itself: alias, URL, its handling of asynchronous events."""
    label = values.label(one.id)
    name = Expression(f"aws_lambda_function.{label}.function_name")
    qualifier = Expression(f"aws_lambda_alias.{label}.name") if one.alias else None
    blocks = []
    if one.alias is not None:
        version = Expression(f"aws_lambda_function.{label}.version")
        blocks.append(
            resource(
                "aws_lambda_alias",
                label,
                name=one.alias.name,
                function_name=name,
                function_version=version,
            )
        )
        if one.alias.provisioned:
            blocks.append(
                resource(
                    "aws_lambda_provisioned_concurrency_config",
                    label,
                    function_name=name,
                    qualifier=qualifier,
                    provisioned_concurrent_executions=one.alias.provisioned,
                )
            )
    if one.url is not None:
        blocks += url(one, label, name, qualifier)
    if one.asynchronous:
        told = one.asynchronous
        config = resource(
            "aws_lambda_function_event_invoke_config",
            label,
            function_name=name,
            qualifier=qualifier,
            maximum_event_age_in_seconds=told.get("MaximumEventAgeInSeconds"),
            maximum_retry_attempts=told.get("MaximumRetryAttempts"),
        )
        destinations = Block(("destination_config",))
        for key, word in (("OnFailure", "on_failure"), ("OnSuccess", "on_success")):
            if key in told:
                destinations.inside(word, destination=values.of(told[key], one.id))
        if destinations.body:
            config.body.append(destinations)
            config.add(depends_on=[Expression(f"aws_iam_role_policy.{label}")])
        blocks.append(config)
    return blocks

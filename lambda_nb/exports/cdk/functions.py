"""Functions as constructs of the CDK."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.exports.cdk.source import Code, call, literal
from lambda_nb.exports.cdk.values import Values
from lambda_nb.exports.picture import Application, Function, Layer, Text
from lambda_nb.exports.shared import folder_of, managed_policies, only_ref

_OVERRIDDEN = ("VpcConfig", "FileSystemConfigs", "LoggingConfig", "SnapStart", "DurableConfig")
"""Settings that have no argument of the construct's with the same words."""


def function(one: Function, application: Application, values: Values) -> list[str]:
    """Statements that make a function and what is beside it."""
    told = one.settings
    source = f"build/{one.name}" if one.requirements else folder_of(one)
    variable = values.variable(one.id)
    storage = told.get("EphemeralStorage", {}).get("Size")
    variables = {name: values.of(text, one.id) for name, text in one.environment.items()}
    made = call(
        "lambda_.Function",
        Code("self"),
        one.id,
        function_name=one.name,
        runtime=runtime(one.runtime),
        handler=told["Handler"],
        code=call("lambda_.Code.from_asset", source),
        description=told.get("Description"),
        timeout=call("Duration.seconds", told["Timeout"]) if "Timeout" in told else None,
        memory_size=told.get("MemorySize"),
        architecture=_architecture(told),
        ephemeral_storage_size=call("Size.mebibytes", storage) if storage else None,
        tracing=Code("lambda_.Tracing.ACTIVE") if "TracingConfig" in told else None,
        reserved_concurrent_executions=one.reserved,
        layers=[_layer(layer, number, one, values) for number, layer in enumerate(one.layers)]
        or None,
        environment=variables or None,
        **_events(one, application, values),
    )
    lines = [f"{variable} = {made}"]
    for name in _OVERRIDDEN:
        if name in told:
            lines.append(
                f"{variable}.node.default_child.add_property_override"
                f"({literal(name)}, {literal(told[name])})"
            )
    for statement in one.statements:
        policy = call(
            "iam.PolicyStatement",
            actions=statement.actions,
            resources=[values.of(text, one.id) for text in statement.resources],
        )
        lines.append(call(f"{variable}.add_to_role_policy", policy))
    for name in managed_policies(one):
        policy = call("iam.ManagedPolicy.from_aws_managed_policy_name", name)
        lines.append(call(f"{variable}.role.add_managed_policy", policy))
    for key, value in one.tags.items():
        lines.append(call(f"Tags.of({variable}).add", key, value))
    return lines + _beside(one, values)


def layer(one: Layer, values: Values) -> str:
    """A statement that makes a layer version."""
    told = one.settings
    runtimes = [runtime(name) for name in told.get("CompatibleRuntimes", ())]
    made = call(
        "lambda_.LayerVersion",
        Code("self"),
        one.id,
        layer_version_name=one.name,
        description=told.get("Description"),
        code=call("lambda_.Code.from_asset", f"layers/{one.name}"),
        compatible_runtimes=runtimes or None,
        license=told.get("LicenseInfo"),
    )
    return f"{values.variable(one.id)} = {made}"


def target(one: Function, values: Values) -> Code:
    """The variable of what is invoked: the alias of a function that has one."""
    variable = values.variable(one.id)
    return Code(f"{variable}_alias") if one.alias else variable


def runtime(name: str) -> Code:
    """A runtime as the CDK names it.

    Examples
    --------
    >>> runtime("nodejs22.x"), runtime("provided.al2023")
    ('lambda_.Runtime.NODEJS_22_X', 'lambda_.Runtime.PROVIDED_AL2023')
    """
    words = re.sub(r"(?<=[a-z])(?=\d)", "_", name) if not name.startswith("provided") else name
    return Code(f"lambda_.Runtime.{words.replace('.', '_').upper()}")


def _architecture(told: dict[str, Any]) -> Code | None:
    if "Architectures" not in told:
        return None
    return Code(f"lambda_.Architecture.{told['Architectures'][0].upper()}")


def _layer(one: Text | Layer, number: int, function: Function, values: Values) -> Any:
    if isinstance(one, Layer):
        return values.variable(one.id)
    name = f"{function.id}Layer{number + 1}"
    of_arn = "lambda_.LayerVersion.from_layer_version_arn"
    return call(of_arn, Code("self"), name, values.of(one))


def _events(one: Function, application: Application, values: Values) -> dict[str, Any]:
    """The arguments that say what becomes of asynchronous events."""
    told = one.asynchronous
    age = told.get("MaximumEventAgeInSeconds")
    arguments: dict[str, Any] = {
        "retry_attempts": told.get("MaximumRetryAttempts"),
        "max_event_age": call("Duration.seconds", age) if age else None,
    }
    for key, name in (("OnFailure", "on_failure"), ("OnSuccess", "on_success")):
        if key in told:
            kind, to = place(told[key], f"{one.id}{key}", application, values)
            arguments[name] = call(f"destinations.{_DESTINATIONS[kind]}", to)
    if one.dead_letters is not None:
        kind, to = place(one.dead_letters, f"{one.id}DeadLetters", application, values)
        arguments["dead_letter_topic" if kind == "topic" else "dead_letter_queue"] = to
    return arguments


_DESTINATIONS = {
    "queue": "SqsDestination",
    "topic": "SnsDestination",
    "bus": "EventBridgeDestination",
    "function": "LambdaDestination",
    "bucket": "S3Destination",
}
_FROM_ARN = {
    "sqs": ("queue", "sqs.Queue.from_queue_arn"),
    "sns": ("topic", "sns.Topic.from_topic_arn"),
    "events": ("bus", "events.EventBus.from_event_bus_arn"),
    "lambda": ("function", "lambda_.Function.from_function_arn"),
}


def place(
    text: Text, identifier: str, application: Application, values: Values
) -> tuple[str, Code]:
    """The kind and the construct of where something is sent."""
    ref = only_ref(text)
    if ref is not None:
        resource = application.resources.get(ref.id)
        return ("function" if resource is None else resource.kind), values.variable(ref.id)
    plain = "".join(part for part in text.parts if isinstance(part, str))
    service = next((name for name in _FROM_ARN if f":{name}:" in plain), "sqs")
    kind, from_arn = _FROM_ARN[service]
    return kind, call(from_arn, Code("self"), identifier, values.of(text))


def _beside(one: Function, values: Values) -> list[str]:
    lines = []
    variable, to = values.variable(one.id), target(one, values)
    if one.alias is not None:
        amount = one.alias.provisioned or None
        alias = call(
            f"{variable}.add_alias", one.alias.name, provisioned_concurrent_executions=amount
        )
        lines.append(f"{to} = {alias}")
    if one.url is not None:
        lines += _url(one, values)
    arn = Code(f"{variable}.function_arn")
    return [*lines, call("CfnOutput", Code("self"), f"{one.id}Arn", value=arn)]


def _url(one: Function, values: Values) -> list[str]:
    assert one.url is not None
    told = one.url.get("Cors", {})
    cors = None
    if told:
        methods = [
            Code(f"lambda_.HttpMethod.{'ALL' if name == '*' else name}")
            for name in told.get("AllowMethods", ())
        ]
        age = told.get("MaxAge")
        cors = call(
            "lambda_.FunctionUrlCorsOptions",
            allow_credentials=told.get("AllowCredentials"),
            allowed_headers=told.get("AllowHeaders"),
            allowed_methods=methods or None,
            allowed_origins=told.get("AllowOrigins"),
            exposed_headers=told.get("ExposeHeaders"),
            max_age=call("Duration.seconds", age) if age else None,
        )
    kind = "NONE" if one.url["AuthType"] == "NONE" else "AWS_IAM"
    streams = one.url.get("InvokeMode") == "RESPONSE_STREAM"
    made = call(
        f"{target(one, values)}.add_function_url",
        auth_type=Code(f"lambda_.FunctionUrlAuthType.{kind}"),
        cors=cors,
        invoke_mode=Code("lambda_.InvokeMode.RESPONSE_STREAM") if streams else None,
    )
    variable = f"{values.variable(one.id)}_url"
    output = call("CfnOutput", Code("self"), f"{one.id}UrlAddress", value=Code(f"{variable}.url"))
    return [f"{variable} = {made}", output]

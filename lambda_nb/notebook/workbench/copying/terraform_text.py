"""As Terraform, for the AWS provider."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.notebook.workbench.copying.subject import Subject

Lines = list[str]

_PLAIN = {
    "Runtime": "runtime",
    "Handler": "handler",
    "Description": "description",
    "Timeout": "timeout",
    "MemorySize": "memory_size",
    "Architectures": "architectures",
    "KMSKeyArn": "kms_key_arn",
    "Layers": "layers",
}
_BLOCKS: dict[str, tuple[str, dict[str, str]]] = {
    "Environment": ("environment", {"Variables": "variables"}),
    "DeadLetterConfig": ("dead_letter_config", {"TargetArn": "target_arn"}),
    "EphemeralStorage": ("ephemeral_storage", {"Size": "size"}),
    "TracingConfig": ("tracing_config", {"Mode": "mode"}),
    "SnapStart": ("snap_start", {"ApplyOn": "apply_on"}),
    "VpcConfig": (
        "vpc_config",
        {"SubnetIds": "subnet_ids", "SecurityGroupIds": "security_group_ids"},
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
_FILE_SYSTEM = {"Arn": "arn", "LocalMountPath": "local_mount_path"}


def of_function(subject: Subject) -> str:
    """A resource that is the function as it is."""
    told = subject.parameters
    label = identifier(subject.name)
    attributes: list[tuple[str, Any]] = [
        ("function_name", subject.name),
        ("role", told["Role"]),
        *((terraform, told[aws]) for aws, terraform in _PLAIN.items() if aws in told),
    ]
    if subject.reserved is not None:
        attributes.append(("reserved_concurrent_executions", subject.reserved))
    if "Tags" in told:
        attributes.append(("tags", told["Tags"]))
    lines = [
        f"# {subject.archive}: {subject.about_archive}",
        f'resource "aws_lambda_function" "{label}" {{',
        *_aligned(
            [
                *attributes,
                ("filename", subject.archive),
                ("source_code_hash", _Expression(f'filebase64sha256("{subject.archive}")')),
            ]
        ),
    ]
    for aws, (block, names) in _BLOCKS.items():
        if aws in told:
            lines += _block(block, told[aws], names)
    for one in told.get("FileSystemConfigs", ()):
        lines += _block("file_system_config", one, _FILE_SYSTEM)
    return "\n".join([*lines, "}", ""])


def of_invocation(subject: Subject, payload: str) -> str:
    """A data source that invokes the function with a payload each time Terraform reads it."""
    label = identifier(subject.name)
    return "\n".join(
        [
            f'data "aws_lambda_invocation" "{label}" {{',
            *_aligned([("function_name", subject.name), ("input", payload)]),
            "}",
            "",
            f'output "{label}_result" {{',
            f"  value = data.aws_lambda_invocation.{label}.result",
            "}",
            "",
        ]
    )


class _Expression(str):
    """Text that is Terraform's own and not to be quoted."""

    __slots__ = ()


def _block(name: str, told: dict[str, Any], names: dict[str, str]) -> Lines:
    inside = [(terraform, told[aws]) for aws, terraform in names.items() if aws in told]
    return ["", f"  {name} {{", *(f"  {line}" for line in _aligned(inside)), "  }"]


def _aligned(attributes: list[tuple[str, Any]]) -> Lines:
    """Attributes as ``terraform fmt`` writes them: signs of equality below each other."""
    lines: Lines = []
    group: list[tuple[str, Lines]] = []

    def flush() -> None:
        width = max((len(name) for name, _ in group), default=0)
        for name, (first, *rest) in group:
            lines.extend([f"  {name:<{width}} = {first}", *(f"  {line}" for line in rest)])
        group.clear()

    for name, value in attributes:
        text = _value(value)
        if len(text) > 1 and group:  # fmt aligns a value of several lines by itself
            flush()
        group.append((name, text))
        if len(text) > 1:
            flush()
    flush()
    return lines


def _value(value: Any) -> Lines:
    if isinstance(value, _Expression):
        return [str(value)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, (int, float)):
        return [str(value)]
    if isinstance(value, list):
        return [f"[{', '.join(_value(one)[0] for one in value)}]"]
    if isinstance(value, dict):
        names = [key if re.fullmatch(r"[A-Za-z_][\w-]*", key) else quoted(key) for key in value]
        width = max(map(len, names), default=0)
        pairs = zip(names, value.values(), strict=True)
        return ["{", *(f"  {name:<{width}} = {_value(one)[0]}" for name, one in pairs), "}"]
    return [quoted(str(value))]


def quoted(text: str) -> str:
    r"""A string of Terraform's; what would be a template in it is escaped.

    Examples
    --------
    >>> print(quoted('a "b" ${c} %{d}'))
    "a \"b\" $${c} %%{d}"
    """
    plain = "".join(_ESCAPES.get(one) or _escape(one) for one in text)
    return '"' + plain.replace("${", "$${").replace("%{", "%%{") + '"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(one: str) -> str:
    return one if one.isprintable() or ord(one) > 0xFFFF else f"\\u{ord(one):04x}"


def identifier(name: str) -> str:
    """A name as a label of Terraform's.

    Examples
    --------
    >>> identifier("my-function"), identifier("2-fast")
    ('my-function', '_2-fast')
    """
    label = re.sub(r"[^\w-]", "_", name)
    return label if re.match(r"[A-Za-z_]", label) else f"_{label}"

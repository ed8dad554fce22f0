"""As Python with boto3."""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.workbench.copying.subject import Subject


def of_function(subject: Subject) -> str:
    """Python that creates the function as it is."""
    lines = [
        *_client(subject),
        "",
        f'with open("{subject.archive}", "rb") as archive:  # {subject.about_archive}',
        "    code = archive.read()",
        "",
        "client.create_function(",
        *_arguments(subject.parameters),
        '    Code={"ZipFile": code},',
        ")",
        f'client.get_waiter("function_active_v2").wait(FunctionName={subject.name!r})',
    ]
    if subject.reserved is not None:
        lines += [
            "client.put_function_concurrency(",
            f"    FunctionName={subject.name!r},",
            f"    ReservedConcurrentExecutions={subject.reserved},",
            ")",
        ]
    return "\n".join(lines) + "\n"


def of_invocation(subject: Subject, payload: str) -> str:
    """Python that invokes the function with a payload."""
    return "\n".join(
        [
            *_client(subject),
            "",
            "response = client.invoke(",
            f"    FunctionName={subject.name!r},",
            f"    Payload={_text(payload)}.encode(),",
            ")",
            'print(response.get("FunctionError", "success"), response["Payload"].read().decode())',
            "",
        ]
    )


def _client(subject: Subject) -> list[str]:
    arguments = ['"lambda"', f"region_name={subject.region!r}"]
    if subject.endpoint:
        arguments.append(f"endpoint_url={subject.endpoint!r}")
    lines = ["import boto3", ""]
    if subject.endpoint:
        lines.append(f"# {subject.about_credentials}")
    return [*lines, f"client = boto3.client({', '.join(arguments)})"]


def _arguments(parameters: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in parameters.items():
        first, *rest = pprint.pformat(value, width=80, sort_dicts=False).splitlines()
        indent = " " * (len(key) + 5)
        lines.append("\n".join([f"    {key}={first}", *(indent + line for line in rest)]) + ",")
    return lines


def _text(payload: str) -> str:
    """A literal of some text: over several lines if it has several."""
    plain = '"""' not in payload and not payload.endswith('"') and "\r" not in payload
    if "\n" in payload and plain:
        return f'r"""{payload}"""' if "\\" in payload else f'"""{payload}"""'
    return repr(payload)

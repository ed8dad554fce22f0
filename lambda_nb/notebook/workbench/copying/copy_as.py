"""The action ``copy_as``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.workbench.actions.describing import reserved
from lambda_nb.notebook.workbench.actions.recipes import create_parameters
from lambda_nb.notebook.workbench.actions.tools import Tools, json_payload
from lambda_nb.notebook.workbench.copying import python_text, shell_text, terraform_text
from lambda_nb.notebook.workbench.copying.subject import Subject
from lambda_nb.notebook.workbench.faults import Refusal

_FORMS: dict[str, Any] = {
    "boto3": python_text,
    "cli": shell_text,
    "terraform": terraform_text,
}


def copy_as(tools: Tools, args: Mapping[str, Any]) -> str:
    """``copy_as``: the function, or an invocation of it, as text to use elsewhere.

    Raises
    ------
    Refusal
        The form is unknown, the payload is no JSON, or the code is an image (its text would need
        more than a function).
    """
    form = _FORMS.get(str(args["form"]))
    if form is None:
        raise Refusal("UnknownForm", f"{args['form']!r} is none of {', '.join(_FORMS)}")
    name = str(args["name"])
    client, connection = tools.clients.client(), tools.clients.connection
    told = client.get_function(FunctionName=name)
    config = told["Configuration"]
    subject = Subject(
        create_parameters(told),
        reserved(client, name),
        client.meta.region_name,
        connection.url or "",
        config.get("CodeSha256", ""),
    )
    if args["what"] == "invoke":
        return str(form.of_invocation(subject, json_payload(args)))
    if config.get("PackageType") == "Image":
        raise Refusal(
            "ImageFunction", f"{name} runs a container image; copy it from its registry instead"
        )
    return str(form.of_function(subject))

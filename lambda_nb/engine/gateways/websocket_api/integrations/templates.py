"""Bodies of requests and answers where they do not pass as they are: mapping templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.engine.gateways.websocket_api.integrations.asked import Asked
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, Refused
from lambda_nb.engine.gateways.websocket_api.selection import selector
from lambda_nb.engine.gateways.websocket_api.stages import Integration, Stage

_DEFAULT = "$default"
_UNSUPPORTED = "Unsupported Media Type"


def request_body(integration: Integration, stage: Stage, asked: Asked) -> str:
    """What an integration gets as its body: the message, or what a template makes of it.

    Raises
    ------
    Refused
        No template is for this message and it may not pass as it is, or the template is wrong.
    """
    record = integration.record
    templates = record.get("RequestTemplates") or {}
    key = _selected(record.get("TemplateSelectionExpression"), asked.body or "")
    template = templates.get(key, templates.get(_DEFAULT))
    if template is None:
        behaviour = record.get("PassthroughBehavior")
        if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
            raise Refused(415, _UNSUPPORTED, f"no request template is called {key}")
        return asked.body or ""
    return _rendered(template, asked.body or "", stage, asked)


def answer_body(
    responses: Sequence[Mapping[str, Any]], value: str, body: str, stage: Stage, asked: Asked
) -> tuple[Mapping[str, Any] | None, str]:
    """The integration response that is meant, and the body that it makes of a backend's.

    Parameters
    ----------
    responses
        Of the integration.
    value
        What selects among them: a status, or the message of a function's error.

    Raises
    ------
    Refused
        A template is wrong.
    """
    chosen = chosen_response(responses, value)
    templates = (chosen or {}).get("ResponseTemplates") or {}
    if chosen is None or not templates:
        return chosen, body
    key = _selected(chosen.get("TemplateSelectionExpression"), body)
    template = templates.get(key, templates.get(_DEFAULT))
    return chosen, body if template is None else _rendered(template, body, stage, asked)


def chosen_response(responses: Sequence[Mapping[str, Any]], value: str) -> Mapping[str, Any] | None:
    """The integration response whose key (``/regular expression/``) a value matches; else the one
    called ``$default``, if there is one."""
    default = None
    for response in responses:
        key = response["IntegrationResponseKey"]
        if key == _DEFAULT:
            default = response
        elif re.fullmatch(key.strip("/"), value, re.DOTALL):
            return response
    return default


def _selected(expression: str | None, body: str) -> str:
    """The key of a template: a constant, or a value of the body."""
    if not expression:
        return _DEFAULT
    constant = expression.removeprefix("\\")
    if "request.body" not in constant and "response.body" not in constant:
        return constant
    of_body = re.sub(r"(integration\.)?(request|response)\.body", "request.body", constant)
    return selector(of_body)(body) or _DEFAULT


def _rendered(template: str, body: str, stage: Stage, asked: Asked) -> str:
    # Imported late: few integrations have templates.
    from lambda_nb.engine.gateways.mapping.json_path import JsonPathError
    from lambda_nb.engine.gateways.mapping.templates import Input, TemplateError, render

    parameters = {
        "path": {},
        "querystring": {name: values[-1] for name, values in asked.handshake.query.items()},
        "header": {name: values[-1] for name, values in asked.handshake.headers.items()},
    }
    try:
        return render(
            template,
            given=Input(body, parameters),
            context=asked.context,
            stage_variables=stage.variables,
        )
    except (TemplateError, JsonPathError) as error:
        raise Refused(500, SERVER_ERROR, f"a template cannot be rendered: {error}") from error

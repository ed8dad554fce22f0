"""Bodies of integrations' requests and of answers: templates, passthrough, binary content."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from lambda_nb.engine.gateways.mapping.templates import Input, render
from lambda_nb.engine.gateways.rest_api.binary import is_binary
from lambda_nb.engine.gateways.rest_api.event import several
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal

TO_TEXT, TO_BINARY = "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"


def request_body(exchange: Exchange) -> bytes:
    """What an integration gets as its body.

    Raises
    ------
    Refusal
        ``UNSUPPORTED_MEDIA_TYPE``: no template is for this content type, and the body may not pass
        as it is.
    TemplateError
        The template is wrong.
    """
    integration = exchange.method.integration
    assert integration is not None
    body = _converted(
        exchange.body,
        is_binary(exchange.content_type, exchange.deployed.binary),
        integration.content_handling,
    )
    template = integration.templates.get(exchange.content_type)
    if template is None:
        never = integration.passthrough == "NEVER"
        if never or (integration.passthrough == "WHEN_NO_TEMPLATES" and integration.templates):
            raise Refusal("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
    if not template:
        return body
    given = Input(body.decode("utf-8", "replace"), parameters(exchange))
    text = render(
        template,
        given=given,
        context=exchange.context(),
        stage_variables=exchange.stage_variables,
    )
    return text.encode("utf-8", "surrogatepass")


def answer_body(
    exchange: Exchange, templates: Mapping[str, str], body: bytes, media_type: str, handling: str
) -> tuple[bytes, str | None]:
    """What a caller gets as the body, and its content type if a template has made it.

    Parameters
    ----------
    templates
        By content type.
    body, media_type
        The backend's.
    handling
        The integration response's ``contentHandling``.
    """
    chosen = chosen_template(templates, exchange)
    if chosen is None or not templates[chosen]:
        binary = is_binary(media_type, exchange.deployed.binary)
        return _converted(body, binary, handling), chosen
    text = render(
        templates[chosen],
        given=Input(body.decode("utf-8", "replace"), parameters(exchange)),
        context=exchange.context(),
        stage_variables=exchange.stage_variables,
    )
    return _converted(text.encode("utf-8", "surrogatepass"), False, handling), chosen


def chosen_template(templates: Mapping[str, str], exchange: Exchange) -> str | None:
    """The content type of the template for a caller: what it accepts first, else JSON, else any."""
    if not templates:
        return None
    accepted = (exchange.header("accept") or "").partition(",")[0].partition(";")[0]
    for wanted in (accepted.strip().lower(), "application/json"):
        if wanted in templates:
            return wanted
    return next(iter(templates))


def parameters(exchange: Exchange) -> dict[str, dict[str, str]]:
    """A request's parameters as ``$input.params()`` gives them."""
    query = several(exchange.query_pairs)
    return {
        "path": exchange.path_parameters,
        "querystring": {name: values[-1] for name, values in query.items()},
        "header": dict(exchange.headers),
    }


def _converted(body: bytes, binary: bool, handling: str) -> bytes:
    """A body as ``contentHandling`` wants it: text of binary is base64."""
    if handling == TO_TEXT and binary:
        return base64.b64encode(body)
    if handling == TO_BINARY and not binary:
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise ValueError(f"the body is no base64: {error}") from error
    return body

"""Request validators: parameters that must be there, and bodies that must fit a model."""

from __future__ import annotations

from lambda_nb.engine.gateways.mapping import models
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal


async def validate(exchange: Exchange) -> None:
    """Check a request as its method's validator says.

    Raises
    ------
    Refusal
        ``BAD_REQUEST_PARAMETERS`` or ``BAD_REQUEST_BODY``.
    """
    method = exchange.method
    missing = [name for location, name in method.required if not exchange.parameter(location, name)]
    if missing:
        text = f"Missing required request parameters: [{', '.join(missing)}]"
        exchange.log.failed(text)
        raise Refusal("BAD_REQUEST_PARAMETERS", text)
    if not method.checks_body or not method.body_models:
        return
    model = method.body_models.get(exchange.content_type) or method.body_models.get("$default")
    if model is None:
        return
    await models.load()
    problems = exchange.deployed.models.problems(model, exchange.body)
    if problems:
        details = f"[{', '.join(problems)}]"
        exchange.log.failed(
            f"Request body does not match model schema for content type "
            f"{exchange.content_type}: {details}"
        )
        raise Refusal("BAD_REQUEST_BODY", "Invalid request body", details=details)

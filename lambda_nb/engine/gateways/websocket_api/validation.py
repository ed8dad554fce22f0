"""What a route asks of messages and handshakes: models of bodies, required parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lambda_nb.engine.gateways.mapping import models
from lambda_nb.engine.gateways.websocket_api.events import Handshake
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, Refused
from lambda_nb.engine.gateways.websocket_api.selection import selector
from lambda_nb.engine.gateways.websocket_api.stages import DEFAULT, Route, Stage

_INVALID = "Invalid request body"


async def check_body(stage: Stage, route: Route, text: str) -> None:
    """Refuse a message that the route's model does not allow.

    Raises
    ------
    Refused
        It is not allowed (400), or the model is wrong (500).
    """
    wanted = route.record.get("RequestModels")
    if not wanted:
        return
    expression = route.record.get("ModelSelectionExpression") or ""
    key = selector(expression)(text) if "request.body" in expression else None
    name = wanted.get(key or DEFAULT, wanted.get(DEFAULT))
    if name is None:
        return
    schemas = {
        str(model["Name"]): str(model.get("Schema") or "") for model in stage.served.models.values()
    }
    await models.load()
    try:
        problems = _models(tuple(sorted(schemas.items()))).problems(name, text.encode())
    except ValueError as error:
        raise Refused(500, SERVER_ERROR, str(error)) from error
    if problems:
        raise Refused(400, _INVALID, f"{_INVALID}: {', '.join(problems)}")


def check_parameters(route: Route, handshake: Handshake) -> None:
    """Refuse a handshake without the parameters that ``$connect`` requires.

    Raises
    ------
    Refused
        One is missing (400).
    """
    wanted: Mapping[str, Any] = route.record.get("RequestParameters") or {}
    missing = []
    for name, constraints in wanted.items():
        _, _, place = name.partition("route.request.")
        kind, _, short = place.partition(".")
        if not constraints.get("Required"):
            continue
        found = handshake.header(short) if kind == "header" else handshake.query.get(short)
        if not found:
            missing.append(short)
    if missing:
        raise Refused(400, f"Missing required request parameters: [{', '.join(missing)}]")


@lru_cache(128)
def _models(schemas: tuple[tuple[str, str], ...]) -> models.Models:
    return models.Models(dict(schemas))

"""API keys on ``$connect``: usage plans with their limits and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.configuration.rest.keys.metering import (
    Meter,
    QuotaExceeded,
    TooFast,
)
from lambda_nb.engine.gateways.shared.access_log import found_in
from lambda_nb.engine.gateways.websocket_api.events import Handshake
from lambda_nb.engine.gateways.websocket_api.refusals import FORBIDDEN, TOO_MANY, Refused
from lambda_nb.engine.gateways.websocket_api.stages import Stage

_LIMIT_EXCEEDED = "Limit Exceeded"
_OF_THE_AUTHORIZER = "usageIdentifierKey"


class ApiKeys:
    """Counts the connections of API keys.

    Parameters
    ----------
    configuration
        Has the keys, the plans, and how often keys were used.
    """

    def __init__(self, configuration: RestConfiguration) -> None:
        self._configuration = configuration
        self._meter = Meter(configuration.usage)

    def check(self, stage: Stage, handshake: Handshake, context: Mapping[str, Any]) -> None:
        """Let a client in that has a key, and count it.

        Raises
        ------
        Refused
            It has none (403), or has used it too often (429).
        """
        value = given_key(stage.served.api, handshake, context)
        key = self._configuration.api_keys().get(value or "")
        plan = None if key is None else self._plan(stage, key["id"])
        if key is None or plan is None or not key.get("enabled"):
            raise Refused(403, FORBIDDEN, "the API key is not one of a usage plan of this stage")
        try:
            self._meter.spend(plan, key["id"], plan.get("throttle"))
        except QuotaExceeded:
            raise Refused(429, _LIMIT_EXCEEDED) from None
        except TooFast:
            raise Refused(429, TOO_MANY) from None

    def _plan(self, stage: Stage, key_id: str) -> Mapping[str, Any] | None:
        for of_keys in self._configuration.usage_plans().values():
            plan: Mapping[str, Any] = of_keys.plan
            stages = {(one["apiId"], one["stage"]) for one in plan.get("apiStages") or ()}
            if key_id in of_keys.key_ids and (stage.api_id, stage.name) in stages:
                return plan
        return None


def given_key(
    api: Mapping[str, Any], handshake: Handshake, context: Mapping[str, Any]
) -> str | None:
    """The API key of a client: where the API's key selection expression says."""
    expression = str(api.get("ApiKeySelectionExpression") or "$request.header.x-api-key")
    where = expression.strip("${}")
    if where.startswith("request.header."):
        return handshake.header(where.removeprefix("request.header."))
    if where == f"context.authorizer.{_OF_THE_AUTHORIZER}":
        value = found_in(context, f"authorizer.{_OF_THE_AUTHORIZER}")
        return None if value is None else str(value)
    return None

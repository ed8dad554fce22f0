"""API keys on ``$connect``: usage plans with their limits and quotas."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.gateways.configuration.rest.account import THROTTLE
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.shared.access_log import found_in
from lambda_nb.engine.gateways.shared.token_bucket import TokenBucket
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
        self._buckets: dict[tuple[object, ...], TokenBucket] = {}

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
        quota = plan.get("quota")
        if quota is not None:
            used = self._configuration.usage.used(
                plan["id"], key["id"], quota["period"], quota.get("offset", 0), time.time()
            )
            if used >= quota["limit"]:
                raise Refused(429, _LIMIT_EXCEEDED)
        throttle = plan.get("throttle")
        if throttle:
            limits = {**THROTTLE, **throttle}
            rate, burst = limits["rateLimit"], limits["burstLimit"]
            name = (plan["id"], key["id"], rate, burst)
            bucket = self._buckets.setdefault(name, TokenBucket(rate, burst))
            if not bucket.take(time.monotonic()):
                raise Refused(429, TOO_MANY)
        today = datetime.now(timezone.utc).date()
        self._configuration.usage.record(plan["id"], key["id"], str(today))

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

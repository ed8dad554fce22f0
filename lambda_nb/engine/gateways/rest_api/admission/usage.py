"""How often callers may call: limits of stages and methods, API keys with their usage plans."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NoReturn

from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.configuration.rest.keys.metering import (
    Meter,
    QuotaExceeded,
    TooFast,
)
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.shared.token_bucket import TokenBuckets

_HEADER = "x-api-key"


class Usage:
    """Counts requests.

    Parameters
    ----------
    configuration
        Has the keys, the plans, and how often keys were used.
    """

    def __init__(self, configuration: RestConfiguration) -> None:
        self._configuration = configuration
        self._meter = Meter(configuration.usage)
        self._buckets = TokenBuckets()
        self._revision = -1
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._plans: dict[tuple[str, str, str], Mapping[str, Any]] = {}

    def check(self, exchange: Exchange) -> None:
        """Let a request through, and count it.

        Raises
        ------
        Refusal
            ``INVALID_API_KEY``, ``THROTTLED`` or ``QUOTA_EXCEEDED``.
        """
        method = exchange.method
        if method.needs_key:
            self._check_key(exchange)
        settings = method.settings
        if settings.rate >= 0:
            deployed = exchange.deployed
            name = (deployed.api_id, deployed.stage_name, settings.bucket)
            if not self._buckets.take(name, settings.rate, settings.burst, time.monotonic()):
                raise _throttled()

    def _check_key(self, exchange: Exchange) -> None:
        self._refresh()
        deployed = exchange.deployed
        from_header = deployed.key_source == "HEADER"
        value = exchange.header(_HEADER) if from_header else exchange.usage_key
        key = self._keys.get(value or "")
        where = f"{deployed.api_id}/{deployed.stage_name}"
        exchange.log.say(
            f"Verifying Usage Plan for request: {exchange.request_id}. API Key: "
            f"{_masked(value)} API Stage: {where}"
        )
        if key is None or not key.get("enabled"):
            _forbid(exchange, value, where)
        plan = self._plans.get((deployed.api_id, deployed.stage_name, key["id"]))
        if plan is None and where not in (key.get("stageKeys") or ()):
            _forbid(exchange, value, where)
        exchange.identity["apiKey"] = value
        exchange.identity["apiKeyId"] = key["id"]
        if plan is not None:
            self._check_plan(plan, key["id"], exchange)
        exchange.log.say(
            f"Usage Plan check succeeded for API Key {_masked(value)} and API Stage {where}"
        )

    def _check_plan(self, plan: Mapping[str, Any], key_id: str, exchange: Exchange) -> None:
        deployed, method = exchange.deployed, exchange.method
        of_method = f"{method.resource_path.rstrip('/')}/{method.configured_method}"
        throttle = plan.get("throttle")
        of: tuple[str, ...] = ()
        for stage in plan["apiStages"]:
            own = (stage.get("throttle") or {}).get(of_method)
            if own and (stage["apiId"], stage["stage"]) == (deployed.api_id, deployed.stage_name):
                throttle, of = own, (deployed.api_id, deployed.stage_name, of_method)
        try:
            self._meter.spend(plan, key_id, throttle, of)
        except QuotaExceeded:
            exchange.log.failed("API Key quota exceeded: Limit Exceeded")
            raise Refusal("QUOTA_EXCEEDED", "Limit Exceeded") from None
        except TooFast:
            raise _throttled() from None

    def _refresh(self) -> None:
        """Read keys and plans again if something has changed."""
        revision = self._configuration.revision
        if revision == self._revision:
            return
        self._keys = self._configuration.api_keys()
        self._plans = {
            (stage["apiId"], stage["stage"], key_id): of_keys.plan
            for of_keys in self._configuration.usage_plans().values()
            for stage in of_keys.plan["apiStages"]
            for key_id in of_keys.key_ids
        }
        self._revision = revision


def _throttled() -> Refusal:
    return Refusal("THROTTLED", "Too Many Requests")


def _forbid(exchange: Exchange, value: str | None, where: str) -> NoReturn:
    exchange.log.failed(f"API Key {_masked(value)} not authorized for API Stage {where}")
    raise Refusal("INVALID_API_KEY", "Forbidden")


def _masked(value: str | None) -> str:
    return "*" * max(0, len(value) - 6) + value[-6:] if value else ""

"""The cache of a stage: answers of integrations, kept for a while.

Rules: REST API guide, "Cache settings for REST APIs". Answers are kept in memory; the size of the
stage's cache does not matter here.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.mapping.parameters import source_values

LONGEST_ANSWER = 1_048_576
"""Bytes of the longest answer that is cached (REST API guide)."""

_MOST_KEPT = 4096
_MOST_BYTES = 64 << 20
_WARNING: Header = (b"Warning", b"199 Cache-Control headers were ignored because the caller was "
                    b"unauthorized.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kept:
    until_s: float
    reply: Reply


class ResponseCache:
    """The caches of all stages of a Region.

    Parameters
    ----------
    flushes
        How often a stage of an API was to forget other things, and what it cached.
    """

    def __init__(self, flushes: Callable[[str, str], tuple[int, int]]) -> None:
        self._flushes = flushes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0

    def key(self, exchange: Exchange) -> Hashable | None:
        """Under what the answer to a request is kept; ``None`` if it is not cached."""
        deployed, method = exchange.deployed, exchange.method
        settings, integration = method.settings, method.integration
        if not settings.caches or integration is None or integration.streams:
            return None
        values = tuple(tuple(source_values(source, exchange)) for source in integration.cache_keys)
        flushes = self._flushes(deployed.api_id, deployed.stage_name)[1]
        return (
            deployed.api_id,
            deployed.stage_name,
            deployed.cache,
            flushes,
            integration.cache_namespace or method.resource_id,
            exchange.http_method,
            values,
        )

    def find(self, key: Hashable, exchange: Exchange) -> tuple[Reply | None, list[Header]]:
        """The answer that is kept, and headers to add to it or to a fresh one.

        Raises
        ------
        Refusal
            The caller may not ask for a fresh answer, and the method's settings say to refuse it.
        """
        headers: list[Header] = []
        if "max-age=0" in (exchange.header("cache-control") or "").replace(" ", ""):
            settings = exchange.method.settings
            if not settings.asks_for_fresh or exchange.identity.get("userArn"):
                self._forget(key)
                return None, headers
            if settings.otherwise == "FAIL_WITH_403":
                raise Refusal("ACCESS_DENIED", "User is not authorized to invalidate the cache")
            if settings.otherwise == "SUCCEED_WITH_RESPONSE_HEADER":
                headers.append(_WARNING)
        kept = self._kept.get(key)
        if kept is None or time.monotonic() >= kept.until_s:
            return None, headers
        self._kept.move_to_end(key)
        exchange.log.say("Response found in the cache")
        return replace(kept.reply, headers=list(kept.reply.headers)), headers

    def keep(self, key: Hashable, reply: Reply, exchange: Exchange) -> None:
        """Keep an answer, if it is one that is cached."""
        if reply.status != 200 or len(reply.body) > LONGEST_ANSWER:
            return
        until_s = time.monotonic() + exchange.method.settings.cache_ttl_s
        self._forget(key)
        self._kept[key] = _Kept(until_s, replace(reply, headers=list(reply.headers)))
        self._bytes += len(reply.body)
        while len(self._kept) > _MOST_KEPT or self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.reply.body)

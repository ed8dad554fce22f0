"""The rules of a Region as the service keeps them, compiled; read again when they have changed."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lambda_nb.engine import service_model
from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable
from lambda_nb.engine.iot.rules.log_entries import Levels, levels_of
from lambda_nb.engine.iot.rules.rule import Rule, SqlError, compiled
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.iot.topic_filters import TopicTree

log = logging.getLogger(__name__)

_TIMEOUT_S = 30.0
_TRIES = 5
_AT_ONCE = 8


class ConfigurationError(RuntimeError):
    """The rules cannot be read now."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A topic rule destination: where HTTP actions may send to once it is confirmed."""

    arn: str
    url: str
    status: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was kept at one moment.

    Attributes
    ----------
    by_topic : TopicTree of Rule
        Enabled rules by their topic filters.
    by_name : mapping
        Enabled rules by name.
    destinations : sequence of Destination
        Of HTTP actions.
    levels : Levels
        What is logged.
    """

    by_topic: TopicTree[Rule]
    by_name: Mapping[str, Rule]
    destinations: Sequence[Destination]
    levels: Levels

    def destination(self, url: str, confirmation_url: str | None) -> str:
        """The enabled destination that lets an HTTP action through; empty if none does."""
        for one in self.destinations:
            wanted = confirmation_url in (None, "", one.url) and url.startswith(one.url)
            if wanted and one.status == "ENABLED":
                return one.arn
        return ""


class Configuration:
    """Reads rules, destinations and logging options, once for each revision.

    Parameters
    ----------
    surroundings
        The engine.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._revision: tuple[int, int] | None = None
        self._loaded: Loaded | None = None
        self._reading: asyncio.Task[Loaded] | None = None
        self._described: dict[str, tuple[str, Rule | None]] = {}

    def now(self) -> Loaded | None:
        """What is kept, if it is known; ``None`` if it must be read."""
        revision = self._surroundings.changes.revision(self._surroundings.region)
        return self._loaded if revision == self._revision else None

    async def current(self) -> Loaded:
        """What is kept.

        Raises
        ------
        ConfigurationError
            It cannot be read.
        """
        while True:
            found = self.now()
            if found is not None:
                return found
            if self._reading is None or self._reading.done():
                self._reading = asyncio.ensure_future(self._read())
            await asyncio.shield(self._reading)

    async def _read(self) -> Loaded:
        for left in reversed(range(_TRIES)):
            revision = self._surroundings.changes.revision(self._surroundings.region)
            try:
                self._loaded = await self._load()
            except (Unreachable, TooSlow, _RefusedError) as error:
                if not left:
                    raise ConfigurationError(f"topic rules cannot be read: {error}") from error
                log.info("topic rules cannot be read yet: %s", error)  # the port opens last
                await asyncio.sleep(0.1 * 2 ** (_TRIES - left))
            else:
                self._revision = revision
                break
        assert self._loaded is not None
        return self._loaded

    async def _load(self) -> Loaded:
        rules, destinations, options, targets = await asyncio.gather(
            self._rules(),
            self._destinations(),
            self._get("/v2LoggingOptions", missing={}),
            self._get("/v2LoggingLevel", missing={}),
        )
        by_topic: TopicTree[Rule] = TopicTree()
        for rule in rules:
            if rule.query.topic_filter:
                by_topic.add(rule.query.topic_filter, rule)
        await asyncio.to_thread(_warm, rules)
        by_name = {rule.name: rule for rule in rules}
        return Loaded(by_topic, by_name, destinations, levels_of(options, targets))

    async def _rules(self) -> list[Rule]:
        names = [
            rule["ruleName"]
            async for rule in self._all("/rules", "rules")
            if not rule.get("ruleDisabled")
        ]
        gate = asyncio.Semaphore(_AT_ONCE)

        async def get(name: str) -> Rule | None:
            async with gate:
                return await self._rule(name)

        found = await asyncio.gather(*(get(name) for name in names))
        self._described = {name: self._described[name] for name in names if name in self._described}
        return [rule for rule in found if rule is not None]

    async def _destinations(self) -> list[Destination]:
        return [
            Destination(one["arn"], one["httpUrlSummary"]["confirmationUrl"], one["status"])
            async for one in self._all("/destinations", "destinationSummaries")
            if one.get("httpUrlSummary")
        ]

    async def _rule(self, name: str) -> Rule | None:
        """A rule, compiled anew only if it has changed; ``None`` if it cannot work or is gone."""
        described = await self._get(f"/rules/{quote(name)}", missing=None)
        if described is None or described["rule"].get("ruleDisabled"):
            return None
        text = json.dumps(described, sort_keys=True)
        known = self._described.get(name)
        if known is not None and known[0] == text:
            return known[1]
        try:
            rule = await asyncio.to_thread(compiled, described)
        except (SqlError, ValueError) as error:
            log.warning("topic rule %s does not run: %s", name, error)
            rule = None
        self._described[name] = (text, rule)
        return rule

    async def _all(self, target: str, member: str) -> AsyncIterator[Any]:
        token: str | None = None
        while True:
            more = f"&nextToken={quote(token, safe='')}" if token else ""
            page = await self._get(f"{target}?maxResults=100{more}", missing={})
            for one in page.get(member) or ():
                yield one
            token = page.get("nextToken")
            if not token:
                return

    async def _get(self, target: str, missing: Any) -> Any:
        answer = await self._surroundings.upstream.call_service(
            "iot", self._surroundings.region, "GET", target, {}, b"", _TIMEOUT_S
        )
        if answer.status < 300:
            return json.loads(answer.body)
        if answer.status < 500:  # gone meanwhile, or nothing was ever configured
            return missing
        said = answer.body[:200].decode("utf-8", "replace")
        raise _RefusedError(f"{target} answered {answer.status}: {said}")


class _RefusedError(RuntimeError):
    """The service is in trouble."""


def _warm(rules: Sequence[Rule]) -> None:
    """Load what the first message of each rule would wait for."""
    for rule in rules:
        for action in (*rule.actions, *([rule.error_action] if rule.error_action else ())):
            if action.kind.service:
                service_model.model(action.kind.service)

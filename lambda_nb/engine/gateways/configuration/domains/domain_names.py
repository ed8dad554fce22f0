"""Custom domain names of a Region, assembled from their parts, and what answers at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.configuration.domains import kept
from lambda_nb.engine.gateways.configuration.domains.access_associations import (
    AccessAssociations,
)
from lambda_nb.engine.gateways.configuration.domains.mappings import Mappings
from lambda_nb.engine.gateways.configuration.domains.names_v1 import NamesV1
from lambda_nb.engine.gateways.configuration.domains.names_v2 import NamesV2
from lambda_nb.engine.gateways.configuration.domains.rest_vpc_links import RestVpcLinks
from lambda_nb.engine.gateways.configuration.domains.routing_rules import RoutingRules
from lambda_nb.engine.gateways.configuration.domains.tagged import DomainTags
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Operation

_MOST_REMEMBERED = 1024


class DomainNames:
    """Custom domain names of one Region.

    Parameters
    ----------
    store
        Keeps them.
    surroundings
        Where they are.
    rest_stage
        Whether there is a REST API with an id and a stage; with an empty name, any stage.

    Attributes
    ----------
    tagged : DomainTags
        Their tags, for ``apigateway``.
    """

    def __init__(
        self,
        store: Store,
        surroundings: Surroundings,
        rest_stage: Callable[[str, str], bool],
    ) -> None:
        self._store = store
        account, region = surroundings.account, surroundings.region
        self.tagged = DomainTags(store)
        self._mappings = Mappings(store, rest_stage)
        self._v1 = (
            NamesV1(store, account, region),
            RestVpcLinks(store),
            AccessAssociations(store, region, account),
        )
        self._v2 = (
            NamesV2(store, region),
            RoutingRules(store, region, account, rest_stage),
        )
        self._tables: dict[str, _Table] = {}
        store.watch(self._tables.clear)

    def operations_v1(self) -> dict[str, Operation]:
        """Handlers of ``apigateway`` by operation name."""
        parts = [part.operations() for part in self._v1]
        return _together([*parts, self._mappings.operations_v1()])

    def operations_v2(self) -> dict[str, Operation]:
        """Handlers of ``apigatewayv2`` by operation name."""
        parts = [part.operations() for part in self._v2]
        return _together([*parts, self._mappings.operations_v2()])

    def has(self, host: str) -> bool:
        """Whether there is a custom domain name for a host, without a port."""
        return self._table(host) is not None

    def route(
        self, host: str, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[str, str, str] | None:
        """The API that answers at a path of a host.

        Parameters
        ----------
        host
            Without a port.
        path
            Of the request, as it came, with a slash first.
        headers
            By name in lower case; only routing rules look at them.

        Returns
        -------
        tuple of str or None
            The API's id, its stage, and the path without its base path; ``None`` if no API
            answers there.
        """
        table = self._table(host)
        return None if table is None else table.find(path, headers or {})

    def _table(self, host: str) -> _Table | None:
        name = host.lower().rstrip(".")
        if name not in self._tables:
            domain = self._store.get(kept.DOMAIN, "", name)
            if domain is None:
                domain = self._store.get(kept.DOMAIN, "", "*." + name.partition(".")[2])
            if domain is None:
                return None
            if len(self._tables) >= _MOST_REMEMBERED:  # a wildcard has any number of hosts
                self._tables.clear()
            self._tables[name] = self._compiled(domain["DomainName"], domain["RoutingMode"])
        return self._tables[name]

    def _compiled(self, name: str, mode: str) -> _Table:
        bases: list[_Base] = []
        if mode != "ROUTING_RULE_ONLY":
            bases = [
                _Base(
                    f"/{mapping['ApiMappingKey']}".rstrip("/"), mapping["ApiId"], mapping["Stage"]
                )
                for mapping in kept.mappings(self._store, name)
            ]
            bases.sort(key=lambda base: -len(base.path))
        rules: list[_Rule] = []
        if mode != "API_MAPPING_ONLY":
            kept_rules = self._store.children(kept.RULE, name).values()
            rules = [
                _rule(rule) for rule in sorted(kept_rules, key=lambda rule: int(rule["Priority"]))
            ]
        return _Table(bases, rules)


@dataclass(frozen=True, slots=True)
class _Base:
    """A base path, without a slash at its end; an empty stage stands in the path."""

    path: str
    api_id: str
    stage: str

    def find(self, path: str) -> tuple[str, str, str] | None:
        rest = _below(self.path, path)
        if rest is None or self.stage:
            return None if rest is None else (self.api_id, self.stage, rest)
        stage, slash, rest = rest[1:].partition("/")
        return (self.api_id, stage, slash + rest or "/") if stage else None


@dataclass(frozen=True, slots=True)
class _Rule:
    """A routing rule: ``None`` for base paths fits every path; all header conditions must hold."""

    bases: tuple[str, ...] | None
    headers: tuple[tuple[tuple[str, re.Pattern[str]], ...], ...]
    api_id: str
    stage: str
    strip: bool

    def find(self, path: str, headers: Mapping[str, str]) -> tuple[str, str, str] | None:
        rest: str | None = path
        if self.bases is not None:
            rests = (_below(base, path) for base in self.bases)
            rest = next((found for found in rests if found is not None), None)
        if rest is None:
            return None
        for condition in self.headers:
            if not any(glob.fullmatch(headers.get(name, "")) for name, glob in condition):
                return None
        return self.api_id, self.stage, rest if self.strip else path


@dataclass(frozen=True, slots=True)
class _Table:
    """What answers at one domain name: rules by priority, then base paths, the longest first."""

    bases: list[_Base]
    rules: list[_Rule]

    def find(self, path: str, headers: Mapping[str, str]) -> tuple[str, str, str] | None:
        for rule in self.rules:
            found = rule.find(path, headers)
            if found is not None:
                return found
        for base in self.bases:
            found = base.find(path)
            if found is not None:
                return found
        return None


def _below(base: str, path: str) -> str | None:
    """What stands below a base path, with a slash first; ``None`` if the path is elsewhere."""
    if path == base or path.startswith(base + "/"):
        return path[len(base) :] or "/"
    return None


def _rule(rule: Mapping[str, Any]) -> _Rule:
    bases: tuple[str, ...] | None = None
    headers: list[tuple[tuple[str, re.Pattern[str]], ...]] = []
    for condition in rule["Conditions"]:
        if "MatchBasePaths" in condition:
            paths = sorted(condition["MatchBasePaths"]["AnyOf"], key=len, reverse=True)
            bases = tuple(f"/{path}" for path in paths)
        if "MatchHeaders" in condition:
            headers.append(
                tuple(
                    (each["Header"].lower(), _glob(each["ValueGlob"]))
                    for each in condition["MatchHeaders"]["AnyOf"]
                )
            )
    action = rule["Actions"][0]["InvokeApi"]
    strip = bool(action.get("StripBasePath"))
    return _Rule(bases, tuple(headers), action["ApiId"], action["Stage"], strip)


def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"), re.DOTALL)


def _together(operations: list[dict[str, Operation]]) -> dict[str, Operation]:
    return {name: handler for part in operations for name, handler in part.items()}

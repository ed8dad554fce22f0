"""The names that distributions answer at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from lambda_nb.engine.api.admission.host_names import host_name
from lambda_nb.engine.edge.configuration.reading import items

_OURS = re.compile(r"([a-z0-9]+)\.cloudfront\.(?:localhost(?:\.localstack\.cloud)?|net)")
_CNAME = re.compile(rb"<CNAME>\s*([^<\s]+)\s*</CNAME>")


class Aliases:
    """Alternate domain names; one may begin with ``*.``, for any name that ends with the rest."""

    def __init__(self) -> None:
        self._exact: dict[str, str] = {}
        self._ends: dict[str, str] = {}

    def add(self, alias: str, identifier: str) -> None:
        """Put in one more; the first distribution that has a name keeps it."""
        name = alias.lower()
        if name.startswith("*."):
            self._ends.setdefault(name[2:], identifier)
        else:
            self._exact.setdefault(name, identifier)

    def of(self, name: str) -> str | None:
        """The id for a name in lower case: of the name itself, else of the longest wildcard."""
        found = self._exact.get(name)
        while found is None and self._ends and "." in name:
            name = name.partition(".")[2]
            found = self._ends.get(name)
        return found


class Names:
    """Which distribution a name means.

    Parameters
    ----------
    distributions
        As ListDistributions shows them.
    """

    def __init__(self, distributions: Iterable[dict[str, Any]] = ()) -> None:
        self._ids: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._domains: dict[str, str] = {}
        self._aliases = Aliases()
        self._staging: set[str] = set()
        # What is enabled comes first: a disabled distribution may have kept another's alias.
        for told in sorted(distributions, key=lambda one: not one.get("Enabled", True)):
            self._add(told)

    def _add(self, told: dict[str, Any]) -> None:
        identifier = told["Id"]
        domain = told["DomainName"].lower()
        self._ids[identifier.lower()] = identifier
        self._labels[identifier.lower()] = identifier
        self._domains[domain] = identifier
        name = host_name(domain)
        if not name.replace(".", "").isdigit():  # several may share an address
            self._domains[name] = identifier
        if found := _OURS.fullmatch(name):
            self._labels[found[1]] = identifier
        if told.get("Staging"):
            self._staging.add(identifier)
            return
        for alias in items(told.get("Aliases")):
            self._aliases.add(alias, identifier)

    def ids(self) -> list[str]:
        """The ids of all."""
        return list(self._ids.values())

    def of_id(self, identifier: str) -> str | None:
        """The id, as it is spelt, of the distribution with an id in any case."""
        return self._ids.get(identifier.lower())

    def of_domain(self, domain: str) -> str | None:
        """The id of the distribution with a domain name, perhaps with a port at its end."""
        name = host_name(domain)
        found = self._domains.get(domain.lower()) or self._domains.get(name)
        if found is None:
            ours = _OURS.fullmatch(name)
            found = self._labels.get(ours[1] if ours else name)
        return found

    def of_host(self, host: str) -> str | None:
        """The id of the distribution for a Host; a staging distribution has none."""
        found = self.of_domain(host) or self._aliases.of(host_name(host))
        return None if found in self._staging else found

    def has_alias(self, name: str) -> bool:
        """Whether a name, in lower case, is an alternate domain name."""
        return self._aliases.of(name) is not None


def aliases_in(document: bytes) -> list[str]:
    """The alternate domain names in a ``DistributionConfig``, an XML document."""
    return [found.decode("utf-8", "replace") for found in _CNAME.findall(document)]

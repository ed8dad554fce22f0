"""The distributions of the account, each read when a request first needs it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.api.admission.host_names import host_name
from lambda_nb.engine.edge.configuration.distributions import distribution
from lambda_nb.engine.edge.configuration.names import Aliases, Names, aliases_in
from lambda_nb.engine.edge.configuration.reading import Reader
from lambda_nb.engine.edge.settings import Distribution
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.machine.call_threads import in_call_thread

log = logging.getLogger(__name__)

_MOST_REMEMBERED = 4096


class Configuration:
    """The distributions of the account.

    CloudFront is global: there is one of these, and a change counts whatever Region it was signed
    for.

    Parameters
    ----------
    client
        Makes boto3's client of a service.
    revision
        Differs from what it was before if something may have changed in CloudFront. Asked at each
        request, so it has to be quick.
    """

    def __init__(
        self, client: Callable[[str], Awaitable[Any]], revision: Callable[[], object]
    ) -> None:
        self._client = client
        self._now = revision
        self._revision: object = object()  # unlike any other
        self._reading = asyncio.Lock()
        self._renewing: asyncio.Future[None] | None = None
        self._reader: Reader | None = None
        self._names = Names()
        self._told = Aliases()
        self._compiled: dict[str, Distribution] = {}
        self._hosts: dict[str, Distribution | None] = {}
        self._said: set[tuple[str, str]] = set()

    async def of_host(self, host: str) -> Distribution | None:
        """The distribution that answers at a name.

        Parameters
        ----------
        host
            ``ID.cloudfront.localhost``, the domain name that CloudFront states, an alternate domain
            name, each perhaps with a port; or just the id. A staging distribution is never found:
            viewers reach it only through its primary distribution.

        Raises
        ------
        AWSError
            ``ServiceUnavailable`` (503) if CloudFront does not answer.
        """
        if self._revision == self._now() and host in self._hosts:
            return self._hosts[host]
        async with self._reading:
            await self._renew()
            identifier = self._names.of_host(host)
            found = None if identifier is None else await self._distribution(identifier)
            if len(self._hosts) >= _MOST_REMEMBERED:
                self._hosts.clear()
            self._hosts[host] = found
            return found

    def known(self, host: str) -> Distribution | None:
        """What :meth:`of_host` returns, if nothing has to be read for that; else ``None``."""
        return self._hosts.get(host) if self._revision == self._now() else None

    async def of_id(self, identifier: str) -> Distribution | None:
        """The distribution with an id, in any case; a staging distribution too.

        Raises
        ------
        AWSError
            As :meth:`of_host` does.
        """
        if self._revision == self._now() and identifier in self._compiled:
            return self._compiled[identifier]
        async with self._reading:
            await self._renew()
            spelt = self._names.of_id(identifier)
            return None if spelt is None else await self._distribution(spelt)

    async def all(self) -> list[Distribution]:
        """Every distribution.

        Raises
        ------
        AWSError
            As :meth:`of_host` does.
        """
        async with self._reading:
            await self._renew()
            return [await self._distribution(identifier) for identifier in self._names.ids()]

    def has_alias(self, name: str) -> bool:
        """Whether a name is an alternate domain name, by what has been read and told."""
        name = host_name(name)
        return self._names.has_alias(name) or self._told.of(name) is not None

    def changed(self, document: bytes = b"") -> None:
        """Something changed, or may have before: read the names again in the background.

        Parameters
        ----------
        document
            The body of the call that changed it: the aliases in it are known from now on.
        """
        for alias in aliases_in(document):
            self._told.add(alias, alias)
        if self._renewing is None:
            self._renewing = asyncio.ensure_future(self._keep_up())

    async def renewed(self) -> None:
        """Wait until what :meth:`changed` began is over."""
        if self._renewing is not None:
            await asyncio.wait([self._renewing])

    async def close(self) -> None:
        """Stop reading."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})

    async def _keep_up(self) -> None:
        try:
            while self._revision != self._now():
                async with self._reading:
                    await self._renew()
        except AWSError as error:  # the next request reads again, and says so
            log.debug("%s", error.message)
        finally:
            self._renewing = None

    async def _renew(self) -> None:
        """Read the names if something has changed; the distributions are read when needed."""
        revision = self._now()
        if self._revision == revision:
            return
        reader = Reader(await self._client("cloudfront"))
        self._names = Names(await in_call_thread(reader.distributions))
        self._reader = reader
        self._compiled.clear()
        self._hosts.clear()
        if self._now() == revision:  # else the names told meanwhile are not among those read
            self._told = Aliases()
        self._revision = revision

    async def _distribution(self, identifier: str) -> Distribution:
        found = self._compiled.get(identifier)
        if found is None:
            assert self._reader is not None
            sentences: list[str] = []
            found = await in_call_thread(
                distribution, self._reader, identifier, self._names.of_domain, sentences.append
            )
            self._compiled[identifier] = found
            self._say(identifier, sentences)
        return found

    def _say(self, identifier: str, sentences: list[str]) -> None:
        """Log once what is accepted and does nothing here."""
        for sentence in sentences:
            if (identifier, sentence) not in self._said:
                self._said.add((identifier, sentence))
                log.warning("distribution %s: %s", identifier, sentence)

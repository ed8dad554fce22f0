"""Websites: ``http://BUCKET.s3-website.localhost:PORT/`` answers with the bucket's objects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import unquote

from lambda_nb.engine.api.neighbours.bucket_cors import BucketCors, allowed
from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.addresses import WEBSITE, Address, Addresses
from lambda_nb.engine.gateways.website import error_pages, redirects
from lambda_nb.engine.gateways.website.bucket import Content, Site
from lambda_nb.engine.gateways.website.error_pages import SiteError

log = logging.getLogger(__name__)

_CHUNK = 1 << 18
_RELAYED = (
    *("accept-ranges", "cache-control", "content-", "etag", "expires", "last-modified"),
    *("x-amz-error-", "x-amz-meta-", "x-amz-version-id"),
)


class WebsiteDoor:
    """The door of all websites.

    Parameters
    ----------
    addresses
        Finds what requests are for.
    connect
        Returns boto3 clients, whose calls block.
    bucket_cors
        Answers the preflights of browsers.
    """

    def __init__(
        self,
        addresses: Addresses,
        connect: Callable[[str], Awaitable[Any]],
        bucket_cors: BucketCors,
    ) -> None:
        self._addresses = addresses
        self._connect = connect
        self._bucket_cors = bucket_cors

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is for a website."""
        at = self._addresses.of(request)
        return at is not None and at.kind == WEBSITE

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        at = self._addresses.of(request)
        assert at is not None
        if request.is_preflight:
            await (await self._bucket_cors.of_bucket(at.identifier, request)).send(send)
            return
        if request.method not in ("GET", "HEAD"):
            refused = error_pages.method_not_allowed(request.method)
            await error_pages.page(refused, request_id).send(send)
            return
        visit = _Visit(await self._connect("s3"), at, request, request_id)
        answer = await asyncio.to_thread(visit.answer)
        if isinstance(answer, Reply):
            await answer.send(send)
        else:
            await _stream(answer, visit.cors, request_id, send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What a browser gets for an error."""
        return error_pages.page(SiteError(error.status, error.code, error.message), request_id)


class _Visit:
    """One request to a website; its methods block."""

    def __init__(self, client: Any, at: Address, request: HttpRequest, request_id: str) -> None:
        self._client = client
        self._at = at
        self._request = request
        self._request_id = request_id
        self._key = unquote(at.path[1:])
        self.cors: list[Header] = []

    def answer(self) -> Reply | Content:
        from botocore.exceptions import BotoCoreError

        try:
            site = Site.of(self._client, self._at.identifier)
            self.cors = self._cors(site)
            return self._of(site)
        except SiteError as error:
            return error_pages.page(error, self._request_id)
        except BotoCoreError as error:
            log.warning("website %s: %s", self._at.identifier, error)
            unavailable = SiteError(503, "ServiceUnavailable", "Please try again.")
            return error_pages.page(unavailable, self._request_id)

    def _of(self, site: Site) -> Reply | Content:
        configuration = site.configuration
        if everything := configuration.get("RedirectAllRequestsTo"):
            query = self._request.query
            target = f"{self._at.path}?{query}" if query else self._at.path
            return self._redirect(redirects.of_all(everything, target))
        rules = configuration.get("RoutingRules", [])
        host = self._request.headers.get("host", "")
        redirect = redirects.of_rules(rules, self._key, host)
        if redirect is not None:
            return self._redirect(redirect)
        try:
            return self._content(site)
        except SiteError as error:
            redirect = redirects.of_rules(rules, self._key, host, error.status)
            if redirect is not None:
                return self._redirect(redirect)
            return self._error(site, error)

    def _content(self, site: Site) -> Reply | Content:
        suffix = site.configuration.get("IndexDocument", {}).get("Suffix", "")
        key = self._key
        if not key or key.endswith("/"):
            key += suffix
        try:
            content = self._read(site, key, self._request.headers)
        except SiteError as error:
            if error.code == "NoSuchKey" and key == self._key and site.has(f"{key}/{suffix}"):
                return self._redirect(redirects.to_directory(self._at.path))
            raise
        if content.redirect is not None:
            if content.rest is not None:
                content.rest.close()
            return self._redirect(redirects.of_object(content.redirect))
        return content

    def _error(self, site: Site, error: SiteError) -> Reply | Content:
        """The website's own document for an error, or S3's page."""
        document = site.configuration.get("ErrorDocument", {}).get("Key")
        if document is None or not 400 <= error.status < 500:
            return error_pages.page(error, self._request_id)
        try:
            content = self._read(site, document, {})
        except SiteError as missing:
            return error_pages.page(error, self._request_id, missing)
        content.status = error.status
        for name, value in error_pages.headers(error, self._request_id):
            content.headers[name.decode()] = value.decode()
        return content

    def _read(self, site: Site, key: str, headers: Mapping[str, str]) -> Content:
        given = self._request.headers
        told = {"aws:sourceip": self._request.peer, "aws:securetransport": "false"}
        told |= {
            f"aws:{name.replace('-', '')}": given[name]
            for name in ("referer", "user-agent")
            if name in given
        }
        return site.read(key, self._request.method, headers, told)

    def _cors(self, site: Site) -> list[Header]:
        """Headers that let a page of another origin read the answer."""
        headers = self._request.headers
        if "origin" not in headers:
            return []
        asked = {
            "origin": headers["origin"],
            "access-control-request-method": self._request.method,
        }
        for rule in site.cors_rules():
            if (told := allowed(rule, asked)) is not None:
                return told
        return []

    def _redirect(self, to: redirects.Redirect) -> Reply:
        location = to.location.encode("ascii", "backslashreplace")
        return Reply(to.status, b"", [(b"location", location), *self.cors], None)


async def _stream(content: Content, cors: list[Header], request_id: str, send: Send) -> None:
    """Send an object as it is read."""
    headers = {
        name.lower(): value
        for name, value in content.headers.items()
        if name.lower().startswith(_RELAYED)
    }
    headers["x-amz-request-id"] = request_id
    own = {name for name, _ in cors}
    told = [(n.encode("latin-1"), v.encode("latin-1", "replace")) for n, v in headers.items()]
    start = {
        "type": "http.response.start",
        "status": content.status,
        "headers": [*(header for header in told if header[0] not in own), *cors],
    }
    await send(start)
    if content.rest is None:
        await send({"type": "http.response.body", "body": content.first})
        return
    with closing(content.rest) as rest:
        part = content.first
        while part:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            part = await asyncio.to_thread(rest.read, _CHUNK)
    await send({"type": "http.response.body", "body": b""})

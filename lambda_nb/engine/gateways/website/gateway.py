"""Websites: ``http://BUCKET.s3-website.localhost:PORT/`` answers with the bucket's objects."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from lambda_nb.engine.api.neighbours.bucket_cors import BucketCors
from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.addresses import WEBSITE, Address, Addresses
from lambda_nb.engine.gateways.website import error_pages, redirects
from lambda_nb.engine.gateways.website.bucket import PublicBucket
from lambda_nb.engine.gateways.website.content import Content
from lambda_nb.engine.gateways.website.error_pages import SiteError
from lambda_nb.engine.machine.call_threads import in_call_thread

log = logging.getLogger(__name__)

Connect = Callable[[str], Awaitable[Any]]
"""Returns a boto3 client for a service. Its calls block."""


class WebsiteDoor:
    """The door of all websites.

    Parameters
    ----------
    addresses
        Finds what requests are for.
    connect
        Returns clients of S3.
    bucket_cors
        Answers the preflights of browsers.
    """

    def __init__(self, addresses: Addresses, connect: Connect, bucket_cors: BucketCors) -> None:
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
        visit = _Visit(at, request, request_id)
        answer = await in_call_thread(visit.answer, await self._connect("s3"))
        if isinstance(answer, Content):
            await answer.send(visit.cors, request_id, send)
        else:
            answer.headers.extend(visit.cors)
            await answer.send(send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What a browser gets for an error."""
        return error_pages.page(SiteError(error.status, error.code, error.message), request_id)


class _Visit:
    """One request to a website; its methods block."""

    def __init__(self, at: Address, request: HttpRequest, request_id: str) -> None:
        self._at = at
        self._request = request
        self._request_id = request_id
        self._key = unquote(at.path[1:])
        self.cors: list[Header] = []

    def answer(self, client: Any) -> Reply | Content:
        from botocore.exceptions import BotoCoreError

        try:
            bucket = PublicBucket.of(client, self._at.identifier)
            self.cors = bucket.cors(self._request)
            return self._of(bucket)
        except SiteError as error:
            return error_pages.page(error, self._request_id)
        except BotoCoreError as error:
            log.warning("website %s: %s", self._at.identifier, error)
            unavailable = SiteError(503, "ServiceUnavailable", "Please try again.")
            return error_pages.page(unavailable, self._request_id)

    def _of(self, bucket: PublicBucket) -> Reply | Content:
        configuration = bucket.website()
        if everything := configuration.get("RedirectAllRequestsTo"):
            query = self._request.query
            target = f"{self._at.path}?{query}" if query else self._at.path
            return _redirect(redirects.of_all(everything, target))
        rules = configuration.get("RoutingRules", [])
        host = self._request.headers.get("host", "")
        redirect = redirects.of_rules(rules, self._key, host)
        if redirect is not None:
            return _redirect(redirect)
        try:
            return self._content(bucket, configuration.get("IndexDocument", {}).get("Suffix", ""))
        except SiteError as error:
            redirect = redirects.of_rules(rules, self._key, host, error.status)
            if redirect is not None:
                return _redirect(redirect)
            return self._error(bucket, configuration.get("ErrorDocument", {}).get("Key"), error)

    def _content(self, bucket: PublicBucket, suffix: str) -> Reply | Content:
        key = self._key
        if not key or key.endswith("/"):
            key += suffix
        try:
            content = bucket.read(key, self._request)
        except SiteError as error:
            if error.code == "NoSuchKey" and key == self._key and bucket.has(f"{key}/{suffix}"):
                return _redirect(redirects.to_directory(self._at.path))
            raise
        if content.redirect is not None:
            content.close()
            return _redirect(redirects.of_object(content.redirect))
        return content

    def _error(
        self, bucket: PublicBucket, document: str | None, error: SiteError
    ) -> Reply | Content:
        """The website's own document for an error, or S3's page."""
        if document is None or not 400 <= error.status < 500:
            return error_pages.page(error, self._request_id)
        try:
            content = bucket.read(document, self._request, whole=True)
        except SiteError as missing:
            return error_pages.page(error, self._request_id, missing)
        content.status = error.status
        for name, value in error_pages.headers(error):
            content.headers[name.decode()] = value.decode()
        return content


def _redirect(to: redirects.Redirect) -> Reply:
    location = to.location.encode("ascii", "backslashreplace")
    return Reply(to.status, b"", [(b"location", location)], None)

"""The cache key and the times of one request, by its behaviour's cache policy."""

from __future__ import annotations

from functools import lru_cache

from lambda_nb.engine.edge.model import Request
from lambda_nb.engine.edge.settings import CachePolicy, Selection
from lambda_nb.rules.edge.caching.cache_keys import (
    CacheKey,
    cache_key,
    chosen_cookies,
    chosen_headers,
    chosen_query,
)
from lambda_nb.rules.edge.caching.freshness import Ttls
from lambda_nb.rules.edge.viewer import compression

_NONE = Selection()


def key_of(request: Request, policy: CachePolicy) -> CacheKey:
    """The key of a request, as it is after the viewer-request function.

    Parameters
    ----------
    request
        ``CloudFront-*`` headers that the key has are among its headers.
    policy
        The behaviour's.
    """
    query = request.querystring
    if query and policy.query.mode != "all":
        query = "" if policy.query == _NONE else chosen_query(query, policy.query.has)
    headers = request.headers
    cookies = ""
    if policy.cookies.mode != "none":
        cookies = chosen_cookies(headers.all("cookie"), policy.cookies.has)
    encoding = ""
    compressed = policy.gzip or policy.brotli
    if compressed:
        accepted = tuple(headers.all("accept-encoding"))
        encoding = _encoding(accepted, policy.gzip, policy.brotli)
    chosen: tuple[tuple[str, str], ...] = ()
    if policy.headers.mode != "none":
        # These two have a part of the key of their own.
        apart = ("cookie", "accept-encoding") if compressed else ("cookie",)
        chosen = chosen_headers(
            headers, lambda name: name not in apart and policy.headers.has(name)
        )
    return cache_key(request.uri, query, chosen, cookies, encoding, request.method)


@lru_cache(256)  # browsers send the same few, and this is the slowest part of a key
def _encoding(accepted: tuple[str, ...], gzip: bool, brotli: bool) -> str:
    return ",".join(compression.accepted(accepted, gzip=gzip, brotli=brotli))


def ttls_of(policy: CachePolicy, error_ttl: float) -> Ttls:
    """The times of a policy, with the error caching minimum TTL of the status at hand."""
    return Ttls(policy.min_ttl, policy.default_ttl, policy.max_ttl, error_ttl)

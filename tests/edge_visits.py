"""Distributions and visits for tests of logs and of what is read from them."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Viewer, Visit
from lambda_nb.engine.edge.settings import (
    Behaviour,
    CachePolicy,
    Distribution,
    Origin,
    OriginRequestPolicy,
    RealtimeLog,
)

NOON = 1_577_880_000.0
"""2020-01-01 12:00:00 UTC."""


def behaviour(realtime: RealtimeLog | None = None) -> Behaviour:
    """The default behaviour of a plain distribution."""
    return Behaviour(
        pattern="*",
        target="site",
        viewer_protocol="allow-all",
        allowed_methods=frozenset({"GET", "HEAD"}),
        cached_methods=frozenset({"GET", "HEAD"}),
        compress=False,
        cache=CachePolicy("optimized", 1, 86_400, 31_536_000),
        origin_request=OriginRequestPolicy("none"),
        realtime_log=realtime,
    )


def distribution(identifier: str = "E1", **settings: Any) -> Distribution:
    """A distribution in front of one origin."""
    told: dict[str, Any] = {
        "id": identifier,
        "arn": f"arn:aws:cloudfront::000000000000:distribution/{identifier}",
        "domain": "d111111abcdef8.cloudfront.net",
        "aliases": (),
        "enabled": True,
        "staging": False,
        "root_object": "",
        "origins": {"site": Origin("site", "origin.example.com")},
        "groups": {},
        "behaviours": (behaviour(),),
        "errors": {},
    }
    return Distribution(**{**told, **settings})


def visit(at: float = NOON, **settings: Any) -> Visit:
    """A request for ``/index.html`` that the cache answered."""
    told: dict[str, Any] = {
        "begun": at,
        "distribution": "E1",
        "viewer": Viewer("192.0.2.100", 11040, "DE", "http", "FRA", "id=="),
        "method": "GET",
        "host": "www.example.com",
        "uri": "/index.html",
        "querystring": "",
        "request_headers": Headers(
            [("Host", "www.example.com"), ("User-Agent", "curl/8 (x)"), ("Cookie", "a=1; b=2")]
        ),
        "request_bytes": 23,
        "status": 200,
        "outcome": "Hit",
        "before_sent": "Hit",
        "response_headers": Headers([("Content-Type", "text/html"), ("Content-Length", "78")]),
        "response_bytes": 392,
        "first_byte_s": 0.001,
        "taken_s": 0.002,
    }
    return Visit(**{**told, **settings})
